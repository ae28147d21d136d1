#include "agent/gate/relay.h"

#include "agent/gate/cap_headers.h"
#include "agent/gate/forwarding.h"

namespace postern::gate {
namespace {

using http::Io;

constexpr std::chrono::milliseconds kGraceAfterStop{100};

std::optional<uint64_t> LengthOf(const http::Head& head) {
  if (head.framing == http::Framing::kLength) return head.content_length;
  if (head.framing == http::Framing::kNone) return 0;
  return std::nullopt;
}

}  // namespace

Relay::Relay(http::Exchange& exchange, http::ClientConnection& upstream,
             const agent::DeadlineConfig& deadlines, dialect::JsonCursor& json, Spending& spending)
    : exchange_(exchange),
      upstream_(upstream),
      spending_(spending),
      deadlines_(deadlines),
      meter_(upstream.head().Find("content-type").value_or(""), json) {
  ok_ = upstream.head().status == 200;
  const auto encoding = upstream.head().Find("content-encoding");
  if (!encoding) return;
  auto decoder = decoding::Decoder::Make(*encoding);
  if (decoder) {
    decoder_.emplace(*std::move(decoder));
  } else {
    blind_ = true;
  }
}

http::Task<wire::Ending> Relay::Run(const std::string& exchange_id, std::span<const OwnedHeader> warnings) {
  const http::Head& head = upstream_.head();
  auto headers = AnswerHeaders(head);
  if (!warnings.empty()) {
    std::erase_if(headers, [](const http::Header& header) { return IsRateLimitHeader(header.name); });
    for (const OwnedHeader& warning : warnings) headers.push_back({warning.name, warning.value});
  }
  headers.push_back({"x-postern-exchange", exchange_id});
  exchange_.Begin(head.status, head.reason, headers, LengthOf(head));
  exchange_.strand().SetDeadlineIn(deadlines_.stream_idle);
  for (;;) {
    const http::BodyPiece piece = upstream_.TryReadBody();
    if (piece.io == Io::kWouldBlock) {
      const std::optional<wire::Ending> ended = co_await AwaitMore();
      if (ended) co_return *ended;
      continue;
    }
    if (piece.io != Io::kOk) co_return wire::ENDING_UPSTREAM_CUT;
    Meter(piece.bytes);
    if (piece.last) {
      meter_.Finish();
      upstream_whole_ = true;
      const Io sent = co_await exchange_.SendLast(piece.bytes);
      co_return sent == Io::kOk ? wire::ENDING_COMPLETE : wire::ENDING_CLIENT_GONE;
    }
    if (piece.bytes.empty()) continue;
    const Io sent = co_await exchange_.SendPiece(piece.bytes);
    if (sent != Io::kOk) co_return wire::ENDING_CLIENT_GONE;
    flushed_ = true;
    if (spending_.must_wait()) {
      const bool goes_on = co_await spending_.MayGoOn();
      if (!goes_on) co_return wire::ENDING_BUDGET;
    }
    exchange_.strand().SetDeadlineIn(meter_.facts().complete ? kGraceAfterStop : deadlines_.stream_idle);
  }
}

http::Task<void> Relay::End(dialect::EndingWords words) {
  const BootTime deadline = exchange_.strand().loop().now() + kEndingPatience;
  std::string last;
  if (!exchange_.last_given()) {
    if (!ok_ || blind_ || decoder_ || !meter_.has_events() || exchange_.has_length()) co_return;
    last = dialect::EndingEvents(dialect::StageOf(meter_), words);
  }
  co_await exchange_.EndBy(deadline, last);
}

http::Task<std::optional<wire::Ending>> Relay::AwaitMore() {
  if (!flushed_) {
    const Io sent = co_await exchange_.SendPiece("");
    if (sent != Io::kOk) co_return wire::ENDING_CLIENT_GONE;
    flushed_ = true;
    exchange_.strand().SetDeadlineIn(deadlines_.stream_idle);
  }
  const http::Wake wake = co_await exchange_.strand().Wait();
  if (wake == http::Wake::kEvent) co_return std::nullopt;
  if (wake == http::Wake::kCancelled) co_return wire::ENDING_CLIENT_GONE;
  if (!meter_.facts().complete || upstream_.head().framing == http::Framing::kLength)
    co_return wire::ENDING_DEADLINE;
  const Io sent = co_await exchange_.SendLast("");
  co_return sent == Io::kOk ? wire::ENDING_COMPLETE : wire::ENDING_CLIENT_GONE;
}

void Relay::Meter(std::string_view bytes) {
  if (blind_) return;
  if (decoder_) {
    const Status decoded = decoder_->Decode(bytes, [this](std::string_view plain) { meter_.Feed(plain); });
    if (!decoded) blind_ = true;
  } else {
    meter_.Feed(bytes);
  }
  spending_.See(meter_.facts());
}

}  // namespace postern::gate
