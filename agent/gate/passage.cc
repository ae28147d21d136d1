#include "agent/gate/passage.h"

#include "agent/gate/loopback_guard.h"
#include "agent/gate/sentences.h"
#include "shared/base/log.h"

namespace postern::gate {
namespace {

wire::Call CallOf(std::string_view path) {
  if (path == "/v1/messages") return wire::CALL_MESSAGES;
  if (path == "/v1/messages/count_tokens") return wire::CALL_COUNT_TOKENS;
  if (path == "/v1/models") return wire::CALL_MODELS;
  return wire::CALL_UNKNOWN;
}

// What clients ask at their start, without a key, to see whether somebody is there.
bool IsHello(const http::Head& head) {
  return (head.path() == "/" || head.path() == "/api/hello") &&
         (head.method == "HEAD" || head.method == "GET");
}

}  // namespace

Passage::Passage(Gate& gate, http::Exchange& exchange)
    : gate_(gate),
      exchange_(exchange),
      caller_(static_cast<Caller&>(*exchange.note())),
      settings_(gate.settings()),
      began_(exchange.began()),
      facts_{.id = gate.MakeId()},
      live_(exchange.strand(), facts_.identity, caller_.uid(), facts_.id),
      id_text_(facts_.id.ToString()),
      spending_(exchange.strand(), gate.purse_, gate.history_, gate.metrics_, facts_),
      outcome_event_(gate.recorder_.BlankOutcome()),
      outcome_(*outcome_event_.mutable_outcome()) {}

Passage::~Passage() {
  if (!unsettled_) return;
  outcome_.set_ending(wire::ENDING_INTERRUPTED);
  Settle();
}

http::Task<void> Passage::Run() {
  const http::Head& head = exchange_.head();
  for (const http::Header& header : head.headers) facts_.client.See(header.name, header.value);
  std::optional<Refusal> refusal = GuardLoopback(head);
  if (!refusal && IsHello(head)) {
    co_await AnswerHello();
    co_return;
  }
  if (!refusal) refusal = Route();
  if (!refusal) refusal = co_await Identify();
  if (exchange_.strand().cancelled()) co_return;
  if (refusal) {
    co_await Refuse(*refusal);
  } else if (facts_.call == wire::CALL_MODELS) {
    co_await AnswerModels();
  } else {
    co_await RunCall();
  }
}

std::optional<Refusal> Passage::Route() {
  const http::Head& head = exchange_.head();
  facts_.call = CallOf(head.path());
  if (facts_.call == wire::CALL_UNKNOWN) {
    return Refusal{
        Reason::kNotFound,
        "This gate has no such path; it serves /v1/messages, /v1/messages/count_tokens and /v1/models."};
  }
  if (head.method != (facts_.call == wire::CALL_MODELS ? "GET" : "POST")) {
    return Refusal{Reason::kWrongMethod, "This path of the gate is not for that method."};
  }
  return std::nullopt;
}

http::Task<void> Passage::RunCall() {
  std::optional<Refusal> refusal = co_await ReadBody();
  if (exchange_.strand().cancelled()) co_return;
  if (!refusal) refusal = gate_.Enter(live_, changes_);
  if (!refusal) refusal = Inspect();
  if (!refusal) refusal = JudgePrice();
  if (!refusal && !HasGrounds()) refusal = co_await FindGrounds();
  if (!refusal && !exchange_.strand().cancelled()) refusal = JudgePolicy();
  if (!refusal) refusal = co_await FindCredential();
  if (!refusal && !exchange_.strand().cancelled()) refusal = co_await ScreenBody();
  if (!refusal && !exchange_.strand().cancelled()) refusal = co_await ReserveMoney();
  if (WasEndedHere()) refusal = live_.ended_by();
  if (exchange_.strand().cancelled()) co_return;
  if (refusal) {
    co_await Refuse(*refusal);
    co_return;
  }
  co_await Forward();
}

http::Task<std::optional<Refusal>> Passage::ReadBody() {
  const http::BodyState state = co_await exchange_.ReadBody();
  body_read_ = BootClock::now();
  switch (state) {
    case http::BodyState::kWhole: co_return std::nullopt;
    case http::BodyState::kTooLarge:
      co_return Refusal{Reason::kTooLarge, "This request is larger than this gate lets through."};
    case http::BodyState::kMalformed:
      co_return Refusal{Reason::kProtocol, "This request's body is not valid HTTP/1.1."};
    case http::BodyState::kTimedOut:
      co_return Refusal{Reason::kTimedOut, "This request's body did not arrive in time."};
    case http::BodyState::kGone: break;
  }
  exchange_.strand().Cancel();
  co_return std::nullopt;
}

http::Task<void> Passage::Forward() {
  NoteFirstUse();
  auto ticket = gate_.recorder_.Append(
      IntentEvent(facts_, caller_, settings_->destination.host, gate_.recorder_.BlankIntent()));
  if (!ticket) {
    const Refusal refusal = RecordRefusal();
    co_await Refuse(refusal);
    co_return;
  }
  ticket_ = *ticket;
  unsettled_ = true;
  spending_.Begun();
  process_known_ = caller_.process_known();
  gate_.metrics_.Began();

  const bool synced_first = settings_->config.audit.sync == agent::AuditConfig::Sync::kBeforeForward;
  const Kept kept = co_await gate_.recorder_.Await(exchange_.strand(), ticket_,
                                                   synced_first ? Durability::kSynced : Durability::kWritten);
  if (kept == Kept::kYes) {
    std::optional<http::Lease> lease;
    std::optional<Refusal> failure = co_await AskUpstream(lease);
    if (WasEndedHere()) {
      lease.reset();
      co_await RefuseUnderWay();
    } else if (!failure) {
      co_await RelayAnswer(lease);
    } else if (!exchange_.strand().cancelled()) {
      gate_.metrics_.CountRefusal(failure->reason);
      outcome_.set_status(static_cast<uint32_t>(StatusOf(*failure)));
      const http::Answer answer = Render(*failure, id_text_);
      const Kept safe = co_await AwaitSynced();
      if (safe == Kept::kYes) co_await exchange_.Send(answer);
    }
  } else if (kept == Kept::kNo) {
    const Refusal refusal = RecordRefusal();
    gate_.metrics_.CountRefusal(refusal.reason);
    outcome_.set_ending(wire::ENDING_REFUSED_BY_POLICY);
    const http::Answer answer = Render(refusal, id_text_);
    outcome_.set_status(static_cast<uint32_t>(answer.status));
    co_await exchange_.Send(answer);
  } else if (WasEndedHere()) {
    co_await RefuseUnderWay();
  }
  if (exchange_.strand().cancelled() && outcome_.ending() == wire::ENDING_UNKNOWN) {
    outcome_.set_ending(wire::ENDING_CLIENT_GONE);
  }
  if (WasCutByUs()) outcome_.set_ending(wire::ENDING_INTERRUPTED);
  Settle();
}

// At the shutdown deadline connections are cancelled, which otherwise only clients do that leave.
bool Passage::WasCutByUs() const {
  return outcome_.ending() == wire::ENDING_CLIENT_GONE && exchange_.server().aborted();
}

// Whether the gate has ended this meanwhile. Then the strand is of use again for what is left to be said,
// unless the client has gone too or the agent stops.
bool Passage::WasEndedHere() {
  if (!live_.ended_by() || exchange_.server().aborted()) return false;
  exchange_.strand().Recover();
  return !exchange_.strand().cancelled();
}

// Nothing of an answer has been sent yet.
http::Task<void> Passage::RefuseUnderWay() {
  const Refusal& refusal = *live_.ended_by();
  gate_.metrics_.CountRefusal(refusal.reason);
  outcome_.set_ending(EndingOf(refusal));
  outcome_.set_status(static_cast<uint32_t>(StatusOf(refusal)));
  exchange_.strand().ClearDeadline();
  const http::Answer answer = Render(refusal, id_text_);
  co_await exchange_.Send(answer);
}

http::Task<Kept> Passage::AwaitSynced() {
  if (settings_->config.audit.sync == agent::AuditConfig::Sync::kOs) co_return Kept::kYes;
  exchange_.strand().ClearDeadline();
  co_return co_await gate_.recorder_.Await(exchange_.strand(), ticket_, Durability::kSynced);
}

void Passage::Settle() {
  unsettled_ = false;
  RecordAnswerSecrets();
  gate_.metrics_.Ended();
  outcome_.set_exchange(facts_.id.raw().data(), facts_.id.raw().size());
  outcome_.set_bytes_in(facts_.body_bytes);
  outcome_.set_bytes_out(exchange_.body_bytes_sent());
  outcome_.set_total_ns(static_cast<uint64_t>((BootClock::now() - began_).count()));
  if (!process_known_ && caller_.process_known()) caller_.Fill(*outcome_.mutable_os_user());
  const limits::Amounts spent = SettleUsage();
  gate_.metrics_.CountBytes(outcome_.bytes_in(), outcome_.bytes_out());
  gate_.metrics_.CountExchange(wire::CallName(facts_.call), wire::EndingName(outcome_.ending()));
  const auto ticket = spending_.has_limits() ? spending_.Settle(spent, std::move(outcome_event_))
                                             : gate_.recorder_.Append(std::move(outcome_event_));
  if (!ticket) {
    LOG_LIMITED(std::chrono::seconds(10), Level::kError, "an outcome could not be recorded",
                {{"exchange", id_text_}});
  }
}

http::Task<void> Passage::Refuse(const Refusal& why) {
  const Refusal refusal = Unnamed(why);
  gate_.metrics_.CountRefusal(refusal.reason);
  gate_.RecordRefusal(RefusalEvent(facts_, caller_, refusal));
  const http::Answer answer = Render(refusal, id_text_);
  co_await exchange_.Send(answer);
}

http::Task<void> Passage::AnswerHello() {
  http::Answer answer;
  answer.headers = {{"content-type", "text/plain"}};
  if (exchange_.head().method == "GET") answer.body = "postern\n";
  co_await exchange_.Send(answer);
}

void Passage::NoteFirstUse() {
  const std::optional<KeyId>& key = facts_.identity.key;
  if (!key || !gate_.keys_seen_.insert(key->value).second) return;
  const auto ticket = gate_.recorder_.Append(KeyFirstUsedEvent(facts_, caller_));
  if (!ticket) gate_.keys_seen_.erase(key->value);
}

}  // namespace postern::gate
