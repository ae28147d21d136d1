// How a compiled policy lies in memory. Private to this directory.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/policy/compiled.h"
#include "shared/policy/limits.h"
#include "shared/policy/model_names.h"
#include "shared/policy/name_index.h"
#include "shared/policy/pattern_list.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

// What has lists of what is allowed and denied.
enum class Kind : uint8_t { kModels, kProviders, kCredentials, kTools, kHosts, kOsUsers };
inline constexpr size_t kKinds = 6;

// "models", "providers", …: as the file calls them.
std::string_view KeyOf(Kind kind);

// One level's lists of one kind. Rules' texts are kept, since verdicts borrow them.
struct Lists {
  PatternList allow;
  PatternList allow_types;  // of tools: patterns after "type:"
  PatternList deny;         // in small letters
  PatternList deny_types;
  bool listed = false;                   // there is a list of what is allowed
  uint32_t denies_mcp = kNowhere;        // of tools: the first rule that may mean a tool of an MCP server
  std::string allow_rule;                // "teams.ml.models.allow"
  std::string deny_rule;                 // "teams.ml.models.deny"
  std::vector<std::string> allow_rules;  // "teams.ml.models.allow[0]", …
  std::vector<std::string> deny_rules;
};

enum class LevelKind : uint8_t { kOrganisation, kTeam, kGroup, kUser, kKey };

struct Level {
  LevelKind kind = LevelKind::kOrganisation;
  std::string id;
  std::string prefix;                                      // of its rules: "teams.ml."
  std::array<std::unique_ptr<const Lists>, kKinds> lists;  // none where it says nothing
  uint8_t may_widen = 0;                                   // bit k: kind k
  wire::Rules scalars;                                     // without its lists
  std::string expires_rule, hours_rule, context_rule, max_tokens_rule;
  std::vector<std::string> residency_rules;

  bool says_nothing = true;
};

struct User {
  const Level* level = nullptr;
  std::vector<const Level*> groups;  // in the file's order
};

struct Tables {
  uint64_t version = 0;
  std::string organisation;
  Staleness staleness;
  wire::TimeZone zone;
  KnownModels models;
  std::deque<Level> levels;  // addresses are stable; the organisation's first

  NameIndex teams, users, keys;
  std::vector<std::vector<const Level*>>
      team_levels;  // of each team: the outermost first, silent ones left out
  std::vector<User> users_levels;
  std::vector<const Level*> key_levels;

  const Level& organisation_level() const { return levels.front(); }
};

const Tables& TablesOf(const Compiled& compiled);

}  // namespace postern::policy
