#include "shared/http/upstream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

namespace postern::http {
namespace {

constexpr size_t kMostTunnelHead = 16 * 1024;

Error Unavailable(std::string sentence) { return {ErrorCode::kUnavailable, std::move(sentence)}; }

}  // namespace

// A connection that rests. Anything that happens to it (an end, bytes nobody asked for, its time) drops it.
class Upstream::Idle final : public SocketOwner, private Timer {
 public:
  Idle(Upstream& upstream, std::unique_ptr<ClientConnection> resting)
      : connection(std::move(resting)), upstream_(upstream) {
    connection->stream().socket().set_owner(this);
    upstream_.loop_.timers().Set(*this, upstream_.loop_.now() + upstream_.options_.idle);
  }

  void OnSocketEvent(Socket& socket) override {
    if (socket.readable() || socket.hung_up()) upstream_.Drop(*this);
  }

  std::unique_ptr<ClientConnection> connection;

 private:
  void OnDeadline() override { upstream_.Drop(*this); }

  Upstream& upstream_;
};

Lease::Lease(Upstream& upstream, std::unique_ptr<ClientConnection> connection, bool reused)
    : upstream_(&upstream), connection_(std::move(connection)), reused_(reused) {
  ++upstream_->counts_.busy;
  if (reused_) ++upstream_->counts_.reused;
}

Lease::~Lease() {
  if (connection_) --upstream_->counts_.busy;
}

void Lease::Return() {
  --upstream_->counts_.busy;
  upstream_->Keep(std::move(connection_));
}

Upstream::Upstream(Loop& loop, BufferPool& buffers, Resolver& resolver, UpstreamOptions options)
    : loop_(loop), buffers_(buffers), resolver_(resolver), options_(std::move(options)) {}

Upstream::~Upstream() = default;

void Upstream::Keep(std::unique_ptr<ClientConnection> connection) {
  if (!connection->IsReusable() || idle_.size() >= options_.most_idle) return;
  connection->Rest();
  idle_.push_front(std::make_unique<Idle>(*this, std::move(connection)));
  counts_.idle = idle_.size();
}

void Upstream::Drop(Idle& idle) {
  std::erase_if(idle_, [&](const auto& entry) { return entry.get() == &idle; });
  counts_.idle = idle_.size();
}

Task<Result<Lease>> Upstream::Take(Strand& strand) {
  if (idle_.empty()) co_return co_await Connect(strand);
  std::unique_ptr<ClientConnection> connection = std::move(idle_.front()->connection);
  idle_.pop_front();
  counts_.idle = idle_.size();
  connection->stream().socket().set_owner(&strand);
  co_return Lease(*this, std::move(connection), true);
}

Task<Result<Lease>> Upstream::Connect(Strand& strand) {
  strand.SetDeadlineIn(options_.connect);
  const std::string& host = options_.proxy ? options_.proxy->host : options_.host;
  const uint16_t port = options_.proxy ? options_.proxy->port : options_.port;
  auto addresses = co_await resolver_.Resolve(strand, host, port);
  if (!addresses) {
    ++counts_.failed;
    co_return addresses.error();
  }
  Error failure = Unavailable("the name " + host + " has no address");
  for (const Address& address : *addresses) {
    auto connection = co_await ConnectTo(strand, address);
    if (connection) {
      ++counts_.opened;
      co_return Lease(*this, *std::move(connection), false);
    }
    failure = connection.error();
    if (strand.cancelled() || strand.expired()) break;
  }
  ++counts_.failed;
  co_return failure;
}

Task<Result<std::unique_ptr<ClientConnection>>> Upstream::ConnectTo(Strand& strand, const Address& address) {
  const int descriptor = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) co_return Unavailable("no socket: " + std::string(std::strerror(errno)));
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(descriptor, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  const int begun = ::connect(descriptor, address.get(), address.size);
  const int error = begun == 0 ? 0 : errno;
  if (error != 0 && error != EINPROGRESS) {
    ::close(descriptor);
    co_return Unavailable("can't connect to " + address.ToString() + ": " + std::strerror(error));
  }
  auto connection = std::make_unique<ClientConnection>(loop_, buffers_, descriptor, &strand);
  while (!connection->stream().socket().writable()) {
    const Wake wake = co_await strand.Wait();
    if (wake == Wake::kCancelled) co_return Unavailable("the client left");
    if (wake == Wake::kDeadline) co_return Unavailable("no connection to " + address.ToString() + " in time");
  }
  int outcome = 0;
  socklen_t size = sizeof(outcome);
  ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &outcome, &size);
  if (outcome != 0)
    co_return Unavailable("can't connect to " + address.ToString() + ": " + std::strerror(outcome));
  if (options_.tls != nullptr) {
    if (options_.proxy) {
      const Status tunnel = co_await Tunnel(strand, *connection);
      if (!tunnel) co_return tunnel.error();
    }
    const Status secured = co_await Secure(strand, *connection);
    if (!secured) co_return secured.error();
  }
  co_return connection;
}

Task<Status> Upstream::Tunnel(Strand& strand, ClientConnection& connection) {
  const bool named = options_.host.find(':') == std::string::npos;
  const std::string authority =
      (named ? options_.host : "[" + options_.host + "]") + ":" + std::to_string(options_.port);
  std::string request = "CONNECT " + authority + " HTTP/1.1\r\nhost: " + authority + "\r\n";
  if (!options_.proxy->authorization.empty())
    request += "proxy-authorization: " + options_.proxy->authorization + "\r\n";
  request += "\r\n";
  std::array<std::string_view, 1> pieces = {request};
  Io io = co_await connection.SendRequest(strand, "HEAD", pieces,
                                          options_.connect);  // like HEAD's, its answer has no body
  if (io == Io::kOk) io = co_await connection.ReadHead(strand, kMostTunnelHead);
  if (io != Io::kOk) co_return Unavailable("the proxy " + options_.proxy->host + " gave no answer");
  if (connection.head().status / 100 != 2) {
    co_return Unavailable("the proxy " + options_.proxy->host + " refused a tunnel with status " +
                          std::to_string(connection.head().status));
  }
  co_return Ok{};
}

Task<Status> Upstream::Secure(Strand& strand, ClientConnection& connection) {
  const std::string& host = options_.host;
  auto session = tls::Session::Connect(*options_.tls, connection.stream().socket().descriptor(), host);
  if (!session) co_return session.error();
  connection.stream().StartTls(*std::move(session));
  const Io io = co_await connection.stream().Handshake(strand);
  if (io == Io::kOk) {
    if (connection.stream().tls()->resumed()) ++counts_.resumed;
    co_return Ok{};
  }
  if (io == Io::kFailed)
    co_return Unavailable("no secure connection to " + host + ": " + connection.stream().tls()->failure());
  co_return Unavailable("no secure connection to " + host + " in time");
}

}  // namespace postern::http
