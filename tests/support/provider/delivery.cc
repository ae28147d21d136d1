#include "tests/support/provider/delivery.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "tests/support/provider/coding.h"
#include "tests/support/provider/provider.h"

namespace postern::provider {
namespace {

using http::Task;

constexpr size_t kFlushAt = 64 * 1024;
constexpr std::string_view kEventStream = "text/event-stream";
constexpr std::string_view kUsualHeaders =
    "anthropic-organization-id: 00000000-0000-4000-8000-000000000000\r\n"
    "anthropic-ratelimit-requests-limit: 4000\r\n"
    "anthropic-ratelimit-requests-remaining: 3999\r\n"
    "anthropic-ratelimit-requests-reset: 2026-01-01T00:00:00Z\r\n"
    "anthropic-ratelimit-input-tokens-limit: 2000000\r\n"
    "anthropic-ratelimit-input-tokens-remaining: 1999000\r\n"
    "anthropic-ratelimit-input-tokens-reset: 2026-01-01T00:00:00Z\r\n"
    "anthropic-ratelimit-output-tokens-limit: 400000\r\n"
    "anthropic-ratelimit-output-tokens-remaining: 399000\r\n"
    "anthropic-ratelimit-output-tokens-reset: 2026-01-01T00:00:00Z\r\n";

std::string_view ReasonOf(int status) {
  switch (status) {
    case 100: return "Continue";
    case 102: return "Processing";
    case 103: return "Early Hints";
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 413: return "Payload Too Large";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 529: return "Overloaded";
    default: return "Unknown";
  }
}

std::string InterimHead(int status) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " " + std::string(ReasonOf(status)) + "\r\n";
  if (status == 103) head += "link: </style.css>; rel=preload\r\n";
  return head + "\r\n";
}

}  // namespace

AnswerFraming Delivery::FramingOf(const Plan& plan, const Answer& answer, const http::Head& head) {
  if (plan.http_1_0) return AnswerFraming::kUntilClose;
  AnswerFraming framing = plan.framing;
  if (framing == AnswerFraming::kUsual) {
    framing =
        answer.content_type.starts_with(kEventStream) ? AnswerFraming::kChunked : AnswerFraming::kLength;
  }
  return framing == AnswerFraming::kChunked && head.minor_version == 0 ? AnswerFraming::kUntilClose : framing;
}

bool Delivery::EndsConnection(const Plan& plan, const Answer& answer, const http::Head& head) {
  return plan.raw || plan.close || FramingOf(plan, answer, head) == AnswerFraming::kUntilClose;
}

Task<Outcome> Delivery::Run() {
  due_ = BootClock::now();
  framing_ = FramingOf(plan_, answer_, connection_.head());
  EncodeParts();
  Step step = co_await Start();
  if (step == Step::kGoOn) step = co_await SendParts();
  if (Record* const record = connection_.record()) {
    if (connection_.provider().journal().keeps_records()) record->answer_digest = hasher_.Finish();
  }
  if (step == Step::kCut) connection_.Cut(plan_.cut);
  if (step == Step::kGoOn) co_return Outcome::kComplete;
  co_return step == Step::kCut ? Outcome::kCut : Outcome::kClientGone;
}

void Delivery::EncodeParts() {
  if (plan_.coding == Coding::kIdentity) {
    for (const Part& part : answer_.parts) length_ += part.bytes.size();
    return;
  }
  Coder coder(plan_.coding);
  for (size_t i = 0; i < answer_.parts.size(); ++i) {
    const bool last = i + 1 == answer_.parts.size();
    encoded_.push_back(coder.Code(answer_.parts[i].bytes, last ? Flush::kEnd : Flush::kPart));
    length_ += encoded_.back().size();
  }
}

Task<Delivery::Step> Delivery::Start() {
  Step step = co_await Sleep(plan_.slow_start);
  if (step == Step::kGoOn && !plan_.hold_after) step = co_await PassGate();
  if (step != Step::kGoOn) co_return step;
  for (const int status : plan_.interim) output_ += InterimHead(status);
  if (plan_.raw) {
    output_ += *plan_.raw;
    step = co_await Flush();
    co_return step;
  }
  output_ += ComposeHead();
  if (plan_.first_event.count() > 0) {
    step = co_await Flush();
    if (step == Step::kGoOn) step = co_await Sleep(plan_.first_event);
  }
  co_return step;
}

std::string Delivery::ComposeHead() const {
  std::string head = plan_.http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ";
  head += std::to_string(answer_.status) + " " + std::string(ReasonOf(answer_.status)) + "\r\n";
  head += "content-type: " + answer_.content_type + "\r\n";
  if (number_ > 0) {
    head += "request-id: " + RequestId(number_) + "\r\n";
    head += kUsualHeaders;
  }
  head += answer_.extra_headers;
  if (plan_.coding != Coding::kIdentity)
    head += "content-encoding: " + std::string(NameOf(plan_.coding)) + "\r\n";
  if (framing_ == AnswerFraming::kLength) head += "content-length: " + std::to_string(length_) + "\r\n";
  if (framing_ == AnswerFraming::kChunked) head += "transfer-encoding: chunked\r\n";
  if (plan_.close || (framing_ == AnswerFraming::kUntilClose && !plan_.http_1_0))
    head += "connection: close\r\n";
  return head + "\r\n";
}

Task<Delivery::Step> Delivery::SendParts() {
  const size_t count = plan_.raw || !HasBody() ? 0 : answer_.parts.size();
  const bool held_open = !plan_.hold.empty() && plan_.hold_after && *plan_.hold_after >= count;
  for (size_t i = 0; i < count; ++i) {
    Step step = co_await BeforePart(i);
    if (step != Step::kGoOn) co_return step;
    const std::string& bytes = encoded_.empty() ? answer_.parts[i].bytes : encoded_[i];
    if (plan_.write > 0) {
      step = co_await SendSliced(bytes);
    } else {
      AddFramed(bytes);
    }
    ++parts_in_output_;
    const bool last = i + 1 == count;
    const bool unended = held_open || (plan_.cut_after && *plan_.cut_after >= count);
    if (last && framing_ == AnswerFraming::kChunked && !unended) output_ += "0\r\n\r\n";
    if (step == Step::kGoOn && (last || plan_.pace.count() > 0 || output_.size() >= kFlushAt))
      step = co_await Flush();
    if (step == Step::kGoOn && !last && plan_.pace.count() > 0) step = co_await Sleep(plan_.pace);
    if (step != Step::kGoOn) co_return step;
  }
  Step step = co_await Flush();
  if (step == Step::kGoOn && held_open) {
    step = co_await PassGate();
    if (framing_ == AnswerFraming::kChunked) output_ += "0\r\n\r\n";
    if (step == Step::kGoOn) step = co_await Flush();
  }
  co_return step == Step::kGoOn&& plan_.cut_after && *plan_.cut_after >= count&& count > 0 ? Step::kCut
                                                                                           : step;
}

Task<Delivery::Step> Delivery::BeforePart(size_t index) {
  if (plan_.hold_after == index) {
    Step step = co_await Flush();
    if (step == Step::kGoOn) step = co_await PassGate();
    if (step != Step::kGoOn) co_return step;
  }
  if (plan_.cut_after == index) {
    const Step step = co_await Flush();
    co_return step == Step::kGoOn ? Step::kCut : step;
  }
  co_return Step::kGoOn;
}

void Delivery::AddFramed(std::string_view bytes) {
  if (Record* const record = connection_.record()) {
    record->answer_size += bytes.size();
    if (connection_.provider().journal().keeps_records()) hasher_.Update(bytes);
  }
  if (framing_ != AnswerFraming::kChunked) {
    output_ += bytes;
    return;
  }
  if (bytes.empty()) return;
  std::array<char, 16> hex;  // NOLINT: filled below
  const char* const end = std::to_chars(hex.data(), hex.data() + hex.size(), bytes.size(), 16).ptr;
  output_.append(hex.data(), static_cast<size_t>(end - hex.data()));
  output_ += "\r\n";
  output_ += bytes;
  output_ += "\r\n";
}

Task<Delivery::Step> Delivery::SendSliced(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t size = std::min(bytes.size(), plan_.write);
    AddFramed(bytes.substr(0, size));
    bytes.remove_prefix(size);
    if (bytes.empty()) break;  // goes out with what comes after the part
    const Step step = co_await Flush();
    if (step != Step::kGoOn) co_return step;
  }
  co_return Step::kGoOn;
}

Task<Delivery::Step> Delivery::Flush() {
  if (output_.empty()) co_return Step::kGoOn;
  Record* const record = connection_.record();
  std::string_view bytes = output_;
  bool cut = false;
  if (record != nullptr && plan_.cut_bytes) {
    const size_t left = *plan_.cut_bytes - std::min<size_t>(*plan_.cut_bytes, record->bytes_sent);
    cut = left <= bytes.size();
    bytes = bytes.substr(0, left);
  }
  const bool sent = co_await connection_.Write(bytes);
  if (!sent) co_return Step::kGone;
  if (cut) co_return Step::kCut;
  output_.clear();
  if (record != nullptr) {
    for (; parts_in_output_ > 0; --parts_in_output_) {
      const Part& part = answer_.parts[parts_sent_++];
      if (part.tells) record->told = *part.tells;
    }
    record->events_sent = parts_sent_;
    connection_.provider().journal().bell().Ring();
  }
  parts_in_output_ = 0;
  co_return Step::kGoOn;
}

Task<Delivery::Step> Delivery::Sleep(std::chrono::milliseconds time) {
  if (time.count() <= 0) co_return Step::kGoOn;
  due_ = std::max(due_ + time, BootClock::now());
  const http::Wake wake = co_await connection_.provider().pacer().SleepUntil(connection_.strand(), due_);
  co_return wake == http::Wake::kEvent ? Step::kGoOn : Step::kGone;
}

Task<Delivery::Step> Delivery::PassGate() {
  if (plan_.hold.empty()) co_return Step::kGoOn;
  const http::Wake wake = co_await connection_.provider().PassGate(connection_.strand(), plan_.hold);
  due_ = BootClock::now();
  co_return wake == http::Wake::kEvent ? Step::kGoOn : Step::kGone;
}

}  // namespace postern::provider
