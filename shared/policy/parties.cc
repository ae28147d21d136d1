#include "shared/policy/parties.h"

#include <set>
#include <utility>

namespace postern::policy {
namespace {

std::string WhoOf(const Somebody& somebody) {
  if (!somebody.key.empty()) return "key " + somebody.key;
  if (!somebody.user.empty()) return "user " + somebody.user;
  return somebody.team.empty() ? "everybody" : "team " + somebody.team;
}

void Add(Affected& sum, const Party& party) {
  sum.users += party.users;
  sum.keys += party.keys;
}

}  // namespace

std::vector<Party> PartiesOf(const wire::Policy& before, const wire::Policy& after, const People& people) {
  std::set<std::string> own_rules;
  Names teams(people.teams.begin(), people.teams.end());
  for (const wire::Policy* policy : {&before, &after}) {
    for (const auto& key : policy->keys()) own_rules.insert(key.id());
    for (const auto& team : policy->teams()) teams.insert(team.id());
  }
  std::map<std::pair<std::string, std::string>, Party> users;
  std::vector<Party> parties;
  for (const Person& person : people.users)
    users[{person.user, person.team}] = {{person.team, person.user, ""}, 1, 0};
  for (const Holder& holder : people.keys) {
    if (own_rules.contains(holder.key)) {
      parties.push_back({{holder.team, holder.user, holder.key}, 0, 1});
      continue;
    }
    Party& party = users[{holder.user, holder.team}];
    party.somebody = {holder.team, holder.user, ""};
    ++party.keys;
  }
  for (auto& [id, party] : users) {
    teams.erase(party.somebody.team);
    parties.push_back(std::move(party));
  }
  for (const std::string& team : teams) parties.push_back({{team, "", ""}, 0, 0});
  if (parties.empty()) parties.push_back({});
  return parties;
}

std::vector<Affected> Gather(const std::vector<const Party*>& affected, size_t all,
                             const std::map<std::string, size_t>& of_team) {
  if (affected.size() == all) {
    Affected everybody{"everybody"};
    for (const Party* party : affected) Add(everybody, *party);
    return {everybody};
  }
  std::map<std::string, std::vector<const Party*>> by_team;
  for (const Party* party : affected) by_team[party->somebody.team].push_back(party);
  std::vector<Affected> gathered;
  for (const auto& [team, parties] : by_team) {
    const bool whole = !team.empty() && parties.size() == of_team.at(team);
    if (whole) gathered.push_back({"team " + team});
    for (const Party* party : parties) {
      if (!whole) gathered.push_back({WhoOf(party->somebody)});
      Add(gathered.back(), *party);
    }
  }
  return gathered;
}

}  // namespace postern::policy
