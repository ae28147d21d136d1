// What operators and programs ask of a running agent.
//
//   127.0.0.1:4781   GET /healthz   200 while the loop turns and the record can be kept, else 503; one line
//   of text
//                    GET /metrics   Prometheus text
//   agent.sock       both, and
//                    GET /status    one JSON object
//                    GET /events    a page of the record (agent/spool/README.md has the grammar)
//                    POST /reload   reads the configuration again; 200, or 422 with the sentence that says
//                    what is wrong
// The socket is for root and the agent's own user (mode 0600); the port tells nothing that names a person.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "agent/gate/gate.h"
#include "agent/gate/metrics.h"
#include "agent/membership/membership.h"
#include "agent/operations/money_report.h"
#include "agent/purse/purse.h"
#include "agent/spool/spool.h"
#include "agent/uplink/uplink.h"
#include "shared/http/server.h"

namespace postern::operations {

// How it is with the collector, of a host that has one.
struct CollectorView {
  std::string agent;
  std::string url;
  membership::Standing standing;
  uplink::Stats uplink;
};

// What it reports on; all of it lives longer.
struct Sources {
  http::Loop& loop;
  spool::Spool& spool;
  gate::Gate& gate;
  gate::Metrics& metrics;
  http::Server& traffic;
  WallTime started;
  std::function<Status()> reload;
  std::function<std::optional<CollectorView>()> collector;  // nothing on a lone host
  const purse::Purse* purse = nullptr;                      // null on a lone host
};

// Owned by the loop thread.
class Operations {
 public:
  explicit Operations(Sources sources) : sources_(std::move(sources)) {}

  // The handler of the port, and of the socket.
  http::Task<void> HandlePort(http::Exchange& exchange);
  http::Task<void> HandleSocket(http::Exchange& exchange);

  std::string Metrics();
  std::string StatusJson() const;

 private:
  http::Answer Health() const;
  MoneyView ViewMoney(const std::optional<CollectorView>& collector) const;
  http::Task<void> SendEvents(http::Exchange& exchange);
  http::Task<void> Reload(http::Exchange& exchange);

  Sources sources_;
};

// {"error": sentence}, for what goes wrong before a handler.
http::Answer RenderPlainError(const http::ProtocolError& error);

}  // namespace postern::operations
