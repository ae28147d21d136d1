#include "tests/bench/load.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <optional>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "tests/bench/answer_reader.h"

namespace postern::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kStall = std::chrono::seconds(60);

std::atomic<bool> g_interrupted{false};  // NOLINT: a signal handler has nowhere else to write
uint64_t g_next_seed = 1;  // NOLINT: no conversation is ever held twice, so no cache can know it

Error Failed(std::string sentence) { return Error{ErrorCode::kUnavailable, std::move(sentence)}; }

}  // namespace

void StopOnInterrupt() {
  struct sigaction action{};
  action.sa_handler = [](int) { g_interrupted = true; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool WasInterrupted() { return g_interrupted; }

// One client connection and the conversation it holds.
class Connection {
 public:
  Connection(const Target& target, const Shape& shape, int first_turn)
      : target_(target), shape_(shape), conversation_(NewConversation()) {
    for (int turn = 0; turn < first_turn; ++turn) conversation_.Advance();
    is_fresh_ = true;
  }
  ~Connection() { Close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Prepares the next turn's request; the time this takes belongs to no measurement.
  void Compose() {
    if (!is_fresh_) {
      if (conversation_.turn() + 1 < Conversation::kTurns) {
        conversation_.Advance();
      } else {
        conversation_ = NewConversation();
      }
    }
    is_fresh_ = false;
    head_ = "POST /v1/messages?beta=true HTTP/1.1\r\nHost: localhost:" + std::to_string(target_.port) +
            "\r\nAccept: application/json\r\nContent-Type: application/json\r\nUser-Agent: "
            "claude-cli/2.1.330 (external, cli)\r\n"
            "anthropic-version: 2023-06-01\r\nanthropic-beta: claude-code-20250219\r\n"
            "Accept-Encoding: gzip, deflate, br, zstd\r\nContent-Length: " +
            std::to_string(conversation_.size()) + "\r\n" + ScriptHeaderLine(shape_.answer) +
            target_.headers + "\r\n";
    sent_ = 0;
    reader_.Reset();
  }

  Status Open(int epoll) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return Failed("no socket: " + std::string(std::strerror(errno)));
    const int on = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(target_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 &&
        errno != EINPROGRESS) {
      return Failed("cannot connect: " + std::string(std::strerror(errno)));
    }
    epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = this}};
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, socket_, &event);
    return Ok{};
  }

  // Writes what the socket takes now.
  Status Send() {
    while (sent_ < head_.size() + conversation_.size()) {
      std::array<std::string_view, 3> parts = {head_, conversation_.history(), conversation_.ending()};
      std::array<iovec, 3> pieces{};
      size_t count = 0;
      size_t skipped = sent_;
      for (std::string_view part : parts) {
        const size_t skip = std::min(skipped, part.size());
        skipped -= skip;
        part.remove_prefix(skip);
        if (!part.empty()) pieces[count++] = {const_cast<char*>(part.data()), part.size()};
      }
      msghdr message{};
      message.msg_iov = pieces.data();
      message.msg_iovlen = count;
      const ssize_t written = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
      if (written < 0 && (errno == EAGAIN || errno == ENOTCONN)) return Ok{};
      if (written < 0) return Failed("sending a request: " + std::string(std::strerror(errno)));
      sent_ += static_cast<size_t>(written);
    }
    return Ok{};
  }

  // Reads what there is. True when the answer is whole.
  Result<bool> Receive(std::vector<char>& buffer) {
    for (;;) {
      const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
      if (count < 0 && errno == EAGAIN) return false;
      if (count < 0) return Failed("reading an answer: " + std::string(std::strerror(errno)));
      if (count == 0) reader_.ReadEnd();
      else reader_.Read({buffer.data(), static_cast<size_t>(count)});
      if (reader_.state() == AnswerReader::State::kBroken)
        return Failed("an answer was cut short or malformed");
      if (reader_.state() == AnswerReader::State::kComplete) return true;
    }
  }

  Status CheckAnswer() const {
    if (reader_.status() != 200) return Failed("an answer had status " + std::to_string(reader_.status()));
    if (StreamingOf(shape_.answer) == Streaming::kYes && reader_.events() < kEventsInAnswer) {
      return Failed("a stream held only " + std::to_string(reader_.events()) + " events");
    }
    if (reader_.body_bytes() == 0) return Failed("an answer was empty");
    return Ok{};
  }

  void Close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

  const AnswerReader& reader() const { return reader_; }
  bool is_open() const { return socket_ >= 0; }

  bool is_busy = false;
  Clock::time_point due;

 private:
  Conversation NewConversation() const {
    return Conversation(shape_.body_size, StreamingOf(shape_.answer), g_next_seed++);
  }

  const Target& target_;
  const Shape& shape_;
  Conversation conversation_;
  bool is_fresh_ = true;
  int socket_ = -1;
  std::string head_;
  size_t sent_ = 0;
  AnswerReader reader_;
};

class Clients::Driver {
 public:
  Driver(Target target, Shape shape, int connections)
      : target_(std::move(target)),
        shape_(shape),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        buffer_(256 * 1024) {
    CHECK(epoll_ >= 0);
    for (int i = 0; i < connections; ++i) {
      // Staggered, so that a short run too meets every turn of a conversation.
      connections_.push_back(std::make_unique<Connection>(target_, shape_, i % Conversation::kTurns));
      connections_.back()->Compose();
      idle_.push_back(connections_.back().get());
    }
  }
  ~Driver() { ::close(epoll_); }
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;

  Result<Outcome> Run(uint64_t requests, std::optional<double> per_second) {
    outcome_ = {};
    outcome_.latency_us.reserve(requests);
    begun_ = Clock::now();
    last_progress_ = begun_;
    uint64_t started = 0;
    while (outcome_.requests < requests) {
      const auto due_next = [&] {
        return per_second ? begun_ + std::chrono::nanoseconds(static_cast<int64_t>(
                                         1e9 / *per_second * static_cast<double>(started)))
                          : Clock::time_point::min();
      };
      while (started < requests && !idle_.empty() && due_next() <= Clock::now()) {
        Connection& connection = *idle_.front();
        idle_.pop_front();
        connection.due = per_second ? due_next() : Clock::now();
        ++started;
        RETURN_IF_ERROR(Begin(connection));
      }
      const bool waits_for_time = per_second && started < requests && !idle_.empty();
      RETURN_IF_ERROR(Await(waits_for_time ? due_next() : Clock::now() + std::chrono::seconds(1)));
    }
    outcome_.seconds = std::chrono::duration<double>(Clock::now() - begun_).count();
    return std::move(outcome_);
  }

 private:
  Status Begin(Connection& connection) {
    connection.is_busy = true;
    if (!connection.is_open()) return connection.Open(epoll_);  // it sends when it is writable
    return connection.Send();
  }

  Status Await(Clock::time_point until) {
    const auto wait = std::max(until - Clock::now(), Clock::duration::zero());
    const timespec timeout{.tv_sec = wait / std::chrono::seconds(1),
                           .tv_nsec = wait % std::chrono::seconds(1) / std::chrono::nanoseconds(1)};
    std::array<epoll_event, 256> events;
    const int count = ::epoll_pwait2(epoll_, events.data(), events.size(), &timeout, nullptr);
    if (WasInterrupted()) return Failed("interrupted");
    if (Clock::now() - last_progress_ > kStall) return Failed("no answer for 60 s");
    for (int i = 0; i < count; ++i)
      RETURN_IF_ERROR(Serve(*static_cast<Connection*>(events[i].data.ptr), events[i].events));
    return Ok{};
  }

  Status Serve(Connection& connection, uint32_t events) {
    if (!connection.is_busy) {
      if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        connection.Close();  // closed by the proxy while idle
      return Ok{};
    }
    if ((events & EPOLLOUT) != 0) RETURN_IF_ERROR(connection.Send());
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) return Ok{};
    last_progress_ = Clock::now();
    ASSIGN_OR_RETURN(const bool is_whole, connection.Receive(buffer_));
    if (!is_whole) return Ok{};
    RETURN_IF_ERROR(Finish(connection));
    if ((events & EPOLLRDHUP) != 0) connection.Close();
    return Ok{};
  }

  Status Finish(Connection& connection) {
    RETURN_IF_ERROR(connection.CheckAnswer());
    const auto latency = Clock::now() - connection.due;
    ++outcome_.requests;
    outcome_.events += connection.reader().events();
    outcome_.latency_us.push_back(std::chrono::duration<double, std::micro>(latency).count());
    if (!connection.reader().keeps_alive()) connection.Close();
    connection.is_busy = false;
    connection.Compose();
    idle_.push_back(&connection);
    return Ok{};
  }

  const Target target_;
  const Shape shape_;
  const int epoll_;
  std::vector<char> buffer_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::deque<Connection*> idle_;
  Clock::time_point begun_;
  Clock::time_point last_progress_;
  Outcome outcome_;
};

Clients::Clients(Target target, Shape shape, int connections)
    : driver_(std::make_unique<Driver>(std::move(target), shape, connections)) {}
Clients::~Clients() = default;
Clients::Clients(Clients&&) noexcept = default;

Result<Outcome> Clients::Run(uint64_t requests) { return driver_->Run(requests, std::nullopt); }
Result<Outcome> Clients::RunAtRate(uint64_t requests, double per_second) {
  return driver_->Run(requests, per_second);
}

}  // namespace postern::bench
