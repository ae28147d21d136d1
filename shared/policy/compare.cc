#include "shared/policy/compare.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "shared/policy/compare_limits.h"
#include "shared/policy/parties.h"
#include "shared/policy/standing.h"

namespace postern::policy {
namespace {

// The first kMostNamed, and how many more there are.
std::vector<std::string> Bounded(const Names& names) {
  std::vector<std::string> bounded(names.begin(), names.end());
  if (bounded.size() <= kMostNamed) return bounded;
  const size_t more = bounded.size() - kMostNamed;
  bounded.resize(kMostNamed);
  bounded.push_back("and " + std::to_string(more) + " more");
  return bounded;
}

Names Without(const Names& from, const Names& what) {
  Names rest;
  std::set_difference(from.begin(), from.end(), what.begin(), what.end(), std::inserter(rest, rest.end()));
  return rest;
}

// What happens to somebody, apart from who that is: matter, gains, loses, before, after.
using Change = std::tuple<std::string, Names, Names, std::string, std::string>;

Names KeysOf(const std::map<std::string, std::string>& a, const std::map<std::string, std::string>& b) {
  Names keys;
  for (const auto* texts : {&a, &b}) {
    for (const auto& [key, text] : *texts) keys.insert(key);
  }
  return keys;
}

std::string TextOf(const std::map<std::string, std::string>& texts, const std::string& matter) {
  const auto found = texts.find(matter);
  return found == texts.end() || found->second.empty() ? "none" : found->second;
}

std::vector<Change> ChangesOf(const Standing& before, const Standing& after) {
  std::vector<Change> changes;
  for (const auto& [matter, had] : before.lists) {
    const Names& has = after.lists.at(matter);
    if (had != has) changes.emplace_back(matter, Without(has, had), Without(had, has), "", "");
  }
  for (const std::string& matter : KeysOf(before.texts, after.texts)) {
    const std::string had = TextOf(before.texts, matter);
    const std::string has = TextOf(after.texts, matter);
    if (had != has) changes.emplace_back(matter, Names(), Names(), had, has);
  }
  return changes;
}

// Collects who is affected by the same change. Many people have the same levels, and are looked at once.
class Comparing {
 public:
  Comparing(const Assessing& before, const Assessing& after) : before_(before), after_(after) {}

  void See(const Party& party) {
    ++parties_;
    ++of_team_[party.somebody.team];
    const Levels levels(before_.LevelsOf(party.somebody), after_.LevelsOf(party.somebody));
    auto changes = known_.find(levels);
    if (changes == known_.end())
      changes =
          known_.emplace(levels, ChangesOf(before_.Of(party.somebody), after_.Of(party.somebody))).first;
    for (const Change& change : changes->second) by_change_[change].push_back(&party);
  }

  // Together with those that were found otherwise.
  Comparison Run(std::vector<Difference> others) const {
    std::multimap<size_t, Difference, std::greater<>> by_count;
    for (Difference& other : others) {
      const size_t count = other.affected.users + other.affected.keys;
      by_count.emplace(count, std::move(other));
    }
    for (const auto& [change, affected] : by_change_) {
      const auto& [matter, gains, loses, was, is] = change;
      for (const Affected& who : Gather(affected, parties_, of_team_))
        by_count.emplace(who.users + who.keys,
                         Difference{who, matter, Bounded(gains), Bounded(loses), was, is});
    }
    Comparison comparison;
    for (auto& [count, difference] : by_count) {
      if (comparison.differences.size() == kMostDifferences) break;
      comparison.differences.push_back(std::move(difference));
    }
    comparison.left_out = by_count.size() - comparison.differences.size();
    return comparison;
  }

 private:
  using Levels = std::pair<std::vector<const Level*>, std::vector<const Level*>>;

  const Assessing& before_;
  const Assessing& after_;
  std::map<Levels, std::vector<Change>> known_;
  std::map<Change, std::vector<const Party*>> by_change_;
  std::map<std::string, size_t> of_team_;
  size_t parties_ = 0;
};

std::string Counted(size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string Listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Comparison Compare(const wire::Policy& before, const wire::Policy& after, const Catalogue& catalogue,
                   const People& people, WallTime now) {
  const auto old_compiled = Compiled::Compile(before, catalogue);
  const auto new_compiled = Compiled::Compile(after, catalogue);
  if (!old_compiled || !new_compiled) return {};
  const Universe all = UniverseOf(before, after, catalogue, people);
  const Assessing old_policy(*old_compiled, all, now);
  const Assessing new_policy(*new_compiled, all, now);
  const std::vector<Party> parties = PartiesOf(before, after, people);
  Comparing comparing(old_policy, new_policy);
  for (const Party& party : parties) comparing.See(party);
  return comparing.Run(CompareLimits(before, after, people, now));
}

std::string Line(const Difference& difference) {
  const Affected& affected = difference.affected;
  std::string line = affected.who;
  if (affected.who == "everybody" || affected.who.starts_with("team "))
    line += " (" + Counted(affected.users, "person", "people") + ", " +
            Counted(affected.keys, "key", "keys") + ")";
  line += ": " + difference.matter + ": ";
  if (difference.gains.empty() && difference.loses.empty())
    return line + difference.before + " → " + difference.after;
  if (!difference.loses.empty()) line += "loses " + Listed(difference.loses);
  if (!difference.gains.empty())
    line += (difference.loses.empty() ? "gains " : "; gains ") + Listed(difference.gains);
  return line;
}

}  // namespace postern::policy
