// The way of one exchange through the gate, in order:
//
//   guard → identify → inspect → judge → screen → reserve → record → forward → relay → settle
//
// Each step either lets the exchange go on or ends it with a refusal. Nothing goes upstream before its intent
// is written, and no byte of an answer goes to the client before the intent is synced (or sooner, as
// audit.sync says); whatever went upstream gets exactly one outcome. Fails closed: what a step can't make
// sure of, it refuses.
//
// From its body on an exchange is among the gate's live ones, and may be ended at any wait: its strand is
// cancelled, and live_ says why. Then the upstream is cut at once, and the client is refused, or its stream
// ended with the same sentence.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/gate/caller.h"
#include "agent/gate/exchange_events.h"
#include "agent/gate/gate.h"
#include "agent/gate/identification.h"
#include "agent/gate/judgement.h"
#include "agent/gate/live_exchanges.h"
#include "agent/gate/refusal.h"
#include "agent/gate/relay.h"
#include "agent/gate/settings.h"
#include "agent/gate/spending.h"
#include "agent/screening/screening.h"
#include "shared/http/server.h"
#include "shared/http/upstream.h"
#include "shared/wire/event.h"

namespace postern::gate {

// Lives on the frame of the exchange's coroutine. Where that is destroyed in the middle (the agent stops),
// the outcome is recorded with what was seen until then. Owned by the loop thread.
class Passage {
 public:
  Passage(Gate& gate, http::Exchange& exchange);
  Passage(const Passage&) = delete;
  ~Passage();

  http::Task<void> Run();

 private:
  // Steps; a refusal ends the exchange.
  std::optional<Refusal> Route();
  http::Task<std::optional<Refusal>> Identify();
  http::Task<std::optional<Refusal>> ReadBody();
  std::optional<Refusal> Inspect();
  Result<dialect::RequestFacts> ReadRequest();
  std::string Owner() const;
  std::optional<Refusal> JudgePrice();
  http::Task<std::optional<Refusal>> FindGrounds();
  bool HasGrounds() const;
  Grounds MakeGrounds();
  std::optional<Refusal> JudgePolicy();
  void KeepCredentials(uint64_t bits);
  http::Task<std::optional<Refusal>> FindCredential();
  http::Task<std::optional<Refusal>> ReserveMoney();
  std::optional<Refusal> LowerMaxTokens(int64_t most);
  http::Task<void> RunCall();
  http::Task<std::optional<Refusal>> ScreenBody();
  screening::Request ScreeningRequest();
  std::optional<Refusal> ScreenHead(const screening::Request& request);
  void TakeHead(screening::ScreenedHead screened);
  std::vector<std::string> HideNames();  // those that are secrets
  Refusal Unnamed(Refusal refusal);      // which says none of these, nor do the facts any more
  std::optional<Refusal> TakeScreened(screening::Screened screened);
  Status RecordSecrets(const std::vector<screening::Found>& found);
  policy::SecretOrders SecretOrders() const;
  void ScreenAnswer(const http::Head& answer);
  void RecordAnswerSecrets();
  http::Task<void> Forward();
  http::Task<std::optional<Refusal>> AskUpstream(std::optional<http::Lease>& lease);
  http::Task<http::Io> SendAndReadHead(http::ClientConnection& connection, std::string_view head);
  http::Task<void> RelayAnswer(std::optional<http::Lease>& lease);
  bool WasEndedHere();
  http::Task<void> RefuseUnderWay();
  http::Task<void> EndUnderWay();
  http::Task<void> EndForMoney();
  bool WasCutByUs() const;
  void Settle();
  limits::Amounts SettleUsage();

  http::Task<void> Refuse(const Refusal& why);
  http::Task<void> AnswerModels();
  http::Task<void> AnswerHello();
  void NoteFirstUse();
  http::Task<Kept> AwaitSynced();

  Gate& gate_;
  http::Exchange& exchange_;
  Caller& caller_;
  const std::shared_ptr<Settings> settings_;
  const BootTime began_;
  ExchangeFacts facts_;
  LiveExchange live_;
  uint64_t changes_ = 0;  // the gate's, when this was let in
  const std::string id_text_;
  std::shared_ptr<const membership::PolicyInForce> policy_;  // null: this host has none
  std::string os_user_name_;
  std::vector<std::string> credentials_;  // names of those that may be used, where the collector gives them
  std::shared_ptr<const crypto::LockedSecret> credential_line_;
  const WallTime arrived_ = WallNow();  // by whose prices all of it is counted
  std::string price_model_;             // as the price table calls it
  std::string conversation_;
  secrets::Pieces pieces_;                // of the body; null: not known, or it was edited since
  std::vector<size_t> places_;            // of the headers that go on; none: not known yet
  std::vector<std::string> head_values_;  // of the edited head
  std::optional<http::Head> edited_head_;
  Spending spending_;

  // From the intent on.
  bool unsettled_ = false;  // an intent is in the record, or on its way there, and has no outcome
  bool process_known_ = false;
  spool::Ticket ticket_{};
  wire::Event outcome_event_;
  wire::Outcome& outcome_;  // its body
  BootTime body_read_{};
  Sent sent_ = Sent::kNo;
  bool head_unread_ = false;    // of an answer that is none of an error
  std::optional<Relay> relay_;  // what was seen of an answer
};

}  // namespace postern::gate
