#include "shared/policy/limit_bounds.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include "shared/policy/limits.h"
#include "shared/wire/event.h"

namespace postern::policy {
namespace {

// Of one kind of subject: how many limits are for each of them, and how many by name.
struct Counts {
  size_t each = 0;
  std::map<std::string_view, size_t> named;

  void Add(const std::string& subject) { ++(subject.empty() ? each : named[subject]); }
  size_t Of(std::string_view subject) const {
    const auto found = named.find(subject);
    return each + (found == named.end() ? 0 : found->second);
  }
  size_t Most() const {
    size_t most = 0;
    for (const auto& [name, count] : named) most = std::max(most, count);
    return each + most;
  }
};

// A team's own and those of the teams that it is within.
size_t MostOfTeams(const wire::Policy& policy, const Counts& teams) {
  size_t most = teams.Most();  // of one that the policy has no level for
  std::map<std::string_view, std::string_view> parents;
  for (const wire::PolicyTeam& team : policy.teams()) parents[team.id()] = team.parent();
  for (const wire::PolicyTeam& team : policy.teams()) {
    size_t count = 0;
    size_t depth = 0;
    for (std::string_view at = team.id(); !at.empty() && depth < kMostTeamDepth; at = parents[at], ++depth)
      count += teams.Of(at);
    most = std::max(most, count);
  }
  return most;
}

}  // namespace

Status CheckLimitBounds(const wire::Policy& policy) {
  const auto wrong = [](std::string what) {
    return Error{ErrorCode::kInvalid, "limits: " + std::move(what)};
  };
  if (policy.limits_size() > static_cast<int>(kMostLimits))
    return wrong("more than " + std::to_string(kMostLimits));
  size_t everybody = 0;
  Counts teams, users, keys, providers, models;
  for (const wire::PolicyLimit& limit : policy.limits()) {
    switch (limit.scope()) {
      case wire::LIMIT_SCOPE_TEAM: teams.Add(limit.subject()); break;
      case wire::LIMIT_SCOPE_USER: users.Add(limit.subject()); break;
      // Of a pair the key alone is looked at: nobody meets more than that.
      case wire::LIMIT_SCOPE_KEY:
      case wire::LIMIT_SCOPE_KEY_PROVIDER:
      case wire::LIMIT_SCOPE_KEY_MODEL: keys.Add(limit.subject()); break;
      case wire::LIMIT_SCOPE_PROVIDER: providers.Add(limit.subject()); break;
      case wire::LIMIT_SCOPE_MODEL: models.Add(limit.subject()); break;
      default: ++everybody;
    }
  }
  const size_t most =
      everybody + MostOfTeams(policy, teams) + users.Most() + keys.Most() + providers.Most() + models.Most();
  if (most <= wire::kMaxCharges) return Ok{};
  return wrong("one exchange might meet " + std::to_string(most) + " of them, and at most " +
               std::to_string(wire::kMaxCharges) + " can be kept");
}

}  // namespace postern::policy
