// The gate: what answers on the port that Claude Code speaks to.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>

#include "agent/dialect/json_cursor.h"
#include "agent/estimate/history.h"
#include "agent/gate/caller.h"
#include "agent/gate/history_keeper.h"
#include "agent/gate/inquiries.h"
#include "agent/gate/known_beginnings.h"
#include "agent/gate/live_exchanges.h"
#include "agent/gate/metrics.h"
#include "agent/gate/recorder.h"
#include "agent/gate/refusal_log.h"
#include "agent/gate/settings.h"
#include "agent/purse/purse.h"
#include "agent/screening/screening.h"
#include "shared/http/server.h"

namespace postern::gate {

// Shared by all exchanges. Owned by the loop thread.
class Gate final : private http::Timer {
 public:
  // All of them must live longer. `inquiries`: with Authority::kCollector; null on a lone host.
  Gate(http::Loop& loop, Recorder& recorder, Metrics& metrics, identity::UserNames& names,
       http::Worker& worker, Inquiries* inquiries);

  // Requests are screened by it from now on; it must live longer. Without one nothing is looked for.
  void set_screening(screening::Screening& screening) { screening_ = &screening; }
  const screening::Screening* screening() const { return screening_; }

  // From the next exchange on; those under way whose key or OS user it knows no longer are ended.
  void Use(std::shared_ptr<Settings> settings);
  const std::shared_ptr<Settings>& settings() const { return settings_; }

  // What exchanges spend from, on a host that is a member; it must live longer. Those that it loses are
  // ended.
  void SpendFrom(purse::Purse& purse);

  // What estimates learn outlives a restart in this file.
  void Remember(std::filesystem::path file) { keeper_.emplace(loop_, worker_, history_, std::move(file)); }

  // What http::Server calls.
  http::Task<void> Handle(http::Exchange& exchange);
  http::Answer RenderProtocolError(const http::ProtocolError& error);
  std::unique_ptr<http::ConnectionNote> OnAccept(const http::Address& client, const http::Address& local);

  // After the last exchange: records the refusals that are counted and not yet told, and writes what
  // estimates have learnt.
  void Finish();

 private:
  friend class Passage;
  ExchangeId MakeId();
  void RecordRefusal(wire::Event event);
  void Append(wire::Event refusal);
  void OnDeadline() override;  // counted refusals are due

  // Enters it among those that are under way; why it may not be, if it may not. `changes` is what changes_
  // was when it was let in.
  std::optional<Refusal> Enter(LiveExchange& exchange, uint64_t changes);
  std::optional<Refusal> WhyBarred(const LiveExchange& exchange) const;
  void EndBarred();
  void EndLost(const ExchangeId& lost, purse::Loss loss);

  // Looks every second, while any exchange is under way: a key's expiry and a collector's silence ring no
  // bell.
  class Rounds final : public http::Timer {
   public:
    explicit Rounds(Gate& gate) : gate_(gate) {}
    void OnDeadline() override { gate_.EndBarred(); }

   private:
    Gate& gate_;
  };

  http::Loop& loop_;
  http::Worker& worker_;
  Recorder& recorder_;
  Metrics& metrics_;
  Inquiries* const inquiries_;
  const identity::UserNames& names_;
  screening::Screening* screening_ = nullptr;
  CallerFinder callers_;
  purse::Purse* purse_ = nullptr;
  estimate::History history_;
  std::optional<HistoryKeeper> keeper_;
  RefusalLog refusals_;
  LiveExchanges live_;
  Rounds rounds_{*this};
  uint64_t changes_ = 0;  // of what exchanges are let in by
  std::shared_ptr<Settings> settings_;
  KnownBeginnings beginnings_;
  dialect::JsonCursor json_;       // one serves all: it is used within calls only
  std::mt19937_64 random_;         // for ids, which need not be secret
  std::string protocol_error_id_;  // the text that the last protocol error's answer has views into
  std::set<std::string>
      keys_seen_;  // ids of keys used since the start; the spool knows those of earlier ones
};

}  // namespace postern::gate
