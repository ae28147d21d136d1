// The part of the way that lies beyond the gate: the provider is asked, and its answer relayed.
#include <array>
#include <cstring>

#include "agent/gate/passage.h"
#include "agent/gate/sentences.h"

namespace postern::gate {
namespace {

using http::Io;

// Stands in the answer that was ended, and stays in the session's history; the sentence follows as the error.
constexpr std::string_view kNotice = "[This answer was ended by Postern.]";

// Wipes a text that holds the provider credential, however its scope ends.
struct Wiper {
  std::string& text;
  ~Wiper() { ::explicit_bzero(text.data(), text.size()); }
};

}  // namespace

http::Task<std::optional<Refusal>> Passage::AskUpstream(std::optional<http::Lease>& lease) {
  const Refusal silent{Reason::kUpstreamSilent, "The provider gave no answer in time."};
  const Refusal broken{Reason::kUpstreamUnreachable, "The provider's connection broke before it answered."};
  std::string head;
  const Wiper wiper{head};
  const http::Head& told = edited_head_ ? *edited_head_ : exchange_.head();
  if (places_.empty()) places_ = HeadersThatGoOn(told);
  AppendUpstreamHead(head, told, places_, settings_->destination, credential_line_->view(),
                     exchange_.body().size());
  gate_.metrics_.ObserveOverhead(BootClock::now() - body_read_);
  Io io = Io::kFailed;
  // A reused connection may have been closed while it lay idle. The request is sent once more only if that is
  // plain: the send failed, or the connection ended properly before any byte of an answer.
  for (int attempt = 0; attempt < 2; ++attempt) {
    http::Strand& strand = exchange_.strand();
    http::Upstream& upstream = *settings_->upstream;
    // A named task: g++ 12 destroys the temporary of a conditional expression in a co_await twice.
    http::Task<Result<http::Lease>> connecting =
        attempt == 0 ? upstream.Take(strand) : upstream.Connect(strand);
    auto taken = co_await std::move(connecting);
    if (!taken) {
      outcome_.set_ending(wire::ENDING_UPSTREAM_ERROR);
      co_return Refusal{Reason::kUpstreamUnreachable,
                        "The provider can't be reached: " + taken.error().message + "."};
    }
    lease.emplace(*std::move(taken));
    sent_ = Sent::kYes;
    http::ClientConnection& connection = **lease;
    io = co_await SendAndReadHead(connection, head);
    const bool nothing_came = !connection.answered();
    const bool again =
        lease->reused() && nothing_came && (io == Io::kClosed || !connection.sent_whole_request());
    if (io == Io::kOk || !again || (io != Io::kClosed && io != Io::kFailed)) break;
    lease.reset();
  }
  if (io == Io::kOk) co_return std::nullopt;
  const http::ClientConnection& asked = **lease;
  head_unread_ = io == Io::kFailed && !asked.failure().empty() && asked.head().status / 100 == 2;
  outcome_.set_ending(io == Io::kDeadline ? wire::ENDING_DEADLINE : wire::ENDING_UPSTREAM_ERROR);
  if (io == Io::kCancelled) outcome_.set_ending(wire::ENDING_CLIENT_GONE);
  co_return io == Io::kDeadline ? silent : broken;
}

http::Task<Io> Passage::SendAndReadHead(http::ClientConnection& connection, std::string_view head) {
  http::Strand& strand = exchange_.strand();
  const agent::DeadlineConfig& deadlines = settings_->config.deadlines;
  std::array<std::string_view, 2> pieces = {head, exchange_.body().view()};
  Io io =
      co_await connection.SendRequest(strand, exchange_.head().method, pieces, deadlines.client_write_stall);
  if (io != Io::kOk) co_return io;
  strand.SetDeadlineIn(deadlines.first_byte);
  for (;;) {
    io = co_await connection.ReadHead(strand, static_cast<size_t>(settings_->config.limits.head_bytes));
    if (io != Io::kOk || connection.head().status / 100 != 1) co_return io;
    // 100 has been said to the client already, if it asked; 101 was not asked for. Others are passed on.
    if (connection.head().status == 101) co_return Io::kFailed;
    if (connection.head().status == 100 || exchange_.head().minor_version == 0) continue;
    const Kept kept = co_await AwaitSynced();
    if (kept != Kept::kYes) co_return kept == Kept::kCancelled ? Io::kCancelled : Io::kFailed;
    const auto headers = AnswerHeaders(connection.head());
    io = co_await exchange_.SendInterim(connection.head().status, connection.head().reason, headers);
    if (io != Io::kOk) co_return io;
    strand.SetDeadlineIn(deadlines.first_byte);
  }
}

http::Task<void> Passage::RelayAnswer(std::optional<http::Lease>& lease) {
  http::ClientConnection& upstream = **lease;
  outcome_.set_first_byte_ns(static_cast<uint64_t>((BootClock::now() - body_read_).count()));
  const http::Head& answer = upstream.head();
  if (const auto id = answer.Find("request-id")) outcome_.set_upstream_request_id(std::string(*id));
  const Kept kept = co_await AwaitSynced();
  if (WasEndedHere()) {
    lease.reset();
    co_await RefuseUnderWay();
    co_return;
  }
  if (kept != Kept::kYes) {
    outcome_.set_ending(kept == Kept::kCancelled ? wire::ENDING_CLIENT_GONE : wire::ENDING_REFUSED_BY_POLICY);
    const http::Answer answer_to_client = Render(RecordRefusal(), id_text_);
    if (kept == Kept::kNo) co_await exchange_.Send(answer_to_client);
    co_return;
  }
  relay_.emplace(exchange_, upstream, settings_->config.deadlines, gate_.json_, spending_);
  if (relay_->blind() && answer.status / 100 == 2) {
    // It was asked for identity. What can't be read can't be billed by what it says, nor be looked through
    // for secrets, so it isn't let through; it costs what was reserved.
    const Refusal refusal{Reason::kUnreadableAnswer,
                          "The provider's answer is encoded in a way that this gate can't read."};
    outcome_.set_status(static_cast<uint32_t>(StatusOf(refusal)));
    outcome_.set_ending(wire::ENDING_UPSTREAM_ERROR);
    lease.reset();
    gate_.metrics_.CountRefusal(refusal.reason);
    const http::Answer answer_to_client = Render(refusal, id_text_);
    co_await exchange_.Send(answer_to_client);
    co_return;
  }
  outcome_.set_status(static_cast<uint32_t>(answer.status));
  const std::vector<OwnedHeader> warnings =
      answer.status / 100 == 2 ? spending_.Warnings() : std::vector<OwnedHeader>();
  ScreenAnswer(answer);
  const wire::Ending ending = co_await relay_->Run(id_text_, warnings);
  outcome_.set_ending(ending);
  if (ending == wire::ENDING_BUDGET) {
    lease.reset();
    co_await EndForMoney();
  } else if (ending != wire::ENDING_COMPLETE && WasEndedHere()) {
    lease.reset();
    co_await EndUnderWay();
  } else if (relay_->upstream_whole()) {
    lease->Return();
  }
}

// A part of the answer has been sent.
http::Task<void> Passage::EndUnderWay() {
  const Refusal& refusal = *live_.ended_by();
  gate_.metrics_.CountRefusal(refusal.reason);
  outcome_.set_ending(EndingOf(refusal));
  co_await relay_->End({kNotice, refusal.sentence, id_text_, TypeInStream(refusal.reason)});
}

}  // namespace postern::gate
