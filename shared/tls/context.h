// TLS as the data plane needs it: both sides, non-blocking, the peer verified by chain and by host name,
// sessions resumed. Fails closed: a client context without a trust store verifies nothing and so refuses
// everything.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "shared/base/result.h"

struct ssl_ctx_st;

namespace postern::tls {

// Whom a client trusts and how it shows itself. Files are PEM.
struct ClientOptions {
  bool system_roots = true;              // the distribution's trust store
  std::vector<std::string> authorities;  // further files of trusted authorities
  std::string certificate;               // of this client, with `key`; empty for none
  std::string key;
};

struct ServerOptions {
  std::string certificate;  // a chain, leaf first
  std::string key;
  // Files of authorities. Where there are any, only a client with a certificate of one of them is served.
  std::vector<std::string> client_authorities = {};
};

// The settings that many sessions share, and a client's resumable sessions by host. TLS 1.2 and later only.
// Owned by one thread: the session cache isn't locked.
class Context {
 public:
  // kNotFound or kInvalid with the file's name when a file can't be read or isn't what it should be.
  static Result<std::unique_ptr<Context>> Client(const ClientOptions& options);
  static Result<std::unique_ptr<Context>> Server(const ServerOptions& options);
  ~Context();

 private:
  friend class Session;
  struct State;
  explicit Context(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::tls
