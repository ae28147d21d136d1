#include "shared/policy/compare_limits.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "shared/policy/limit_words.h"
#include "shared/policy/limits.h"

namespace postern::policy {
namespace {

using ById = std::map<std::string_view, const wire::PolicyLimit*>;

ById LimitsOf(const wire::Policy& policy) {
  ById limits;
  for (const wire::PolicyLimit& limit : policy.limits()) limits[limit.id()] = &limit;
  return limits;
}

// The team and all that are within it.
std::set<std::string_view> Within(const wire::Policy& policy, std::string_view team) {
  std::set<std::string_view> within{team};
  // A level further each time; teams are no deeper than that.
  for (size_t depth = 0; depth < kMostTeamDepth; ++depth) {
    for (const wire::PolicyTeam& inner : policy.teams()) {
      if (within.contains(inner.parent())) within.insert(inner.id());
    }
  }
  return within;
}

class Counting {
 public:
  Counting(const wire::Policy& policy, const People& people) : policy_(policy), people_(people) {}

  Affected Of(const wire::PolicyLimit& limit) const {
    Affected affected{WhomText(limit)};
    switch (limit.scope()) {
      case wire::LIMIT_SCOPE_TEAM: CountTeam(limit.subject(), affected); break;
      case wire::LIMIT_SCOPE_USER: CountUser(limit.subject(), affected); break;
      case wire::LIMIT_SCOPE_KEY:
      case wire::LIMIT_SCOPE_KEY_PROVIDER:
      case wire::LIMIT_SCOPE_KEY_MODEL: CountKey(limit.subject(), affected); break;
      default: CountAll(affected);
    }
    return affected;
  }

  Affected Everybody() const {
    Affected affected{"everybody"};
    CountAll(affected);
    return affected;
  }

 private:
  void CountAll(Affected& affected) const {
    affected.users = people_.users.size();
    affected.keys = people_.keys.size();
  }

  template <class Fits>
  void Count(const Fits& fits, Affected& affected) const {
    affected.users = static_cast<size_t>(std::count_if(people_.users.begin(), people_.users.end(), fits));
    affected.keys = static_cast<size_t>(std::count_if(people_.keys.begin(), people_.keys.end(), fits));
  }

  void CountTeam(const std::string& team, Affected& affected) const {
    if (team.empty()) return Count([](const auto& somebody) { return !somebody.team.empty(); }, affected);
    const std::set<std::string_view> teams = Within(policy_, team);
    Count([&](const auto& somebody) { return teams.contains(somebody.team); }, affected);
  }

  void CountUser(const std::string& user, Affected& affected) const {
    Count([&](const auto& somebody) { return user.empty() || somebody.user == user; }, affected);
  }

  void CountKey(const std::string& key, Affected& affected) const {
    affected.keys = static_cast<size_t>(
        std::count_if(people_.keys.begin(), people_.keys.end(),
                      [&](const Holder& holder) { return key.empty() || holder.key == key; }));
  }

  const wire::Policy& policy_;
  const People& people_;
};

// What stands for a limit in one of the policies; "none" where it isn't there.
std::string TextOf(const ById& limits, std::string_view id, const wire::TimeZone& zone, WallTime now) {
  const auto found = limits.find(id);
  return found == limits.end() ? "none" : LimitText(*found->second, zone, now);
}

std::string PermilleText(uint32_t permille) {
  if (permille == 0) return "none";
  std::string text = std::to_string(permille / 10);
  if (permille % 10 != 0) text += "." + std::to_string(permille % 10);
  return text + "%";
}

std::string CapText(uint64_t cap) { return cap == 0 ? "none" : std::to_string(cap); }

void AddChange(std::vector<Difference>& differences, const Affected& who, std::string matter,
               std::string before, std::string after) {
  if (before == after) return;
  Difference difference;
  difference.affected = who;
  difference.matter = std::move(matter);
  difference.before = std::move(before);
  difference.after = std::move(after);
  differences.push_back(std::move(difference));
}

}  // namespace

std::vector<Difference> CompareLimits(const wire::Policy& before, const wire::Policy& after,
                                      const People& people, WallTime now) {
  std::vector<Difference> differences;
  const ById had = LimitsOf(before);
  const ById has = LimitsOf(after);
  std::set<std::string_view> ids;
  for (const ById* limits : {&had, &has}) {
    for (const auto& [id, limit] : *limits) ids.insert(id);
  }
  const Counting counting_before(before, people);
  const Counting counting(after, people);
  for (const std::string_view id : ids) {
    const auto was = had.find(id);
    const auto is = has.find(id);
    std::string text_before = TextOf(had, id, before.time_zone(), now);
    std::string text_after = TextOf(has, id, after.time_zone(), now);
    if (was != had.end() && is != has.end()) {
      const std::string whom_before = WhomText(*was->second);
      if (whom_before != WhomText(*is->second)) {
        text_before = whom_before + ": " + text_before;
        text_after = WhomText(*is->second) + ": " + text_after;
      }
      if (text_before == text_after && was->second->message() != is->second->message()) {
        text_before += ", " + (was->second->message().empty() ? "no message" : was->second->message());
        text_after += ", " + (is->second->message().empty() ? "no message" : is->second->message());
      }
    }
    const Affected who = is != has.end() ? counting.Of(*is->second) : counting_before.Of(*was->second);
    AddChange(differences, who, "limit " + std::string(id), std::move(text_before), std::move(text_after));
  }
  const Affected everybody = counting.Everybody();
  AddChange(differences, everybody, "offline.allowance", PermilleText(before.ahead_permille()),
            PermilleText(after.ahead_permille()));
  AddChange(differences, everybody, "admission.web_searches", CapText(before.caps().web_searches()),
            CapText(after.caps().web_searches()));
  AddChange(differences, everybody, "admission.file_tokens", CapText(before.caps().file_tokens()),
            CapText(after.caps().file_tokens()));
  return differences;
}

}  // namespace postern::policy
