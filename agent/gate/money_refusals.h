// What is said where money runs out: which answer makes the client stop, which makes it wait, and the
// sentence that a person sees. Pure.
//
//   what lacks something                    status  error type        the client
//   --------------------------------------  ------  ---------------- ----------------------------------------
//   anything that begins anew in ≤ 60 s     429     rate_limit_error  waits (retry-after) and goes on
//   slots (concurrent)                      429     rate_limit_error  the same, in a few seconds
//   dollars, tokens                         402     billing_error     stops, shows the sentence; in gateway
//                                                                     mode 429 with headers of its own
//   requests                                429     billing_error     stops; retry-after says when
//   what is held here, offline              402     billing_error     stops
//   an answer of the collector, in time     429     rate_limit_error  waits and goes on
//   what can't be bounded (strict)          402     billing_error     stops
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/config.h"
#include "agent/gate/refusal.h"
#include "agent/membership/limit_terms.h"
#include "agent/membership/membership.h"
#include "agent/purse/purse.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"

namespace postern::gate {

// What such a refusal depends on besides the decision.
struct MoneyGrounds {
  const membership::LimitTerms& terms;
  uint64_t policy_version = 0;
  WallTime now{};
  agent::ClientConfig::Mode mode = agent::ClientConfig::Mode::kPlain;
  membership::Link link = membership::Link::kWelcomed;
};

// Of a decision that isn't kAdmitted or kCancelled.
Refusal MoneyRefusal(const purse::Decision& decision, const MoneyGrounds& grounds);

// The same where an answer under way can't be extended: the sentence is for its end.
Refusal CutRefusal(const purse::Decision& decision, const MoneyGrounds& grounds);

// Strict admission can't bound what is asked; `why` as estimate::EstimateWorst has it, `limit` is strict.
Refusal UnboundedRefusal(const limits::Limit& limit, std::string_view why, const MoneyGrounds& grounds);

Refusal LossRefusal(purse::Loss loss);

// "Your team's budget \"ml-month\" of $500.00 a month"; a raise counts while it lasts.
std::string Title(const limits::Limit& limit, WallTime now);

// "2026-12-01 00:00 (Europe/Berlin)".
std::string TimeText(WallTime time, const wire::TimeZone& zone);

}  // namespace postern::gate
