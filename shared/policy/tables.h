// How a compiled policy lies in memory. Private to this directory.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "shared/policy/compiled.h"
#include "shared/policy/lexicon.h"
#include "shared/policy/limits.h"
#include "shared/policy/model_names.h"
#include "shared/policy/model_terms.h"
#include "shared/policy/name_index.h"
#include "shared/policy/pattern_list.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

// What has lists of what is allowed and denied.
enum class Kind : uint8_t { kModels, kProviders, kCredentials, kTools, kHosts, kOsUsers };
inline constexpr size_t kKinds = 6;

// What else a level may set that has to be looked at in every exchange.
enum class Scalar : uint8_t { kExpires, kHours, kResidency, kContextTokens, kMaxTokens, kSecrets };

constexpr uint8_t BitOf(Kind kind) { return static_cast<uint8_t>(1U << static_cast<unsigned>(kind)); }
constexpr uint8_t BitOf(Scalar scalar) { return static_cast<uint8_t>(1U << static_cast<unsigned>(scalar)); }

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

// What every exchange reads stands first.
struct Level {
  std::array<std::unique_ptr<const Lists>, kKinds> lists;  // none where it says nothing
  uint8_t speaks = 0;                                      // bits of the kinds that it has lists of
  uint8_t sets = 0;                                        // bits of the scalars that it sets
  uint8_t may_widen = 0;                                   // bits of kinds
  LevelKind kind = LevelKind::kOrganisation;
  bool says_nothing = true;
  std::string id;
  std::string prefix;   // of its rules: "teams.ml."
  wire::Rules scalars;  // without its lists
  std::string expires_rule, hours_rule, context_rule, max_tokens_rule;
  std::vector<std::string> residency_rules;
  std::vector<std::string> secret_rules;  // "teams.ml.secrets[0]", …
};

// A secret that is let through.
struct AllowedSecret {
  int64_t until = 0;  // seconds since 1970; 0: for ever
  std::string rule;   // "secrets.allowed[2]"
};

struct User {
  const Level* level = nullptr;
  std::vector<const Level*> groups;  // in the file's order
};

// Addresses of levels, lexicons and models are stable: others point to them.
struct Tables {
  uint64_t version = 0;
  std::string organisation;
  Staleness staleness;
  wire::TimeZone zone;
  KnownModels models;
  std::array<Lexicon, kKinds> lexicons;  // of names
  Lexicon tool_types;
  Term mcp_toolset{};  // the type of that name
  SecretTerms secret_terms;
  std::map<std::string, AllowedSecret, std::less<>> allowed_secrets;  // by fingerprint
  std::deque<Level> levels;                                           // the organisation's first

  NameIndex exact_models;                    // the catalogue's names as they are written there …
  std::deque<ModelTerms> exact_model_terms;  // … and all that rules may call each by

  NameIndex teams, users, keys;
  std::vector<std::vector<const Level*>>
      team_levels;                     // of each team: the outermost first, silent ones left out
  std::vector<uint32_t> team_parents;  // places in `teams`; kNowhere of those that are within none
  std::vector<User> users_levels;
  std::vector<const Level*> key_levels;

  const Level& organisation_level() const { return levels.front(); }
  const Lexicon& lexicon(Kind kind) const { return lexicons[static_cast<size_t>(kind)]; }
};

const Tables& TablesOf(const Compiled& compiled);

}  // namespace postern::policy
