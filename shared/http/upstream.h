// Connections to one origin: made when needed, kept when they can be used again.
#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "shared/http/client_connection.h"
#include "shared/http/resolver.h"
#include "shared/tls/context.h"

namespace postern::http {

struct Proxy {
  std::string host;
  uint16_t port = 0;
  std::string authorization;  // the value of Proxy-Authorization; empty for none
};

struct UpstreamOptions {
  std::string host;  // a name or an address, without brackets
  uint16_t port = 0;
  tls::Context* tls = nullptr;  // for a secure origin; must live longer
  std::optional<Proxy>
      proxy;  // asked for a tunnel by CONNECT where the origin is secure; else requests must hold whole URLs
  std::chrono::nanoseconds connect{std::chrono::seconds(5)};  // name, connection, proxy and TLS together
  std::chrono::nanoseconds idle{std::chrono::seconds(60)};
  size_t most_idle = 256;
};

struct UpstreamCounts {
  size_t idle = 0;
  size_t busy = 0;
  uint64_t opened = 0;
  uint64_t reused = 0;
  uint64_t resumed = 0;  // of those opened, those that went on with an earlier TLS session
  uint64_t failed = 0;
};

class Upstream;

// A connection in use. Dropped, it closes the connection, which cancels what the origin is doing. Owned by
// the loop thread.
class Lease {
 public:
  Lease(Upstream& upstream, std::unique_ptr<ClientConnection> connection, bool reused);
  Lease(Lease&&) noexcept = default;
  Lease& operator=(Lease&&) = delete;
  ~Lease();

  ClientConnection& operator*() { return *connection_; }
  ClientConnection* operator->() { return connection_.get(); }
  bool reused() const { return reused_; }

  // Gives it back: kept if it can be used again, else closed.
  void Return();

 private:
  Upstream* upstream_;
  std::unique_ptr<ClientConnection> connection_;
  bool reused_;
};

// Owned by the loop thread.
class Upstream {
 public:
  Upstream(Loop& loop, BufferPool& buffers, Resolver& resolver, UpstreamOptions options);
  ~Upstream();

  // A connection whose events wake the strand: the idle one used last, so that the others may rest, or a new
  // one. kUnavailable with one sentence when there is none to be had, or the strand was cancelled.
  Task<Result<Lease>> Take(Strand& strand);
  // A new one in any case, for a second try.
  Task<Result<Lease>> Connect(Strand& strand);

  const UpstreamOptions& options() const { return options_; }
  const UpstreamCounts& counts() const { return counts_; }

 private:
  friend class Lease;
  class Idle;
  // Returns a connection to rest, or closes it.
  void Keep(std::unique_ptr<ClientConnection> connection);
  Task<Result<std::unique_ptr<ClientConnection>>> ConnectTo(Strand& strand, const Address& address);
  Task<Status> Secure(Strand& strand, ClientConnection& connection);
  Task<Status> Tunnel(Strand& strand, ClientConnection& connection);
  void Drop(Idle& idle);

  Loop& loop_;
  BufferPool& buffers_;
  Resolver& resolver_;
  UpstreamOptions options_;
  UpstreamCounts counts_;
  std::list<std::unique_ptr<Idle>> idle_;  // the one used last in front
};

}  // namespace postern::http
