// What is known of an exchange before it is answered, and the events that say it. Pure.
#pragma once

#include "agent/dialect/client_headers.h"
#include "agent/dialect/messages_request.h"
#include "agent/gate/caller.h"
#include "agent/gate/refusal.h"
#include "agent/identity/identify.h"
#include "shared/base/ids.h"
#include "shared/wire/event.h"

namespace postern::gate {

// Filled as the steps of the way go on; what a step didn't come to is empty.
struct ExchangeFacts {
  ExchangeId id;
  wire::Call call = wire::CALL_UNKNOWN;
  identity::Identity identity{};
  dialect::ClientHeaders client{};
  dialect::RequestFacts request{};
  uint64_t body_bytes = 0;
};

// `upstream` is the host that the request will be sent to; `blank` is filled, and is what is returned.
wire::Event IntentEvent(const ExchangeFacts& facts, const Caller& caller, const std::string& upstream,
                        wire::Event blank = {});
wire::Event RefusalEvent(const ExchangeFacts& facts, const Caller& caller, const Refusal& refusal);
// Only for an exchange that showed a key.
wire::Event KeyFirstUsedEvent(const ExchangeFacts& facts, const Caller& caller);

}  // namespace postern::gate
