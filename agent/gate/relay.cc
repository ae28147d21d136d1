#include "agent/gate/relay.h"

#include <algorithm>

#include "agent/gate/cap_headers.h"
#include "agent/gate/forwarding.h"

namespace postern::gate {
namespace {

using http::Io;

constexpr std::chrono::milliseconds kGraceAfterStop{100};
constexpr std::chrono::seconds kLongestSilence{60};
constexpr std::string_view kComment = ": held\n\n";  // between events; clients pass over it

std::optional<uint64_t> LengthOf(const http::Head& head) {
  if (head.framing == http::Framing::kLength) return head.content_length;
  if (head.framing == http::Framing::kNone) return 0;
  return std::nullopt;
}

// What the body is encoded in, if it says so. Several headers are one list (RFC 9110 §5.3).
std::optional<std::string> CodingOf(const http::Head& head) {
  std::optional<std::string> coding;
  for (const http::Header& header : head.headers) {
    if (!http::EqualsIgnoringCase(header.name, "content-encoding")) continue;
    coding = coding ? *coding + ", " + std::string(header.value) : std::string(header.value);
  }
  return coding;
}

// A header that speaks of the body's bytes as the provider sent them.
bool IsOfOriginalBytes(const http::Header& header) {
  return http::EqualsIgnoringCase(header.name, "content-encoding");
}

}  // namespace

Relay::Relay(http::Exchange& exchange, http::ClientConnection& upstream,
             const agent::DeadlineConfig& deadlines, dialect::JsonCursor& json, Spending& spending)
    : exchange_(exchange),
      upstream_(upstream),
      spending_(spending),
      deadlines_(deadlines),
      meter_(upstream.head().Find("content-type").value_or(""), json) {
  told_status_ = static_cast<uint32_t>(upstream.head().status);
  const auto coding = CodingOf(upstream.head());
  if (!coding) return;
  auto decoder = decoding::Decoder::Make(*coding);
  if (decoder) {
    decoder_.emplace(*std::move(decoder));
  } else {
    blind_ = true;
    meter_.GiveUp();
  }
}

http::Task<wire::Ending> Relay::Run(const std::string& exchange_id, std::span<const OwnedHeader> warnings) {
  const http::Head& head = upstream_.head();
  auto headers = AnswerHeaders(head);
  if (spending_.has_budget())
    std::erase_if(headers, [](const http::Header& header) { return IsRateLimitHeader(header.name); });
  for (const OwnedHeader& warning : warnings) headers.push_back({warning.name, warning.value});
  headers.push_back({"x-postern-exchange", exchange_id});
  if (screen_ != nullptr) std::erase_if(headers, IsOfOriginalBytes);
  exchange_.Begin(head.status, head.reason, headers, screen_ == nullptr ? LengthOf(head) : std::nullopt);
  exchange_.strand().SetDeadlineIn(deadlines_.stream_idle);
  sent_at_ = exchange_.strand().loop().now();
  for (;;) {
    const http::BodyPiece piece = upstream_.TryReadBody();
    if (piece.io == Io::kWouldBlock) {
      const std::optional<wire::Ending> ended = co_await AwaitMore();
      if (ended) co_return *ended;
      continue;
    }
    if (piece.io != Io::kOk) co_return wire::ENDING_UPSTREAM_CUT;
    auto out = Screened(piece.bytes);
    if (out && piece.last && screen_ != nullptr) out = ScreenedEnd();
    if (!out) {
      meter_.GiveUp();
      co_return wire::ENDING_UPSTREAM_ERROR;
    }
    if (piece.last) {
      meter_.Finish();
      upstream_whole_ = true;
      const Io sent = co_await exchange_.SendLast(*out);
      co_return sent == Io::kOk ? wire::ENDING_COMPLETE : wire::ENDING_CLIENT_GONE;
    }
    if (piece.bytes.empty()) continue;
    if (out->empty() && MustShowLife()) out = kComment;
    if (!out->empty()) {
      const Io sent = co_await exchange_.SendPiece(*out);
      if (sent != Io::kOk) co_return wire::ENDING_CLIENT_GONE;
      flushed_ = true;
      held_since_.reset();
      sent_at_ = exchange_.strand().loop().now();
    }
    if (spending_.must_wait()) {
      const bool goes_on = co_await spending_.MayGoOn();
      if (!goes_on) co_return wire::ENDING_BUDGET;
    }
    exchange_.strand().SetDeadlineIn(Patience());
  }
}

// Whether what comes is held, and the client has been told nothing for long.
bool Relay::MustShowLife() const {
  return screen_ != nullptr && screen_->holds_block() &&
         exchange_.strand().loop().now() - sent_at_ >=
             std::min<std::chrono::nanoseconds>(deadlines_.stream_idle / 4, kLongestSilence);
}

// How long more is waited for.
std::chrono::nanoseconds Relay::Patience() {
  if (meter_.facts().complete) return kGraceAfterStop;
  if (screen_ == nullptr || !screen_->holds()) return deadlines_.stream_idle;
  const BootTime now = exchange_.strand().loop().now();
  if (!held_since_) held_since_ = now;
  return std::max<std::chrono::nanoseconds>(*held_since_ + secrets::StreamScan::kLongestHold - now, {});
}

http::Task<void> Relay::End(dialect::EndingWords words) {
  const BootTime deadline = exchange_.strand().loop().now() + kEndingPatience;
  std::string last;
  if (!exchange_.last_given()) {
    const bool compressed = decoder_ && screen_ == nullptr;
    if (told_status_ != 200 || blind_ || compressed || !meter_.has_events() || exchange_.has_length())
      co_return;
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
  if (screen_ != nullptr && screen_->holds() && !meter_.facts().complete) {
    const auto out = screen_->Release();
    if (!out) {
      meter_.GiveUp();
      co_return wire::ENDING_UPSTREAM_ERROR;
    }
    const Io sent = co_await exchange_.SendPiece(*out);
    if (sent != Io::kOk) co_return wire::ENDING_CLIENT_GONE;
    held_since_.reset();
    exchange_.strand().SetDeadlineIn(deadlines_.stream_idle);
    co_return std::nullopt;
  }
  if (!meter_.facts().complete || upstream_.head().framing == http::Framing::kLength)
    co_return wire::ENDING_DEADLINE;
  const Io sent = co_await exchange_.SendLast("");
  co_return sent == Io::kOk ? wire::ENDING_COMPLETE : wire::ENDING_CLIENT_GONE;
}

// What of these bytes goes on, after the meter has read them. Errors: nothing more may go on.
Result<std::string_view> Relay::Screened(std::string_view bytes) {
  if (screen_ == nullptr) {
    RETURN_IF_ERROR(Meter(bytes));
    return bytes;
  }
  screened_.clear();
  Status passed = Ok{};
  // The meter is told what the client has been told of: whole events.
  const auto take = [&](std::string_view plain) {
    if (!passed) return;
    const auto part = screen_->Feed(plain);
    if (!part) {
      passed = part.error();
      return;
    }
    screened_ += part->out;
    meter_.Feed(part->read);
  };
  if (decoder_) {
    RETURN_IF_ERROR(decoder_->Decode(bytes, take));
  } else {
    take(bytes);
  }
  RETURN_IF_ERROR(passed);
  spending_.See(meter_.facts());
  return std::string_view(screened_);
}

// The same, and what is left at the end.
Result<std::string_view> Relay::ScreenedEnd() {
  ASSIGN_OR_RETURN(const auto rest, screen_->Finish());
  screened_ += rest.out;
  meter_.Feed(rest.read);
  return std::string_view(screened_);
}

// Errors: what follows can't be read. An error answer costs nothing, and passes as it is.
Status Relay::Meter(std::string_view bytes) {
  if (blind_) return Ok{};
  if (decoder_) {
    const Status decoded = decoder_->Decode(bytes, [this](std::string_view plain) { meter_.Feed(plain); });
    blind_ = !decoded;
    if (blind_ && told_status_ / 100 == 2) return decoded;
  } else {
    meter_.Feed(bytes);
  }
  spending_.See(meter_.facts());
  return Ok{};
}

}  // namespace postern::gate
