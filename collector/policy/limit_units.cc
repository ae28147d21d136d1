#include "collector/policy/limit_units.h"

#include <algorithm>
#include <map>
#include <string>

namespace postern::policies {
namespace {

const char* Counted(wire::LimitUnit unit) {
  switch (unit) {
    case wire::LIMIT_UNIT_USD: return "dollars";
    case wire::LIMIT_UNIT_TOKENS: return "tokens";
    case wire::LIMIT_UNIT_REQUESTS: return "requests";
    default: return "what is concurrent";
  }
}

const wire::PolicyLimit* Find(const wire::Policy& policy, const std::string& id) {
  const auto& limits = policy.limits();
  const auto found = std::find_if(limits.begin(), limits.end(),
                                  [&](const wire::PolicyLimit& limit) { return limit.id() == id; });
  return found == limits.end() ? nullptr : &*found;
}

Problem ProblemOf(Problem::Weight weight, const policy::PolicyFile& file, const wire::PolicyLimit& is,
                  const wire::PolicyLimit& was, uint64_t version) {
  const std::string rule = "limits." + is.id();
  const auto line = file.lines.find(rule);
  std::string sentence = rule + ": in version " + std::to_string(version) + " it counts " +
                         Counted(was.unit()) + ", here " + Counted(is.unit()) +
                         ": what was spent was counted under its name in that unit, so a limit of another "
                         "one needs another name";
  return {weight, line == file.lines.end() ? 0 : line->second, rule, std::move(sentence)};
}

}  // namespace

std::optional<Problem> ChangedUnit(const wire::Policy& in_force, const policy::PolicyFile& file) {
  for (const wire::PolicyLimit& limit : file.policy.limits()) {
    const wire::PolicyLimit* const known = Find(in_force, limit.id());
    if (known != nullptr && known->unit() != limit.unit())
      return ProblemOf(Problem::Weight::kWrong, file, limit, *known, in_force.version());
  }
  return std::nullopt;
}

Result<std::optional<Problem>> ReturnsInAnotherUnit(const wire::Policy& in_force,
                                                    const policy::PolicyFile& file, const Earlier& before) {
  std::map<std::string, const wire::PolicyLimit*> fresh;
  for (const wire::PolicyLimit& limit : file.policy.limits()) {
    if (Find(in_force, limit.id()) == nullptr) fresh[limit.id()] = &limit;
  }
  uint64_t version = in_force.version();
  for (uint64_t looked = 0; looked < kVersionsLookedBack && version > 1 && !fresh.empty(); ++looked) {
    ASSIGN_OR_RETURN(const wire::Policy* const policy, before(--version));
    if (policy == nullptr) continue;
    for (const wire::PolicyLimit& was : policy->limits()) {
      const auto found = fresh.find(was.id());
      if (found == fresh.end()) continue;
      if (was.unit() != found->second->unit())
        return std::optional(
            ProblemOf(Problem::Weight::kNeedsForce, file, *found->second, was, policy->version()));
      fresh.erase(found);
    }
  }
  return std::optional<Problem>();
}

}  // namespace postern::policies
