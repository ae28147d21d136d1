// A snapshot to tables. What comes in is signed, and may be anything all the same: every bound is held here.
#include <algorithm>
#include <set>
#include <utility>

#include "shared/policy/compiled.h"
#include "shared/policy/level_maker.h"
#include "shared/policy/limit_bounds.h"
#include "shared/policy/rules_of.h"
#include "shared/policy/secret_checks.h"
#include "shared/policy/signed.h"
#include "shared/policy/tables.h"
#include "shared/policy/zone.h"

namespace postern::policy {
namespace {

const Level* Speaking(const Level& level) { return level.says_nothing ? nullptr : &level; }

bool IsId(const std::string& id) {
  return !id.empty() && id.size() <= kMostNameBytes && std::none_of(id.begin(), id.end(), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == 0x7f;
  });
}

template <class Entries>
Result<std::vector<std::string>> IdsOf(const Entries& entries, const char* what) {
  std::vector<std::string> ids;
  std::set<std::string_view> seen;
  for (const auto& entry : entries) {
    if (!IsId(entry.id())) return WrongAt(what, "a name that is empty, too long or has control characters");
    if (!seen.insert(entry.id()).second) return WrongAt(what, entry.id() + " stands there twice");
    ids.push_back(entry.id());
  }
  return ids;
}

// Which levels there are, and whom each is for.
class Compiler {
 public:
  Compiler(const wire::Policy& policy, Tables& tables) : policy_(policy), tables_(tables), maker_(tables) {}

  Status Run(const Catalogue& catalogue) {
    RETURN_IF_ERROR(CheckWhole());
    tables_.version = policy_.version();
    tables_.organisation = policy_.organisation();
    tables_.staleness = {policy_.staleness().strict(),
                         std::chrono::seconds(policy_.staleness().policy_ttl())};
    tables_.zone = policy_.time_zone();
    RETURN_IF_ERROR(SetSecrets(policy_.secrets(), tables_));
    tables_.models.Build(catalogue);
    RETURN_IF_ERROR(maker_.Add(LevelKind::kOrganisation, "", "organisation.", policy_.defaults()));
    RETURN_IF_ERROR(AddTeams());
    RETURN_IF_ERROR(CheckLimitBounds(policy_));
    RETURN_IF_ERROR(AddUsers());
    RETURN_IF_ERROR(AddKeys());
    return maker_.Finish();
  }

 private:
  Status CheckWhole() const {
    if (policy_.format() != kFormat)
      return WrongAt("the policy", "format " + std::to_string(policy_.format()) + " is not known here");
    RETURN_IF_ERROR(CheckZone(policy_.time_zone()));
    const size_t levels =
        static_cast<size_t>(policy_.teams_size()) + static_cast<size_t>(policy_.groups_size()) +
        static_cast<size_t>(policy_.users_size()) + static_cast<size_t>(policy_.keys_size());
    if (levels > kMostLevels)
      return WrongAt("the policy", "more than " + std::to_string(kMostLevels) + " levels");
    if (CountPatterns(policy_) > kMostPatterns)
      return WrongAt("the policy", "more than " + std::to_string(kMostPatterns) + " lists and patterns");
    return Ok{};
  }

  Status AddTeams() {
    ASSIGN_OR_RETURN(auto ids, IdsOf(policy_.teams(), "teams"));
    tables_.teams.Build(std::move(ids));
    std::vector<const Level*> own;
    for (const wire::PolicyTeam& team : policy_.teams()) {
      RETURN_IF_ERROR(maker_.Add(LevelKind::kTeam, team.id(), "teams." + team.id() + ".", team.rules()));
      own.push_back(&tables_.levels.back());
    }
    for (const wire::PolicyTeam& team : policy_.teams()) {
      ASSIGN_OR_RETURN(tables_.team_levels.emplace_back(), LevelsOf(team, own));
      tables_.team_parents.push_back(team.parent().empty() ? kNowhere : tables_.teams.Find(team.parent()));
    }
    return Ok{};
  }

  // The team's and those of the teams that it is within, the outermost first. `own` are all teams' own.
  Result<std::vector<const Level*>> LevelsOf(const wire::PolicyTeam& team,
                                             const std::vector<const Level*>& own) const {
    std::vector<const Level*> levels;
    size_t depth = 0;
    for (const wire::PolicyTeam* at = &team;;) {
      if (++depth > kMostTeamDepth)
        return WrongAt("teams." + team.id(), "more than 16 teams within each other, or a team within itself");
      const uint32_t place = tables_.teams.Find(at->id());
      if (!own[place]->says_nothing) levels.push_back(own[place]);
      if (at->parent().empty()) break;
      const uint32_t parent = tables_.teams.Find(at->parent());
      if (parent == kNowhere) return WrongAt("teams." + at->id(), "there is no team " + at->parent());
      at = &policy_.teams(static_cast<int>(parent));
    }
    std::reverse(levels.begin(), levels.end());
    return levels;
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
      RETURN_IF_ERROR(maker_.Add(LevelKind::kUser, user.id(), "users." + user.id() + ".", user.rules()));
      tables_.users_levels[static_cast<size_t>(i)].level = Speaking(tables_.levels.back());
    }
    for (const wire::PolicyGroup& group : policy_.groups()) RETURN_IF_ERROR(AddGroup(group));
    return Ok{};
  }

  Status CheckGroups() const {
    const auto ids = IdsOf(policy_.groups(), "groups");
    if (!ids) return ids.error();
    size_t members = 0;
    for (const wire::PolicyGroup& group : policy_.groups())
      members += static_cast<size_t>(group.users_size());
    if (members > kMostMembers)
      return WrongAt("groups", "more than " + std::to_string(kMostMembers) + " members in all");
    return Ok{};
  }

  Status AddGroup(const wire::PolicyGroup& group) {
    RETURN_IF_ERROR(maker_.Add(LevelKind::kGroup, group.id(), "groups." + group.id() + ".", group.rules()));
    const Level* level = Speaking(tables_.levels.back());
    if (level == nullptr) return Ok{};
    for (const std::string& user : group.users()) {
      auto& groups = tables_.users_levels[tables_.users.Find(user)].groups;
      if (!groups.empty() && groups.back() == level) continue;  // named twice
      if (groups.size() == kMostGroupsOfUser)
        return WrongAt("groups." + group.id(),
                       "a user is in more than " + std::to_string(kMostGroupsOfUser) + " groups");
      groups.push_back(level);
    }
    return Ok{};
  }

  Status AddKeys() {
    ASSIGN_OR_RETURN(auto ids, IdsOf(policy_.keys(), "keys"));
    tables_.keys.Build(std::move(ids));
    for (const wire::PolicyKey& key : policy_.keys()) {
      RETURN_IF_ERROR(maker_.Add(LevelKind::kKey, key.id(), "keys." + key.id() + ".", key.rules()));
      tables_.key_levels.push_back(Speaking(tables_.levels.back()));
    }
    return Ok{};
  }

  const wire::Policy& policy_;
  Tables& tables_;
  LevelMaker maker_;
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

std::vector<std::string_view> Compiled::TeamsOf(std::string_view team) const {
  if (team.empty()) return {};
  std::vector<std::string_view> teams;
  uint32_t place = tables_->teams.Find(team);
  if (place == kNowhere) teams.push_back(team);
  for (; place != kNowhere; place = tables_->team_parents[place])
    teams.push_back(tables_->teams.names()[place]);
  return teams;
}

uint64_t Compiled::version() const { return tables_->version; }
std::string_view Compiled::organisation() const { return tables_->organisation; }
const Staleness& Compiled::staleness() const { return tables_->staleness; }

const Tables& TablesOf(const Compiled& compiled) { return *compiled.tables_; }

}  // namespace postern::policy
