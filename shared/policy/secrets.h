// What a policy says of secrets on their way out.
//
//   organisation → teams, the outermost first → groups of the user → user → key
//
// Of each level the first rule that fits a finding says what it wants. The organisation's word is the
// beginning, `redact` where it says nothing; the levels below may only ask for more:
//
//   off < warn < redact < block
//
// Fails closed: what no rule speaks of is redacted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/clock.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

struct Level;  // private: tables.h

// What holds for everybody.
struct SecretTerms {
  std::string fingerprint_key;  // 32 bytes; empty in a file of a lone host, which has a key of its own
  std::string rules;            // in Gitleaks' format, beside the built-in ones; empty: none
  bool answers = false;         // answers are looked at as well
};

struct SecretVerdict {
  wire::SecretAction action = wire::SECRET_ACTION_REDACT;
  std::string_view rule;  // "teams.ml.secrets[0]"; empty where none spoke
};

// What the levels of one exchange say. It borrows from the Compiled policy that made it, which has to live
// as long; one that nobody made says what holds without a policy. Thread-compatible.
class SecretOrders {
 public:
  SecretOrders() = default;

  // `rule`: the id of the rule that found it; `path`: of the file that it was read from or is written to,
  // empty where no tool names one: rules that speak of paths don't fit then.
  SecretVerdict Judge(std::string_view rule, std::string_view path) const;

  // Whether originals are put back into the input of this tool: where the organisation lists it, and no level
  // below has a list without it.
  bool Restores(std::string_view tool) const;
  // Whether there may be such a tool at all.
  bool RestoresAny() const;

 private:
  friend class Compiled;
  std::vector<const Level*> levels_;  // that say something of secrets
  bool restores_any_ = false;
};

// The tools whose input originals may be put back into: they write files of this host, run nothing and send
// nothing. Any other would be a way out for whoever can make the model call it.
inline constexpr std::array<std::string_view, 4> kRestorableTools = {"Write", "Edit", "MultiEdit",
                                                                     "NotebookEdit"};
inline constexpr size_t kFingerprintBytes = 16;
// What errors call the text of the policy's own rules.
inline constexpr std::string_view kSecretRulesName = "secrets.rules";

}  // namespace postern::policy
