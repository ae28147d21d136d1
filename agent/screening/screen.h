// What secrets a request's body has, and the body without them.
//
//   body ──LinearView──▶ view ──Scan──▶ findings ──fingerprint, place──▶ allowed? action? ──▶ spliced body
//
// Every byte that isn't a secret stays. A secret in what is signed (thinking) can't be taken out, nor one
// that is a key: those block the request, as one whose action says so. Fails closed: a body that can't be
// read, or takes too long to look at, is not clean. Pure.
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
#include "shared/secrets/scanner.h"
#include "shared/wire/event.h"

namespace postern::screening {

// By what a request is screened. What a worker is given outlives the exchange that asked.
struct Terms {
  std::shared_ptr<const secrets::Scanner> scanner;
  std::shared_ptr<const HostKeys> keys;
  std::shared_ptr<const policy::Compiled> policy;  // null: this host has none
  policy::SecretOrders orders;                     // borrows from the policy
  WallTime now{};
};

// One secret at one place; the same one again at the same place is counted.
struct Found {
  std::string rule;  // its id
  wire::SecretAction action = wire::SECRET_ACTION_REDACT;
  std::string policy_rule;
  Place place;
  std::string fingerprint;
  uint32_t length = 0;
  uint32_t times = 1;
};

struct Screened {
  enum class Outcome {
    kClean,       // the body may go as it is; what was found is let through
    kRedacted,    // `body` may go
    kBlocked,     // nothing may go: `blocked_by`
    kUnreadable,  // it is no JSON that can be read here
    kTooMuch,     // it would take too long to look at, or has too many secrets
  };
  Outcome outcome = Outcome::kUnreadable;
  std::string body{};  // with kRedacted
  std::vector<Found>
      found{};            // at most kMostFound; those that are let through by fingerprint aren't among them
  size_t blocked_by = 0;  // which of them; with kBlocked
};

inline constexpr size_t kMostFound = 256;

Screened Screen(std::string_view body, const Terms& terms, secrets::Workspace& workspace);

}  // namespace postern::screening
