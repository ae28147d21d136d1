// Every refusal is made here: the status and shape that make Claude Code stop at once, or wait, and show our
// sentence.
//
// What each answer does to the client was measured; the short form:
//   402  one request, the sentence verbatim                    policy, model, tool
//   401  one request with x-should-retry: false                keys
//   400  the client drops features and tries again             only what is malformed
//   404, 413  the sentence is lost                             only what is nobody's business or too large
//   5xx  eleven tries over three minutes, unless told not to   never a decision, only what failed
// A sentence says what, whose rule, until when, whom to ask. It never quotes the request, nor names another
// person.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/clock.h"
#include "shared/base/ids.h"
#include "shared/http/server.h"
#include "shared/wire/event.h"

namespace postern::gate {

enum class Reason {
  kNoKey,          // 401, as all that follow of keys
  kUnknownOsUser,  // no key, and the OS user has no principal
  kForeignKey,     // not one of ours
  kMalformedKey,
  kMistypedKey,  // its check doesn't fit
  kUnknownKey,
  kDisabledKey,
  kRevokedKey,
  kExpiredKey,
  kKeyNotForHost,        // bound to other hosts
  kKeyNotForOsUser,      // bound to other OS users
  kFrozen,               // everything is, for everybody
  kUnknownModel,         // 402
  kPolicyExpiry,         // 402, as all that follow of the policy
  kPolicyHours,          //
  kPolicyHost,           //
  kPolicyOsUser,         //
  kPolicyProvider,       //
  kPolicyResidency,      //
  kPolicyCredential,     //
  kPolicyModel,          //
  kPolicyMcpServers,     //
  kPolicyTool,           //
  kPolicyMaxTokens,      //
  kPolicyContext,        // 400 with words that make the client compact its conversation
  kSecretBlocked,        // 402, as the next two
  kSecretsUnreadable,    // nested too deeply to be looked at
  kSecretsTooMuch,       // it would take too long to look at
  kSetAside,             // 402: the collector has set this host aside
  kTooManyUnknownKeys,   // 429: the client waits and tries again
  kBudgetSpent,          // 402, in gateway mode 429 (money_refusals.h)
  kOfflineSpent,         // 402: what is held here doesn't suffice, and the collector is away
  kUnboundedCost,        // 402: a strict limit, and what is asked has no bound
  kRateLimit,            // 429: it begins anew soon, and the client waits
  kSlotsInUse,           // 429, the same: others are under way
  kNoGrantInTime,        // 429, the same: the collector didn't answer in time
  kLongRateLimit,        // 429, and the client doesn't try again
  kSlotLost,             // 402, of an exchange under way: its slot is over
  kIncarnationLost,      // 402, the same: what was reserved counts no longer
  kMalformedBody,        // 400
  kForeignHost,          // 421: a name that isn't this machine's loopback
  kWebPage,              // 403
  kNotJson,              // 415
  kNotFound,             // 404
  kWrongMethod,          // 405
  kTooLarge,             // 413
  kProtocol,             // 4xx: as the HTTP layer says
  kTimedOut,             // 408
  kRecordFull,           // 503, and the client doesn't try again
  kNoCredential,         // 503, and the client doesn't try again
  kCollectorAway,        // 503, and the client doesn't try again: nobody says whether the key is good
  kNoPolicy,             // 503, and the client doesn't try again: there is nothing to judge by
  kNoSecretRules,        // 503, and the client doesn't try again: they are being compiled
  kNoSecretMemory,       // 503, and the client doesn't try again: there is none to look for secrets in
  kUpstreamUnreachable,  // 502, and the client tries again
  kUpstreamSilent,       // 504, and the client tries again
  kUnreadableAnswer,     // 502, and the client doesn't try again
};

// "no_key", "unknown_model", …: the name in events and metrics.
std::string_view Name(Reason reason);
constexpr int kReasons = static_cast<int>(Reason::kUnreadableAnswer) + 1;

// A header with its own texts.
struct OwnedHeader {
  std::string name;
  std::string value;

  friend bool operator==(const OwnedHeader&, const OwnedHeader&) = default;
};

struct Refusal {
  Reason reason;
  std::string sentence;
  int status = 0;                         // only for kProtocol, and of budgets in gateway mode
  std::string rule = {};                  // of the policy, where it decided
  uint64_t policy_version = 0;            // by which it was judged
  std::string account = {};               // of a limit that had too little left
  std::optional<WallTime> resets = {};    // when that one begins anew
  std::vector<OwnedHeader> headers = {};  // besides those that its reason brings
};

// What becomes of an exchange under way that is refused so: ended for its cost; or revoked; or, where nobody
// said so and the collector is only not heard, ended by the rules.
wire::Ending EndingOf(const Refusal& refusal);

int StatusOf(const Refusal& refusal);

// Anthropic's word for it: "billing_error".
std::string_view TypeOf(Reason reason);
// The same for the end of a stream, where a client takes few of these words for final.
std::string_view TypeInStream(Reason reason);

// {"type":"error","error":{"type":…,"message":…},"request_id":…} with its headers. `id_text` is the
// exchange's id as text; the answer's headers are views into it and into the refusal.
http::Answer Render(const Refusal& refusal, const std::string& id_text);

}  // namespace postern::gate
