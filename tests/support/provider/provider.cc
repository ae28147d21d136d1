#include "tests/support/provider/provider.h"

#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "shared/http/address.h"
#include "tests/support/provider/connection.h"

namespace postern::provider {
namespace {

constexpr int kBacklog = 4096;

}  // namespace

class Provider::Listener final : public http::SocketOwner {
 public:
  Listener(Provider& provider, int descriptor)
      : provider_(provider), socket_(provider.loop(), descriptor, this) {}

  void OnSocketEvent(http::Socket&) override {
    for (;;) {
      const int descriptor = ::accept4(socket_.descriptor(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (descriptor < 0) {
        if (errno == EINTR || errno == ECONNABORTED) continue;
        return;
      }
      const int on = 1;
      ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
      provider_.loop().Spawn(Connection::Serve(provider_, descriptor, ++provider_.connections_));
    }
  }

 private:
  Provider& provider_;
  http::Socket socket_;
};

Provider::Provider(http::Loop& loop, const Options& options)
    : loop_(loop), options_(options), journal_(options.records), pacer_(loop) {}

Provider::~Provider() = default;

Status Provider::Listen() {
  if (!options_.tls_certificate.empty()) {
    tls::ServerOptions secure{options_.tls_certificate, options_.tls_key};
    if (!options_.tls_client_authority.empty()) secure.client_authorities = {options_.tls_client_authority};
    ASSIGN_OR_RETURN(tls_, tls::Context::Server(secure));
  }
  ASSIGN_OR_RETURN(const http::Address address, http::Address::OfHost(options_.address, options_.port));
  const int descriptor = ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0)
    return Error{ErrorCode::kUnavailable, std::string("no socket: ") + std::strerror(errno)};
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  http::Address local;
  if (::bind(descriptor, address.get(), address.size) != 0 || ::listen(descriptor, kBacklog) != 0 ||
      ::getsockname(descriptor, local.get(), &local.size) != 0) {
    const std::string reason = std::strerror(errno);
    ::close(descriptor);
    return Error{ErrorCode::kUnavailable, "can't listen on " + address.ToString() + ": " + reason};
  }
  port_ = local.port();
  listener_ = std::make_unique<Listener>(*this, descriptor);
  return Ok{};
}

void Provider::OpenGate(const std::string& name) {
  open_gates_.insert(name);
  gates_.Ring();
}

http::Task<http::Wake> Provider::PassGate(http::Strand& strand, const std::string& name) {
  return gates_.WaitFor(strand, [this, name] { return open_gates_.contains(name); });
}

void Provider::Reset() {
  journal_.Reset();
  script_.Clear();
  open_gates_.clear();
}

}  // namespace postern::provider
