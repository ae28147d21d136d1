// A snapshot to tables. What comes in is signed, and may be anything all the same: every bound is held here.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "shared/policy/compiled.h"
#include "shared/policy/glob.h"
#include "shared/policy/signed.h"
#include "shared/policy/tables.h"
#include "shared/policy/zone.h"

namespace postern::policy {
namespace {

constexpr std::string_view kTypePrefix = "type:";
constexpr std::string_view kMcpPrefix = "mcp__";

Error Wrong(const std::string& where, const std::string& what) {
  return {ErrorCode::kInvalid, where + ": " + what};
}

const wire::Patterns& PatternsOf(const wire::Rules& rules, Kind kind) {
  switch (kind) {
    case Kind::kModels: return rules.models();
    case Kind::kProviders: return rules.providers();
    case Kind::kCredentials: return rules.credentials();
    case Kind::kTools: return rules.tools();
    case Kind::kHosts: return rules.hosts();
    case Kind::kOsUsers: return rules.os_users();
  }
  return rules.models();
}

// Whether a name that begins as those of MCP tools do may fit.
bool MayMeanMcp(std::string_view folded) {
  const std::string_view beginning = folded.substr(0, folded.find_first_of("*?"));
  if (beginning.size() == folded.size()) return folded.starts_with(kMcpPrefix);
  return beginning.starts_with(kMcpPrefix) || kMcpPrefix.starts_with(beginning);
}

// "teams.ml"
std::string NameOf(const Level& level) { return level.prefix.substr(0, level.prefix.size() - 1); }

// Hosts' names have no case. Else a rule that allows means what it says, to the letter.
std::string AsAllowed(Kind kind, const std::string& pattern) {
  return kind == Kind::kHosts ? Folded(pattern) : pattern;
}

// Under a name of a model stand all others of it: a list that denies one denies the model.
Result<PatternList> MakeModelDenials(const std::vector<Pattern>& written, const KnownModels& known) {
  std::vector<Pattern> all;
  for (const Pattern& pattern : written) {
    if (HasWildcard(pattern.text)) {
      all.push_back(pattern);
    } else {
      for (std::string& form : DeniedForms(pattern.text)) all.push_back({std::move(form), pattern.place});
    }
  }
  ASSIGN_OR_RETURN(PatternList list, PatternList::Make(all));
  if (list.empty()) return list;
  const size_t own = all.size();
  for (const CatalogueModel& model : known.catalogue().models) {
    uint32_t place = kNowhere;
    const auto try_name = [&](const std::string& name) {
      for (const std::string& form : DeniedForms(name)) place = std::min(place, list.Find(form));
    };
    try_name(model.id);
    for (const std::string& alias : model.aliases) try_name(alias);
    if (place != kNowhere) all.push_back({Folded(model.id), place});
  }
  if (all.size() == own) return list;
  return PatternList::Make(all);
}

class Compiler {
 public:
  Compiler(const wire::Policy& policy, Tables& tables) : policy_(policy), tables_(tables) {}

  Status Run(const Catalogue& catalogue) {
    if (policy_.format() != kFormat)
      return Wrong("the policy", "format " + std::to_string(policy_.format()) + " is not known here");
    RETURN_IF_ERROR(CheckZone(policy_.time_zone()));
    const size_t levels =
        static_cast<size_t>(policy_.teams_size()) + static_cast<size_t>(policy_.groups_size()) +
        static_cast<size_t>(policy_.users_size()) + static_cast<size_t>(policy_.keys_size());
    if (levels > kMostLevels)
      return Wrong("the policy", "more than " + std::to_string(kMostLevels) + " levels");
    tables_.version = policy_.version();
    tables_.organisation = policy_.organisation();
    tables_.staleness = {policy_.staleness().strict(),
                         std::chrono::seconds(policy_.staleness().policy_ttl())};
    tables_.zone = policy_.time_zone();
    tables_.models.Build(catalogue);
    RETURN_IF_ERROR(AddLevel(LevelKind::kOrganisation, "", "organisation.", policy_.defaults()));
    RETURN_IF_ERROR(AddTeams());
    RETURN_IF_ERROR(AddUsers());
    return AddKeys();
  }

 private:
  template <class Entries>
  static Result<std::vector<std::string>> IdsOf(const Entries& entries, const char* what) {
    std::vector<std::string> ids;
    std::set<std::string_view> seen;
    for (const auto& entry : entries) {
      const bool is_name = !entry.id().empty() && entry.id().size() <= kMostNameBytes &&
                           std::none_of(entry.id().begin(), entry.id().end(), [](char c) {
                             return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
                           });
      if (!is_name) return Wrong(what, "a name that is empty, too long or has control characters");
      if (!seen.insert(entry.id()).second) return Wrong(what, entry.id() + " stands there twice");
      ids.push_back(entry.id());
    }
    return ids;
  }

  Status AddTeams() {
    ASSIGN_OR_RETURN(auto ids, IdsOf(policy_.teams(), "teams"));
    tables_.teams.Build(std::move(ids));
    std::vector<const Level*> own;
    for (const wire::PolicyTeam& team : policy_.teams()) {
      RETURN_IF_ERROR(AddLevel(LevelKind::kTeam, team.id(), "teams." + team.id() + ".", team.rules()));
      own.push_back(&tables_.levels.back());
    }
    for (const wire::PolicyTeam& team : policy_.teams()) {
      std::vector<const Level*>& levels = tables_.team_levels.emplace_back();
      size_t depth = 0;
      for (const wire::PolicyTeam* at = &team;;) {
        if (++depth > kMostTeamDepth)
          return Wrong("teams." + team.id(), "more than 16 teams within each other, or a team within itself");
        const uint32_t place = tables_.teams.Find(at->id());
        if (!own[place]->says_nothing) levels.push_back(own[place]);
        if (at->parent().empty()) break;
        const uint32_t parent = tables_.teams.Find(at->parent());
        if (parent == kNowhere) return Wrong("teams." + at->id(), "there is no team " + at->parent());
        at = &policy_.teams(static_cast<int>(parent));
      }
      std::reverse(levels.begin(), levels.end());
    }
    return Ok{};
  }

  // Users with rules of their own, and those that only a group names.
  Status AddUsers() {
    ASSIGN_OR_RETURN(auto ids, IdsOf(policy_.users(), "users"));
    RETURN_IF_ERROR(CheckGroups());
    std::set<std::string> known(ids.begin(), ids.end());
    for (const wire::PolicyGroup& group : policy_.groups()) {
      for (const std::string& user : group.users()) {
        if (known.insert(user).second) ids.push_back(user);
      }
    }
    tables_.users_levels.resize(ids.size());
    tables_.users.Build(std::move(ids));
    for (int i = 0; i < policy_.users_size(); ++i) {
      const wire::PolicyUser& user = policy_.users(i);
      RETURN_IF_ERROR(AddLevel(LevelKind::kUser, user.id(), "users." + user.id() + ".", user.rules()));
      tables_.users_levels[static_cast<size_t>(i)].level = Speaking(tables_.levels.back());
    }
    for (const wire::PolicyGroup& group : policy_.groups()) RETURN_IF_ERROR(AddGroup(group));
    return Ok{};
  }

  Status CheckGroups() const {
    RETURN_IF_ERROR([this]() -> Status {
      ASSIGN_OR_RETURN(const auto groups, IdsOf(policy_.groups(), "groups"));
      return Ok{};
    }());
    size_t members = 0;
    for (const wire::PolicyGroup& group : policy_.groups())
      members += static_cast<size_t>(group.users_size());
    if (members > kMostMembers)
      return Wrong("groups", "more than " + std::to_string(kMostMembers) + " members in all");
    return Ok{};
  }

  Status AddGroup(const wire::PolicyGroup& group) {
    RETURN_IF_ERROR(AddLevel(LevelKind::kGroup, group.id(), "groups." + group.id() + ".", group.rules()));
    const Level* level = Speaking(tables_.levels.back());
    if (level == nullptr) return Ok{};
    for (const std::string& user : group.users()) {
      auto& groups = tables_.users_levels[tables_.users.Find(user)].groups;
      if (!groups.empty() && groups.back() == level) continue;  // named twice
      if (groups.size() == kMostGroupsOfUser)
        return Wrong("groups." + group.id(),
                     "a user is in more than " + std::to_string(kMostGroupsOfUser) + " groups");
      groups.push_back(level);
    }
    return Ok{};
  }

  Status AddKeys() {
    ASSIGN_OR_RETURN(auto ids, IdsOf(policy_.keys(), "keys"));
    tables_.keys.Build(std::move(ids));
    for (const wire::PolicyKey& key : policy_.keys()) {
      RETURN_IF_ERROR(AddLevel(LevelKind::kKey, key.id(), "keys." + key.id() + ".", key.rules()));
      tables_.key_levels.push_back(Speaking(tables_.levels.back()));
    }
    return Ok{};
  }

  static const Level* Speaking(const Level& level) { return level.says_nothing ? nullptr : &level; }

  Status AddLevel(LevelKind kind, const std::string& id, const std::string& prefix,
                  const wire::Rules& rules) {
    Level& level = tables_.levels.emplace_back();
    level.kind = kind;
    level.id = id;
    level.prefix = prefix;
    RETURN_IF_ERROR(AddScalars(level, rules));
    for (size_t i = 0; i < kKinds; ++i) {
      const auto list_kind = static_cast<Kind>(i);
      RETURN_IF_ERROR(AddLists(level, list_kind, PatternsOf(rules, list_kind)));
      if (level.lists[i]) level.says_nothing = false;
    }
    return Ok{};
  }

  static Status AddScalars(Level& level, const wire::Rules& rules) {
    const auto wrong = [&level](const std::string& what) { return Wrong(NameOf(level), what); };
    if (rules.hours_size() > static_cast<int>(kMostHours)) return wrong("more than 64 stretches of hours");
    for (const wire::Hours& hours : rules.hours()) {
      if (hours.begin() >= hours.end() || hours.end() > kMinutesOfWeek)
        return wrong("hours outside of a week");
    }
    if (rules.residency_size() > static_cast<int>(kMostTags)) return wrong("more than 32 tags of residency");
    if (rules.message().size() > kMostMessageBytes) return wrong("a message of more than 512 bytes");
    for (const std::string& kind : rules.may_widen()) {
      size_t i = 0;
      while (i < kKinds && KeyOf(static_cast<Kind>(i)) != kind) ++i;
      if (i == kKinds) return wrong("may_widen names something that is no list");
      level.may_widen |= static_cast<uint8_t>(1U << i);
    }
    level.scalars = rules;
    for (auto* clear : {level.scalars.mutable_models(), level.scalars.mutable_providers(),
                        level.scalars.mutable_credentials(), level.scalars.mutable_tools(),
                        level.scalars.mutable_hosts(), level.scalars.mutable_os_users()})
      clear->Clear();
    level.says_nothing = level.scalars.ByteSizeLong() == 12;  // six empty lists
    level.expires_rule = level.prefix + "expires";
    level.hours_rule = level.prefix + "hours";
    level.context_rule = level.prefix + "context_tokens";
    level.max_tokens_rule = level.prefix + "max_tokens";
    for (int i = 0; i < rules.residency_size(); ++i)
      level.residency_rules.push_back(level.prefix + "residency[" + std::to_string(i) + "]");
    return Ok{};
  }

  Status AddLists(Level& level, Kind kind, const wire::Patterns& patterns) {
    if (patterns.allow_size() == 0 && patterns.deny_size() == 0 && !patterns.allows_listed()) return Ok{};
    patterns_ += static_cast<size_t>(patterns.allow_size()) + static_cast<size_t>(patterns.deny_size());
    if (patterns_ > kMostPatterns)
      return Wrong("the policy", "more than " + std::to_string(kMostPatterns) + " patterns");
    auto lists = std::make_unique<Lists>();
    const std::string name = level.prefix + std::string(KeyOf(kind));
    lists->listed = patterns.allows_listed() || patterns.allow_size() > 0;
    lists->allow_rule = name + ".allow";
    lists->deny_rule = name + ".deny";
    std::vector<Pattern> allow, allow_types, deny, deny_types;
    RETURN_IF_ERROR(Sort(patterns.allow(), kind, lists->allow_rule, lists->allow_rules, allow, allow_types));
    RETURN_IF_ERROR(Sort(patterns.deny(), kind, lists->deny_rule, lists->deny_rules, deny, deny_types));
    for (Pattern& pattern : allow) pattern.text = AsAllowed(kind, pattern.text);
    for (auto* denied : {&deny, &deny_types}) {
      for (Pattern& pattern : *denied) pattern.text = Folded(pattern.text);
    }
    for (const Pattern& pattern : deny) {
      if (kind == Kind::kTools && lists->denies_mcp == kNowhere && MayMeanMcp(pattern.text))
        lists->denies_mcp = pattern.place;
    }
    RETURN_IF_ERROR(Make(allow, lists->allow_rule, lists->allow));
    RETURN_IF_ERROR(Make(allow_types, lists->allow_rule, lists->allow_types));
    RETURN_IF_ERROR(Make(deny_types, lists->deny_rule, lists->deny_types));
    if (kind == Kind::kModels) {
      auto made = MakeModelDenials(deny, tables_.models);
      if (!made) return Wrong(lists->deny_rule, made.error().message);
      lists->deny = *std::move(made);
    } else {
      RETURN_IF_ERROR(Make(deny, lists->deny_rule, lists->deny));
    }
    level.lists[static_cast<size_t>(kind)] = std::move(lists);
    return Ok{};
  }

  static Status Make(const std::vector<Pattern>& patterns, const std::string& rule, PatternList& list) {
    auto made = PatternList::Make(patterns);
    if (!made) return Wrong(rule, made.error().message);
    list = *std::move(made);
    return Ok{};
  }

  // Into names and, of tools, types; each with the text of its rule.
  template <class Texts>
  static Status Sort(const Texts& texts, Kind kind, const std::string& rule, std::vector<std::string>& rules,
                     std::vector<Pattern>& names, std::vector<Pattern>& types) {
    for (const std::string& text : texts) {
      const auto place = static_cast<uint32_t>(rules.size());
      rules.push_back(rule + "[" + std::to_string(place) + "]");
      const bool is_type = kind == Kind::kTools && text.starts_with(kTypePrefix);
      const std::string pattern = is_type ? text.substr(kTypePrefix.size()) : text;
      const Status sound = CheckPattern(pattern);
      if (!sound) return Wrong(rules.back(), sound.error().message);
      (is_type ? types : names).push_back({pattern, place});
    }
    return Ok{};
  }

  const wire::Policy& policy_;
  Tables& tables_;
  size_t patterns_ = 0;
};

}  // namespace

std::string_view KeyOf(Kind kind) {
  switch (kind) {
    case Kind::kModels: return "models";
    case Kind::kProviders: return "providers";
    case Kind::kCredentials: return "credentials";
    case Kind::kTools: return "tools";
    case Kind::kHosts: return "hosts";
    case Kind::kOsUsers: return "os_users";
  }
  return "";
}

Result<Compiled> Compiled::Compile(const wire::Policy& policy, const Catalogue& catalogue) {
  auto tables = std::make_shared<Tables>();
  RETURN_IF_ERROR(Compiler(policy, *tables).Run(catalogue));
  return Compiled(std::move(tables));
}

uint64_t Compiled::version() const { return tables_->version; }
std::string_view Compiled::organisation() const { return tables_->organisation; }
const Staleness& Compiled::staleness() const { return tables_->staleness; }

const Tables& TablesOf(const Compiled& compiled) { return *compiled.tables_; }

}  // namespace postern::policy
