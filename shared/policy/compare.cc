#include "shared/policy/compare.h"

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "shared/policy/glob.h"
#include "shared/policy/hours.h"
#include "shared/policy/judge.h"
#include "shared/policy/subjects.h"
#include "shared/policy/zone.h"

namespace postern::policy {
namespace {

using Names = std::set<std::string>;

// Of Claude Code, as it comes: so that a list of tools shows what it takes away.
constexpr const char* kCommonTools[] = {"Agent",
                                        "Bash",
                                        "Edit",
                                        "Glob",
                                        "Grep",
                                        "Read",
                                        "Skill",
                                        "WebFetch",
                                        "Write",
                                        "WebSearch",
                                        "type:web_search_20250305"};

// What one person may do under one policy: lists of names, and texts for the rest.
struct Standing {
  std::map<std::string, Names> lists;
  std::map<std::string, std::string> texts;

  friend bool operator==(const Standing&, const Standing&) = default;
};

// Whoever has the same levels stands for all who have.
struct Somebody {
  std::string team, user, key;

  friend auto operator<=>(const Somebody&, const Somebody&) = default;
};

void CollectFrom(const wire::Patterns& patterns, Names& names) {
  names.insert(patterns.allow().begin(), patterns.allow().end());
  names.insert(patterns.deny().begin(), patterns.deny().end());
}

void ForEachRules(const wire::Policy& policy, const std::function<void(const wire::Rules&)>& see) {
  see(policy.defaults());
  for (const auto& team : policy.teams()) see(team.rules());
  for (const auto& group : policy.groups()) see(group.rules());
  for (const auto& user : policy.users()) see(user.rules());
  for (const auto& key : policy.keys()) see(key.rules());
}

// A name that a pattern means, to try it by.
std::string ExampleOf(const std::string& pattern) {
  std::string example = pattern;
  std::replace_if(example.begin(), example.end(), [](char c) { return c == '*' || c == '?'; }, 'x');
  return example;
}

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

// What is held against the lists of both policies.
struct Universe {
  Names models, tools, providers, credentials;
};

Universe UniverseOf(const wire::Policy& before, const wire::Policy& after, const Catalogue& catalogue,
                    const People& people) {
  Universe all;
  for (const CatalogueModel& model : catalogue.models) all.models.insert(model.id);
  all.tools.insert(std::begin(kCommonTools), std::end(kCommonTools));
  all.providers.insert(people.providers.begin(), people.providers.end());
  all.credentials.insert(people.credentials.begin(), people.credentials.end());
  for (const wire::Policy* policy : {&before, &after}) {
    ForEachRules(*policy, [&all](const wire::Rules& rules) {
      CollectFrom(rules.models(), all.models);
      CollectFrom(rules.tools(), all.tools);
      CollectFrom(rules.providers(), all.providers);
      CollectFrom(rules.credentials(), all.credentials);
    });
  }
  return all;
}

std::string PatternsText(const wire::Patterns& patterns) {
  const auto listed = [](const auto& items) {
    std::string text;
    for (const std::string& item : items) text += (text.empty() ? "" : ", ") + item;
    return text;
  };
  std::string text;
  if (patterns.allows_listed() || patterns.allow_size() > 0)
    text = "only " + (patterns.allow_size() > 0 ? listed(patterns.allow()) : "none");
  if (patterns.deny_size() > 0) text += (text.empty() ? "not " : ", not ") + listed(patterns.deny());
  return text;
}

class Assessing {
 public:
  Assessing(const wire::Policy& policy, const Compiled& compiled, const Universe& all, WallTime now)
      : tables_(TablesOf(compiled)), all_(all), now_(now) {
    // Hosts and OS users are compared as they are written: nobody knows all of either.
    const auto keep = [this](const std::string& prefix, const wire::Rules& rules) {
      written_[prefix] = {PatternsText(rules.hosts()), PatternsText(rules.os_users())};
    };
    keep("organisation.", policy.defaults());
    for (const auto& team : policy.teams()) keep("teams." + team.id() + ".", team.rules());
    for (const auto& group : policy.groups()) keep("groups." + group.id() + ".", group.rules());
    for (const auto& user : policy.users()) keep("users." + user.id() + ".", user.rules());
    for (const auto& key : policy.keys()) keep("keys." + key.id() + ".", key.rules());
  }

  // Which levels speak to somebody: equal for those who stand equal.
  std::vector<const Level*> LevelsOf(const Somebody& somebody) const {
    const Chain chain(tables_, FactsOf(somebody));
    return {chain.levels().begin(), chain.levels().end()};
  }

  Standing Of(const Somebody& somebody) const {
    const Chain chain(tables_, FactsOf(somebody));
    Standing standing;
    for (const std::string& model : all_.models) {
      const std::string example = ExampleOf(model);
      if (Rule(chain, Kind::kModels, ModelSubject(example, tables_.models).subject()).allowed)
        standing.lists["models"].insert(model);
    }
    for (const std::string& tool : all_.tools) {
      if (AllowsTool(chain, tool)) standing.lists["tools"].insert(tool);
    }
    const std::pair<Kind, const Names&> named[] = {{Kind::kProviders, all_.providers},
                                                   {Kind::kCredentials, all_.credentials}};
    for (const auto& [kind, names] : named) {
      for (const std::string& name : names) {
        const std::string example = ExampleOf(name);
        if (Rule(chain, kind, NamedSubject(kind, example).subject()).allowed)
          standing.lists[std::string(KeyOf(kind))].insert(name);
      }
    }
    Texts(chain, standing.texts);
    return standing;
  }

 private:
  static Facts FactsOf(const Somebody& somebody) {
    Facts facts;
    facts.team = somebody.team;
    facts.user = somebody.user;
    facts.key = somebody.key;
    return facts;
  }

  static bool AllowsTool(const Chain& chain, const std::string& tool) {
    const std::string_view type = "type:";
    const std::string example = ExampleOf(tool);
    if (!tool.starts_with(type))
      return Rule(chain, Kind::kTools, ToolSubject({example, {}}).subject()).allowed;
    const Tool by_type{{}, std::string_view(example).substr(type.size())};
    if (IsMcpToolset(by_type)) return Rule(chain, Kind::kTools, McpServersSubject()).allowed;
    return Rule(chain, Kind::kTools, ToolSubject(by_type).subject()).allowed;
  }

  void Texts(const Chain& chain, std::map<std::string, std::string>& texts) const {
    const auto levels = chain.levels();
    const auto add = [&texts](const std::string& matter, const std::string& text) {
      std::string& all = texts[matter];
      if (!text.empty()) all += (all.empty() ? "" : "; ") + text;
    };
    uint64_t context = 0, max_tokens = 0;
    int64_t expires = 0;
    const auto least = [](auto& held, auto said) {
      held = said != 0 && (held == 0 || said < held) ? said : held;
    };
    Names residency;
    for (size_t i = 0; i < levels.size(); ++i) {
      const wire::Rules& scalars = levels[i]->scalars;
      least(context, scalars.context_tokens());
      least(max_tokens, scalars.max_tokens());
      least(expires, scalars.expires());
      residency.insert(scalars.residency().begin(), scalars.residency().end());
      if (scalars.hours_listed()) add("hours", HoursText({scalars.hours().begin(), scalars.hours().end()}));
      if (scalars.max_tokens() != 0)
        texts["on_exceed"] = MaxTokensExceededOf(chain, i) == wire::MAX_TOKENS_LOWER ? "lower" : "refuse";
      const auto written = written_.find(levels[i]->prefix);
      if (written == written_.end()) continue;
      add("hosts", written->second.first);
      add("os_users", written->second.second);
    }
    texts["on_denied_tool"] =
        DeniedToolOf(chain, levels.size() - 1) == wire::DENIED_TOOL_STRIP ? "strip" : "refuse";
    if (context != 0) texts["context_tokens"] = std::to_string(context);
    if (max_tokens != 0) texts["max_tokens"] = std::to_string(max_tokens);
    if (expires != 0) {
      const WallTime end{std::chrono::seconds(expires)};
      texts["expires"] = (end <= now_ ? "over since " : "") + Spoken(tables_.zone, end);
    }
    for (const std::string& tag : residency) add("residency", tag);
    if (!texts["hours"].empty()) texts["hours"] += " (" + tables_.zone.name() + ")";
  }

  const Tables& tables_;
  const Universe& all_;
  const WallTime now_;
  std::map<std::string, std::pair<std::string, std::string>> written_;
};

// What happens to somebody, apart from who that is.
using Change =
    std::tuple<std::string, Names, Names, std::string, std::string>;  // matter, gains, loses, before, after

std::vector<Change> ChangesOf(const Standing& before, const Standing& after) {
  std::vector<Change> changes;
  const auto both = [](const auto& a, const auto& b) {
    Names keys;
    for (const auto& [key, value] : a) keys.insert(key);
    for (const auto& [key, value] : b) keys.insert(key);
    return keys;
  };
  const auto get = [](const auto& map, const std::string& key) {
    const auto found = map.find(key);
    return found == map.end() ? typename std::decay_t<decltype(map)>::mapped_type{} : found->second;
  };
  for (const std::string& matter : both(before.lists, after.lists)) {
    const Names had = get(before.lists, matter);
    const Names has = get(after.lists, matter);
    if (had != has) changes.emplace_back(matter, Without(has, had), Without(had, has), "", "");
  }
  for (const std::string& matter : both(before.texts, after.texts)) {
    const std::string had = get(before.texts, matter);
    const std::string has = get(after.texts, matter);
    if (had != has)
      changes.emplace_back(matter, Names(), Names(), had.empty() ? "none" : had, has.empty() ? "none" : has);
  }
  return changes;
}

// Users with all their keys; keys that have rules of their own; teams without anybody.
struct Party {
  Somebody somebody;
  size_t users = 0;
  size_t keys = 0;
};

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

std::string WhoOf(const Somebody& somebody) {
  if (!somebody.key.empty()) return "key " + somebody.key;
  if (!somebody.user.empty()) return "user " + somebody.user;
  return somebody.team.empty() ? "everybody" : "team " + somebody.team;
}

// Everybody, whole teams, and whoever is left by name.
std::vector<Affected> Gather(const std::vector<const Party*>& affected, size_t all,
                             const std::map<std::string, size_t>& of_team) {
  const auto add = [](Affected& sum, const Party& party) {
    sum.users += party.users;
    sum.keys += party.keys;
  };
  if (affected.size() == all) {
    Affected everybody{"everybody"};
    for (const Party* party : affected) add(everybody, *party);
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
      add(gathered.back(), *party);
    }
  }
  return gathered;
}

}  // namespace

Comparison Compare(const wire::Policy& before, const wire::Policy& after, const Catalogue& catalogue,
                   const People& people, WallTime now) {
  const auto old_compiled = Compiled::Compile(before, catalogue);
  const auto new_compiled = Compiled::Compile(after, catalogue);
  if (!old_compiled || !new_compiled) return {};
  const Universe all = UniverseOf(before, after, catalogue, people);
  const Assessing old_policy(before, *old_compiled, all, now);
  const Assessing new_policy(after, *new_compiled, all, now);
  const std::vector<Party> parties = PartiesOf(before, after, people);

  // Many people have the same levels, and are looked at once.
  std::map<std::pair<std::vector<const Level*>, std::vector<const Level*>>, std::vector<Change>> known;
  std::map<Change, std::vector<const Party*>> by_change;
  std::map<std::string, size_t> of_team;
  for (const Party& party : parties) {
    ++of_team[party.somebody.team];
    const std::pair levels(old_policy.LevelsOf(party.somebody), new_policy.LevelsOf(party.somebody));
    auto changes = known.find(levels);
    if (changes == known.end())
      changes = known.emplace(levels, ChangesOf(old_policy.Of(party.somebody), new_policy.Of(party.somebody)))
                    .first;
    for (const Change& change : changes->second) by_change[change].push_back(&party);
  }

  Comparison comparison;
  for (const auto& [change, affected] : by_change) {
    const auto& [matter, gains, loses, was, is] = change;
    for (const Affected& who : Gather(affected, parties.size(), of_team))
      comparison.differences.push_back({who, matter, Bounded(gains), Bounded(loses), was, is});
  }
  std::stable_sort(comparison.differences.begin(), comparison.differences.end(),
                   [](const Difference& a, const Difference& b) {
                     return a.affected.users + a.affected.keys > b.affected.users + b.affected.keys;
                   });
  if (comparison.differences.size() > kMostDifferences) {
    comparison.left_out = comparison.differences.size() - kMostDifferences;
    comparison.differences.resize(kMostDifferences);
  }
  return comparison;
}

std::string Line(const Difference& difference) {
  const auto counted = [](size_t count, const char* one, const char* many) {
    return std::to_string(count) + " " + (count == 1 ? one : many);
  };
  const auto listed = [](const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  };
  const Affected& affected = difference.affected;
  std::string line = affected.who;
  if (affected.who == "everybody" || affected.who.starts_with("team "))
    line += " (" + counted(affected.users, "person", "people") + ", " +
            counted(affected.keys, "key", "keys") + ")";
  line += ": " + difference.matter + ": ";
  if (difference.gains.empty() && difference.loses.empty())
    return line + difference.before + " → " + difference.after;
  if (!difference.loses.empty()) line += "loses " + listed(difference.loses);
  if (!difference.gains.empty())
    line += (difference.loses.empty() ? "gains " : "; gains ") + listed(difference.gains);
  return line;
}

}  // namespace postern::policy
