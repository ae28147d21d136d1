// Why something is or would be decided: a question in an administrator's words, completed from the directory,
// and what every level of the policy says of it. What isn't the policy's to decide (a revoked key, a freeze)
// is named too, since it decides all the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collector/directory/directory.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/policy/compiled.h"
#include "shared/policy/explain.h"
#include "shared/policy/secrets_explained.h"
#include "shared/wire/policy.pb.h"

namespace postern::policies {

// What is left empty isn't known; where a rule speaks of it, that refuses, as it would on a host.
struct Question {
  std::string key;   // its user, team and credentials are the directory's
  std::string user;  // without a key; the team is the directory's
  std::string team;  // without a user, or of one whom the directory doesn't know (by an OS group)
  std::string host, os_user, os_user_number;
  std::string provider;                  // that of the first credential
  std::vector<std::string> residency;    // the provider's tags, as agent.yaml has them
  std::vector<std::string> credentials;  // those of the key or team; "agent.yaml" for a host's own
  std::string model;                     // none: whether anything may be done at all
  std::vector<std::string> tools;        // by name; "type:web_search_20250305" for a server tool's type
  std::string forced_tool;
  std::optional<int64_t> max_tokens;
  int64_t context_tokens = 0;
  std::string secret_rule;     // that finds a secret; none: one that the policy doesn't name
  std::string path;            // of the file that it stands in; none: it stands in none
  std::optional<WallTime> at;  // now
  uint64_t version = 0;        // the one in force
};

struct RemovedTool {
  std::string name;
  std::string rule;
};

// A limit that the exchange meets, and the account of it that would be charged.
struct MetLimit {
  wire::PolicyLimit limit;
  std::string account;
};

struct Explained {
  Question asked;  // completed
  uint64_t version = 0;
  std::vector<std::string> obstacles;  // besides the policy: sentences
  bool allowed = false;                // by the policy, and nothing is in the way
  std::string aspect, rule;            // of the policy's refusal; of what it allows, the rule alone
  std::string sentence;                // what the person at the client would read
  std::vector<RemovedTool> removed_tools;
  int64_t max_tokens = 0;  // what it would be lowered to; 0: it isn't
  std::string max_tokens_rule;
  std::vector<std::string> credentials;  // that may be used
  std::vector<policy::Statement> statements;
  policy::SecretsExplained secrets;
  std::vector<MetLimit> limits;  // each of them must admit it
  wire::TimeZone zone;           // of the policy, by which they are counted
};

// With what the directory knows of the key, the user and the team. kNotFound for one that isn't there,
// kInvalid where the key is another user's.
Status Complete(Question& question, directory::Directory& directory, WallTime now,
                std::vector<std::string>& obstacles);

// A completed question, judged.
Explained Answer(const policy::Compiled& compiled, Question question, std::vector<std::string> obstacles);

}  // namespace postern::policies
