// What becomes of a request's body by the secrets in it.
//
//   body ──ScanBody──▶ findings ──place, fingerprint──▶ allowed? action? ──▶ the body without them, or none
//
// Every byte that isn't a secret stays. A secret in what is signed (thinking) can't be taken out, nor one
// that isn't within a value: those block the request, as one whose action says so. Fails closed: a body that
// can't be read, or would take too long to look at, is not clean. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/screening/keys.h"
#include "agent/screening/place.h"
#include "shared/base/clock.h"
#include "shared/policy/compiled.h"
#include "shared/secrets/body_scan.h"
#include "shared/secrets/known_body.h"
#include "shared/secrets/scanner.h"
#include "shared/wire/event.h"

namespace postern::screening {

// By what a body is screened. A worker that is given them may outlive the exchange that asked.
struct Terms {
  std::shared_ptr<const secrets::Scanner> scanner;
  std::shared_ptr<const HostKeys> keys;
  std::shared_ptr<const policy::Compiled> policy;  // null: this host has none
  policy::SecretOrders orders;                     // borrows from the policy
  WallTime now{};
  secrets::Known known{};    // of this conversation; an empty one knows nothing
  secrets::Pieces pieces{};  // of the body; null: they aren't known yet
  bool remembers = false;    // what is taken out is looked for as a literal from now on

  std::string_view fingerprint_key() const;
};

// One secret at one place; the same one there again is counted.
struct Found {
  std::string rule;  // its id
  wire::SecretAction action = wire::SECRET_ACTION_REDACT;
  std::string policy_rule;
  Place place;
  std::string fingerprint;
  uint32_t length = 0;
  uint32_t times = 1;
  bool known = false;  // it stood there in the conversation's last body, too
};

struct Screened {
  enum class Outcome {
    kClean,       // the body may go as it is; what was found is let through
    kRedacted,    // `body` may go
    kBlocked,     // nothing may go: `blocked_by`
    kUnreadable,  // it is no JSON that can be read here
    kTooMuch,     // it would take too long to look at
    kNoMemory,    // none can be locked for what is to be remembered
  };
  Outcome outcome = Outcome::kUnreadable;
  std::string body{};          // with kRedacted
  std::vector<Found> found{};  // of more than kMostFound the rest is counted with others of the same rule
  size_t blocked_by = 0;       // which of them; with kBlocked
  // For the conversation's memory. It holds secrets.
  secrets::BodyScan scan{};
  std::vector<size_t> cuts{};  // of the scan: those that were made
};

inline constexpr size_t kMostFound = 256;

Screened Screen(std::string_view body, const Terms& terms, secrets::Workspace& workspace);

}  // namespace postern::screening
