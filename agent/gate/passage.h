// The way of one exchange through the gate, in order:
//
//   guard → identify → inspect → judge → record → forward → relay → settle
//
// Each step either lets the exchange go on or ends it with a refusal. Nothing goes upstream before its intent
// is written, and no byte of an answer goes to the client before the intent is synced (or sooner, as
// audit.sync says); whatever went upstream gets exactly one outcome. Fails closed: what a step can't make
// sure of, it refuses.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/dialect/answer_meter.h"
#include "agent/dialect/client_headers.h"
#include "agent/dialect/messages_request.h"
#include "agent/gate/gate.h"
#include "agent/gate/refusal.h"
#include "agent/gate/settings.h"
#include "agent/identity/identify.h"
#include "shared/http/server.h"
#include "shared/http/upstream.h"
#include "shared/wire/event.h"

namespace postern::gate {

// Lives on the frame of the exchange's coroutine. Owned by the loop thread.
class Passage {
 public:
  Passage(Gate& gate, http::Exchange& exchange);

  http::Task<void> Run();

 private:
  // Steps; a refusal ends the exchange.
  std::optional<Refusal> Route();
  std::optional<Refusal> Identify();
  http::Task<std::optional<Refusal>> ReadBody();
  std::optional<Refusal> Inspect();
  std::optional<Refusal> Judge() const;
  http::Task<void> RunCall();
  http::Task<void> Forward();
  http::Task<std::optional<Refusal>> AskUpstream(std::optional<http::Lease>& lease);
  http::Task<http::Io> SendAndReadHead(http::ClientConnection& connection, std::string_view head);
  http::Task<void> RelayAnswer(http::Lease& lease);
  void Settle();
  void SettleUsage();

  http::Task<void> Refuse(const Refusal& refusal);
  http::Task<void> AnswerModels();
  http::Task<void> AnswerHello();
  wire::Event MakeIntent() const;
  void FillPrincipal(wire::Principal& principal) const;
  void FillOsUser(wire::OsUser& os_user) const;
  void NoteFirstUse();
  http::Task<Kept> AwaitSynced();

  Gate& gate_;
  http::Exchange& exchange_;
  const std::shared_ptr<Settings> settings_;
  const ExchangeId id_;
  const std::string id_text_;
  const BootTime began_;

  wire::Call call_ = wire::CALL_UNKNOWN;
  identity::Identity identity_;
  dialect::ClientHeaders client_;
  dialect::RequestFacts request_;
  spool::Ticket ticket_{};

  // What becomes of it, for the outcome.
  wire::Outcome outcome_;
  BootTime body_read_{};
  std::optional<dialect::AnswerFacts> answer_;
};

}  // namespace postern::gate
