// The gate's second step: who a request is for, by this host's files or by the collector's directory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/gate/caller.h"
#include "agent/gate/inquiries.h"
#include "agent/gate/refusal.h"
#include "agent/gate/settings.h"
#include "agent/identity/identify.h"
#include "shared/http/message.h"

namespace postern::gate {

struct Identification {
  identity::Identity identity{};
  std::vector<std::string> credentials{};  // names, of the collector's
  std::optional<Refusal> refusal{};        // then the rest is empty
};

// A lone host.
Identification IdentifyByFiles(const Settings& settings, const http::Head& head, const Caller& caller);

// Waits for the collector, bounded, where what is known isn't confirmed. All references must live until then.
// Where the strand was cancelled meanwhile, the refusal is nobody's.
http::Task<Identification> IdentifyByCollector(Inquiries& inquiries, http::Strand& strand,
                                               const Settings& settings, const http::Head& head,
                                               const Caller& caller);

}  // namespace postern::gate
