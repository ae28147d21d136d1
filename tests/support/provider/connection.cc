#include "tests/support/provider/connection.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

#include <sys/socket.h>

#include "tests/support/provider/control.h"
#include "tests/support/provider/delivery.h"
#include "tests/support/provider/provider.h"
#include "tests/support/provider/service.h"

namespace postern::provider {
namespace {

using http::Io;
using http::Task;

constexpr size_t kReadAtOnce = 16 * 1024;
constexpr size_t kMostHead = 1 << 20;
constexpr size_t kMostBody = 32 << 20;  // the real provider's limit
constexpr std::chrono::seconds kLinger{2};
constexpr std::string_view kNotHttp =
    "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 12\r\nconnection: "
    "close\r\n\r\nnot HTTP/1.1";

}  // namespace

Connection::Connection(Provider& provider, int descriptor, uint64_t number)
    : provider_(provider),
      strand_(provider.loop()),
      stream_(provider.loop(), descriptor, &strand_),
      number_(number) {}

Task<void> Connection::Serve(Provider& provider, int descriptor, uint64_t number) {
  Connection connection(provider, descriptor, number);
  if (provider.tls() != nullptr) {
    const bool secured = co_await connection.Handshake();
    if (!secured) co_return;
  }
  for (bool more = true; more;) {
    more = co_await connection.ReadHead();
    if (more) more = co_await connection.ServeOne();
    connection.strand_.Watch(nullptr);
    connection.body_.Release();
  }
}

Task<bool> Connection::Handshake() {
  auto session = tls::Session::Accept(*provider_.tls(), stream_.socket().descriptor());
  if (!session) co_return false;
  stream_.StartTls(*std::move(session));
  const Io io = co_await stream_.Handshake(strand_);
  co_return io == Io::kOk;
}

Task<bool> Connection::ReadHead() {
  input_.swap(pending_);
  pending_.clear();
  parser_.Reset();
  std::array<char, kReadAtOnce> fresh;  // NOLINT: filled by the read
  for (;;) {
    const auto state = input_.empty() ? http::MessageParser::State::kMore : parser_.ReadHead(input_, head_);
    if (state == http::MessageParser::State::kDone) break;
    if (state == http::MessageParser::State::kFailed || input_.size() > kMostHead) {
      co_await Write(kNotHttp);
      co_await Linger();
      co_return false;
    }
    const http::IoCount read = co_await stream_.Read(strand_, fresh);
    if (read.io != Io::kOk) co_return false;
    input_.append(fresh.data(), read.bytes);
  }
  pending_.assign(input_, parser_.head_size());
  co_return true;
}

Task<Connection::Body> Connection::ReadBody() {
  if (head_.framing == http::Framing::kNone) co_return Body::kWhole;
  if (head_.framing == http::Framing::kLength && head_.content_length > kMostBody) co_return Body::kTooLarge;
  if (pending_.empty() && head_.minor_version == 1 && head_.Find("expect")) {
    const bool sent = co_await Write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!sent) co_return Body::kGone;
  }
  if (head_.framing == http::Framing::kChunked) {
    const Body body = co_await ReadChunks();
    co_return body;
  }
  const size_t length = head_.content_length;
  body_ = provider_.buffers().Lease(length);
  const size_t early = std::min(length, pending_.size());
  body_.Append(std::string_view(pending_).substr(0, early));
  pending_.erase(0, early);
  while (body_.size() < length) {
    const http::IoCount read = co_await stream_.Read(strand_, body_.spare().first(length - body_.size()));
    if (read.io != Io::kOk) co_return Body::kGone;
    body_.Fill(read.bytes);
  }
  co_return Body::kWhole;
}

Task<Connection::Body> Connection::ReadChunks() {
  body_ = provider_.buffers().Lease(2 * kReadAtOnce);
  for (;;) {
    body_.Reserve(std::max(kReadAtOnce, pending_.size()));
    std::span<char> fresh = body_.spare();
    if (!pending_.empty()) {
      std::copy(pending_.begin(), pending_.end(), fresh.begin());
      fresh = fresh.first(pending_.size());
      pending_.clear();
    } else {
      const http::IoCount read = co_await stream_.Read(strand_, fresh);
      if (read.io != Io::kOk) co_return Body::kGone;
      fresh = fresh.first(read.bytes);
    }
    const auto chunks = parser_.DecodeChunks(fresh);
    if (chunks.state == http::MessageParser::State::kFailed) co_return Body::kMalformed;
    body_.Fill(chunks.payload);
    if (body_.size() > kMostBody) co_return Body::kTooLarge;
    if (chunks.state == http::MessageParser::State::kDone) {
      pending_.assign(fresh.begin() + static_cast<ptrdiff_t>(chunks.consumed), fresh.end());
      co_return Body::kWhole;
    }
  }
}

Task<bool> Connection::ServeOne() {
  if (head_.path().starts_with("/_control/")) {
    const bool more = co_await ServeControl();
    co_return more;
  }
  const auto simulated = head_.Find("x-sim");
  const CannedAnswer* const canned = simulated ? provider_.canned().Get(*simulated) : nullptr;
  if (canned == nullptr) {
    const bool more = co_await ServeApi();
    co_return more;
  }
  const Body body = co_await ReadBody();
  if (body != Body::kWhole) co_return false;
  const bool sent = co_await SendCanned(*canned);
  if (sent) provider_.journal().CountAnswered(std::string(kCannedModel), canned->tokens);
  co_return sent&& head_.keep_alive;
}

Task<bool> Connection::SendCanned(const CannedAnswer& answer) {
  if (answer.ends.empty()) {
    const bool sent = co_await Write(answer.bytes);
    co_return sent;
  }
  strand_.Watch(&stream_.socket());
  BootTime due = BootClock::now();
  size_t begin = 0;
  for (const size_t end : answer.ends) {
    const bool sent = co_await Write(std::string_view(answer.bytes).substr(begin, end - begin));
    if (!sent) co_return false;
    begin = end;
    if (end == answer.bytes.size()) break;
    if (answer.pace.count() == 0) continue;
    due += answer.pace;
    const http::Wake wake = co_await provider_.pacer().SleepUntil(strand_, due);
    if (wake != http::Wake::kEvent) co_return false;
  }
  co_return true;
}

Task<bool> Connection::ServeControl() {
  const Body body = co_await ReadBody();
  if (body != Body::kWhole) co_return false;
  strand_.Watch(&stream_.socket());
  const Answer answer = co_await Control(provider_, strand_, head_, body_.view());
  const Plan plan;
  Delivery delivery(*this, plan, answer, 0);
  const Outcome outcome = co_await delivery.Run();
  co_return outcome == Outcome::kComplete&& head_.keep_alive;
}

Task<bool> Connection::ServeApi() {
  record_ = provider_.journal().Begin(head_, number_);
  sent_.clear();
  Reply reply;
  Outcome outcome = Outcome::kInFlight;
  if (auto early = ReplyEarly(provider_, head_, *record_)) {
    reply = *std::move(early);
  } else {
    const Body body = co_await ReadBody();
    if (body == Body::kGone) outcome = Outcome::kClientGone;
    if (body == Body::kMalformed) outcome = Outcome::kMalformed;
    if (body == Body::kTooLarge) reply = ReplyTooLarge(*record_);
    if (body == Body::kWhole) reply = ReplyTo(provider_, head_, body_.view(), *record_);
  }
  if (outcome == Outcome::kInFlight) {
    if (record_->body_read) strand_.Watch(&stream_.socket());
    Delivery delivery(*this, reply.plan, reply.answer, record_->number);
    outcome = co_await delivery.Run();
  }
  provider_.journal().End(*record_, outcome);
  KeepOnDisk();
  const bool unread = !record_->body_read;
  record_.reset();
  if (outcome != Outcome::kComplete) co_return false;
  if (!head_.keep_alive || unread || Delivery::EndsConnection(reply.plan, reply.answer, head_)) {
    co_await Linger();
    co_return false;
  }
  co_return true;
}

Task<bool> Connection::Write(std::string_view bytes) {
  if (record_ && !provider_.options().record_directory.empty()) sent_ += bytes;
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const http::IoCount written = stream_.TryWrite(std::span(&rest, 1));
    if (written.io == Io::kOk) {
      rest.remove_prefix(written.bytes);
      if (record_) record_->bytes_sent += written.bytes;
      continue;
    }
    if (written.io != Io::kWouldBlock) co_return false;
    const http::Wake wake = co_await strand_.Wait();
    if (wake != http::Wake::kEvent) co_return false;
  }
  co_return true;
}

void Connection::Cut(Ending ending) {
  const int descriptor = stream_.socket().descriptor();
  if (ending == Ending::kReset) {
    const linger abort{1, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
  } else {
    ::shutdown(descriptor, SHUT_WR);
  }
}

// Closing with unread bytes would reset the connection, and the answer might be lost with it.
Task<void> Connection::Linger() {
  strand_.Watch(nullptr);
  stream_.FinishSending();
  strand_.SetDeadlineIn(kLinger);
  std::array<char, kReadAtOnce> unread;  // NOLINT: nobody looks at it
  for (;;) {
    const http::IoCount read = co_await stream_.Read(strand_, unread);
    if (read.io != Io::kOk || strand_.expired()) co_return;
  }
}

void Connection::KeepOnDisk() const {
  const std::string& directory = provider_.options().record_directory;
  if (directory.empty()) return;
  std::array<char, 16> number;  // NOLINT: filled below
  std::snprintf(number.data(), number.size(), "/%06llu", static_cast<unsigned long long>(record_->number));
  const std::string path = directory + number.data();
  std::ofstream(path + ".request", std::ios::binary)
      << std::string_view(input_).substr(0, parser_.head_size()) << body_.view();
  std::ofstream(path + ".answer", std::ios::binary) << sent_;
}

}  // namespace postern::provider
