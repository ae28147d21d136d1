// What is answered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::policy {

enum class Decision : uint8_t { kRefuse, kAllow };

// What a rule is about, in the order in which they are judged: the first that refuses is the one that is
// told.
enum class Aspect : uint8_t {
  kExpiry,
  kHours,
  kHost,
  kOsUser,
  kProvider,
  kResidency,
  kCredential,
  kModel,
  kMcpServers,  // that the provider would connect to
  kTool,
  kContext,  // answered with 400, so that the client compacts; the sentence has the words that it looks for
  kMaxTokens,
};

// "expiry", "hours", "host", … as events, metrics and the API name them.
const char* Name(Aspect aspect);

// A tool that has to be cut out of the request.
struct CutTool {
  size_t index = 0;       // in Facts::tools; rising
  std::string_view rule;  // "teams.ml.tools.deny[0]"
};

// The rules' texts belong to the Compiled policy that judged and live as long as it.
struct Verdict {
  Decision decision = Decision::kRefuse;
  Aspect aspect = Aspect::kModel;  // of a refusal
  std::string_view rule;           // that decided: "teams.ml.models.deny[2]", "organisation.models.allow[0]"
  uint64_t policy_version = 0;
  std::string sentence;  // of a refusal, for the person: what, whose rule, until when, whom to ask

  // Of what is allowed:
  std::vector<CutTool> cut_tools;
  int64_t max_tokens = 0;  // lower it to this; 0: leave it
  std::string_view max_tokens_rule;
  uint64_t credentials = 0;  // bit i: Facts::credentials[i] may be used

  bool allowed() const { return decision == Decision::kAllow; }
};

}  // namespace postern::policy
