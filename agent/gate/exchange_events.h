// What is known of an exchange before it is answered, and the events that say it. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dialect/client_headers.h"
#include "agent/dialect/messages_request.h"
#include "agent/gate/caller.h"
#include "agent/gate/refusal.h"
#include "agent/identity/identify.h"
#include "shared/base/ids.h"
#include "shared/wire/event.h"

namespace postern::gate {

// What the policy made of an exchange that it lets through.
struct Ruling {
  uint64_t policy_version = 0;        // 0: there is no policy
  std::string rule{};                 // that allowed the model
  std::vector<uint32_t> cut_tools{};  // places in the request's tools, rising
  int64_t max_tokens = 0;             // lowered to that; 0: as it was
  std::string max_tokens_rule{};
};

// Filled as the steps of the way go on; what a step didn't come to is empty.
struct ExchangeFacts {
  ExchangeId id;
  wire::Call call = wire::CALL_UNKNOWN;
  identity::Identity identity{};
  dialect::ClientHeaders client{};
  dialect::RequestFacts request{};
  uint64_t body_bytes = 0;  // as it came
  Ruling ruling{};
  // By which a policy judges; borrowed from the configuration.
  std::string_view provider{};
  std::span<const std::string> residency{};
};

// `upstream` is the host that the request will be sent to; `blank` is filled, and is what is returned.
wire::Event IntentEvent(const ExchangeFacts& facts, const Caller& caller, const std::string& upstream,
                        wire::Event blank = {});
wire::Event RefusalEvent(const ExchangeFacts& facts, const Caller& caller, const Refusal& refusal);
// The parts that other events of an exchange have, too.
void FillPrincipal(wire::Principal& record, const identity::Identity& identity);
std::string SessionOf(const ExchangeFacts& facts);

// Only for an exchange that showed a key.
wire::Event KeyFirstUsedEvent(const ExchangeFacts& facts, const Caller& caller);

}  // namespace postern::gate
