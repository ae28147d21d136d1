#include "shared/http/server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "shared/base/log.h"

namespace postern::http {
namespace {

// With a head comes little of a large body: the rest is read into its own buffer instead of copied there.
constexpr size_t kReadHeadAtOnce = 4 * 1024;
constexpr int kBacklog = 1024;
constexpr std::chrono::milliseconds kAcceptAgain{100};
constexpr std::chrono::seconds kLinger{2};
// A finished connection's strings are kept for the next request only when they are small.
constexpr size_t kKeptCapacity = 4096;

}  // namespace

// A socket that listens. When descriptors run out it tries again by itself, since the edge has been used up.
class Server::Listener final : public SocketOwner, private Timer {
 public:
  Listener(Server& server, int descriptor) : server_(server), socket_(server.loop(), descriptor, this) {}

  void OnSocketEvent(Socket&) override { AcceptAll(); }

 private:
  void OnDeadline() override { AcceptAll(); }
  void AcceptAll();

  Server& server_;
  Socket socket_;
};

// One client's connection, on the frame of its coroutine.
class Connection {
 public:
  Connection(Server& server, int descriptor, const Address& client, const Address& local)
      : server_(server),
        strand_(server.loop()),
        stream_(server.loop(), descriptor, &strand_),
        client_(client),
        local_(local),
        exchange_(server, strand_, stream_, client_, local_) {
    server_.connections_.insert(this);
    if (server_.on_accept_) note_ = server_.on_accept_(client_, local_);
    exchange_.note_ = note_.get();
  }
  Connection(const Connection&) = delete;
  ~Connection() { server_.connections_.erase(this); }

  static Task<void> Serve(Server& server, int descriptor, Address client, Address local) {
    Connection connection(server, descriptor, client, local);
    co_await connection.Run();
  }

  bool idle() const { return idle_; }
  void Cancel() { strand_.Cancel(); }

 private:
  Task<void> Run();
  Task<bool> Handshake();
  Task<bool> ReadHead();
  Task<void> Refuse(int status, std::string sentence);
  Task<void> Linger();
  std::optional<ProtocolError> CheckHead() const;
  void PrepareExchange();

  Server& server_;
  Strand strand_;
  Stream stream_;
  const Address client_;
  const Address local_;
  Exchange exchange_;
  std::unique_ptr<ConnectionNote> note_;
  bool idle_ = true;
};

Task<void> Connection::Run() {
  if (server_.tls_ != nullptr) {
    const bool secured = co_await Handshake();
    if (!secured) co_return;
  }
  for (;;) {
    PrepareExchange();
    const bool read = co_await ReadHead();
    if (!read) co_return;
    if (auto error = CheckHead()) {
      co_await Refuse(error->status, std::move(error->sentence));
      co_return;
    }
    co_await server_.handler_(exchange_);
    strand_.Watch(nullptr);
    exchange_.body_.Release();
    if (!exchange_.finished_) {
      // Cut so that nobody takes it for a proper end: a body that ends with the connection has no other sign.
      if (exchange_.begun_ && !exchange_.chunked_ && !exchange_.left_) {
        const linger reset{1, 0};
        ::setsockopt(stream_.socket().descriptor(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
      }
      co_return;
    }
    if (!exchange_.keep_alive_) {
      co_await Linger();
      co_return;
    }
  }
}

Task<bool> Connection::Handshake() {
  auto session = tls::Session::Accept(*server_.tls_, stream_.socket().descriptor());
  if (!session) co_return false;
  stream_.StartTls(*std::move(session));
  strand_.SetDeadlineIn(server_.limits_.head);
  const Io io = co_await stream_.Handshake(strand_);
  co_return io == Io::kOk;
}

void Connection::PrepareExchange() {
  Exchange& exchange = exchange_;
  exchange.input_.swap(exchange.pending_);
  exchange.pending_.clear();
  for (std::string* kept : {&exchange.input_, &exchange.pending_, &exchange.output_}) {
    if (kept->empty() && kept->capacity() > kKeptCapacity) *kept = std::string();
  }
  exchange.parser_.Reset();
  exchange.body_read_ = exchange.begun_ = exchange.chunked_ = exchange.finished_ = false;
  exchange.last_given_ = false;
  exchange.left_.reset();
  exchange.body_bytes_sent_ = 0;
}

Task<bool> Connection::ReadHead() {
  Exchange& exchange = exchange_;
  idle_ = exchange.input_.empty();
  if (server_.draining_ && idle_) co_return false;
  strand_.SetDeadlineIn(idle_ ? server_.limits_.idle : server_.limits_.head);
  for (;;) {
    if (!exchange.input_.empty()) {
      const auto state = exchange.parser_.ReadHead(exchange.input_, exchange.head_);
      if (state == MessageParser::State::kDone) break;
      if (state == MessageParser::State::kFailed) {
        exchange.head_ = Head();
        co_await Refuse(400, "This request is not valid HTTP/1.1: " + exchange.parser_.failure() + ".");
        co_return false;
      }
      if (exchange.input_.size() > server_.limits_.head_bytes) break;
    }
    const std::span<char> scratch = std::span(*server_.scratch_).first(kReadHeadAtOnce);
    IoCount read = stream_.TryRead(scratch);
    while (read.io == Io::kWouldBlock) {
      const Wake wake = co_await strand_.Wait();
      if (wake != Wake::kEvent) {
        if (wake == Wake::kDeadline && !idle_) {
          exchange.head_ = Head();
          co_await Refuse(408, "The head of this request did not arrive in time.");
        }
        co_return false;
      }
      read = stream_.TryRead(scratch);
    }
    if (read.io != Io::kOk) co_return false;
    if (idle_) {
      idle_ = false;
      strand_.SetDeadlineIn(server_.limits_.head);
    }
    exchange.input_.append(scratch.data(), read.bytes);
  }
  const size_t head_size = exchange.parser_.head_size();
  if (head_size == 0 || head_size > server_.limits_.head_bytes) {
    exchange.head_ = Head();
    co_await Refuse(431, "The head of this request is too large.");
    co_return false;
  }
  exchange.pending_.assign(exchange.input_, head_size);
  exchange.keep_alive_ = exchange.head_.keep_alive;
  exchange.began_ = BootClock::now();
  strand_.ClearDeadline();
  co_return true;
}

std::optional<ProtocolError> Connection::CheckHead() const {
  const Head& head = exchange_.head_;
  const size_t hosts = head.Count("host");
  if (hosts > 1 || (hosts == 0 && head.minor_version == 1))
    return ProtocolError{400, "A request has exactly one Host."};
  if (const auto expect = head.Find("expect"); expect && !EqualsIgnoringCase(*expect, "100-continue")) {
    return ProtocolError{417, "The only expectation that can be met is 100-continue."};
  }
  return std::nullopt;
}

Task<void> Connection::Refuse(int status, std::string sentence) {
  exchange_.keep_alive_ = false;
  const ProtocolError error{status, std::move(sentence)};
  const Answer answer = server_.render_(error);
  const Io io = co_await exchange_.Send(answer);
  if (io == Io::kOk) co_await Linger();
}

// Closing with unread bytes would reset the connection, and the answer might be lost with it.
Task<void> Connection::Linger() {
  stream_.FinishSending();
  strand_.SetDeadlineIn(kLinger);
  for (;;) {
    IoCount read = stream_.TryRead(*server_.scratch_);
    while (read.io == Io::kWouldBlock) {
      const Wake wake = co_await strand_.Wait();
      if (wake != Wake::kEvent) co_return;
      read = stream_.TryRead(*server_.scratch_);
    }
    if (read.io != Io::kOk || strand_.expired()) co_return;
  }
}

void Server::Listener::AcceptAll() {
  for (;;) {
    Address client;
    const int descriptor =
        ::accept4(socket_.descriptor(), client.get(), &client.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) {
        LOG_LIMITED(std::chrono::seconds(10), Level::kWarning, "no connection can be accepted",
                    {{"error", std::strerror(errno)}});
        server_.loop_.timers().Set(*this, server_.loop_.now() + kAcceptAgain);
      }
      return;
    }
    if (server_.connections_.size() >= server_.limits_.connections) {
      LOG_LIMITED(std::chrono::seconds(10), Level::kWarning, "a connection was closed: too many are open",
                  {{"limit", server_.limits_.connections}});
      ::close(descriptor);
      continue;
    }
    Address local;
    ::getsockname(descriptor, local.get(), &local.size);
    if (local.family() != AF_UNIX) {
      const int on = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    server_.loop_.Spawn(Connection::Serve(server_, descriptor, client, local));
  }
}

Server::Server(Loop& loop, BufferPool& buffers, const ServerLimits& limits, Handler handler, Renderer render,
               tls::Context* tls)
    : loop_(loop),
      buffers_(buffers),
      limits_(limits),
      handler_(std::move(handler)),
      render_(std::move(render)),
      tls_(tls),
      scratch_(std::make_unique<Scratch>()) {}

Server::~Server() = default;

Status Server::Listen(const Address& address) {
  const int descriptor = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return Error{ErrorCode::kUnavailable, "no socket: " + std::string(std::strerror(errno))};
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address.family() == AF_INET6) ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  if (::bind(descriptor, address.get(), address.size) != 0 || ::listen(descriptor, kBacklog) != 0) {
    const std::string reason = std::strerror(errno);
    ::close(descriptor);
    return Error{ErrorCode::kUnavailable, "can't listen on " + address.ToString() + ": " + reason};
  }
  return Adopt(descriptor);
}

Status Server::Adopt(int descriptor) {
  Address local;
  if (::getsockname(descriptor, local.get(), &local.size) != 0) {
    return Error{ErrorCode::kUnavailable, "an inherited descriptor is not a socket"};
  }
  // systemd hands over sockets that block, and the accept that finds nobody would stop the loop.
  ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  ::fcntl(descriptor, F_SETFD, FD_CLOEXEC);
  addresses_.push_back(local);
  listeners_.push_back(std::make_unique<Listener>(*this, descriptor));
  return Ok{};
}

void Server::Drain() {
  draining_ = true;
  listeners_.clear();
  for (Connection* connection : connections_) {
    if (connection->idle()) connection->Cancel();
  }
}

void Server::Abort() {
  Drain();
  aborted_ = true;
  for (Connection* connection : connections_) connection->Cancel();
}

}  // namespace postern::http
