// The gate: what answers on the port that Claude Code speaks to.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>

#include "agent/dialect/json_cursor.h"
#include "agent/gate/caller.h"
#include "agent/gate/inquiries.h"
#include "agent/gate/metrics.h"
#include "agent/gate/recorder.h"
#include "agent/gate/refusal_log.h"
#include "agent/gate/settings.h"
#include "shared/http/server.h"

namespace postern::gate {

// Shared by all exchanges. Owned by the loop thread.
class Gate final : private http::Timer {
 public:
  // All of them must live longer. `inquiries`: with Authority::kCollector; null on a lone host.
  Gate(http::Loop& loop, Recorder& recorder, Metrics& metrics, identity::UserNames& names,
       http::Worker& worker, Inquiries* inquiries);

  // From the next exchange on.
  void Use(std::shared_ptr<Settings> settings) { settings_ = std::move(settings); }
  const std::shared_ptr<Settings>& settings() const { return settings_; }

  // What http::Server calls.
  http::Task<void> Handle(http::Exchange& exchange);
  http::Answer RenderProtocolError(const http::ProtocolError& error);
  std::unique_ptr<http::ConnectionNote> OnAccept(const http::Address& client, const http::Address& local);

  // After the last exchange: records the refusals that are counted and not yet told.
  void Finish();

 private:
  friend class Passage;
  ExchangeId MakeId();
  void RecordRefusal(wire::Event event);
  void Append(wire::Event refusal);
  void OnDeadline() override;  // counted refusals are due

  http::Loop& loop_;
  Recorder& recorder_;
  Metrics& metrics_;
  Inquiries* const inquiries_;
  CallerFinder callers_;
  RefusalLog refusals_;
  std::shared_ptr<Settings> settings_;
  dialect::JsonCursor json_;       // one serves all: it is used within calls only
  std::mt19937_64 random_;         // for ids, which need not be secret
  std::string protocol_error_id_;  // the text that the last protocol error's answer has views into
  std::set<std::string>
      keys_seen_;  // ids of keys used since the start; the spool knows those of earlier ones
};

}  // namespace postern::gate
