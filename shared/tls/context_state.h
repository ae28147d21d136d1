// What a Context holds, shared with Session. Private to this directory: it includes OpenSSL.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <openssl/ssl.h>

#include "shared/tls/context.h"

namespace postern::tls {

template <auto kFree>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using SslContext = std::unique_ptr<SSL_CTX, Freer<SSL_CTX_free>>;
using SslSession = std::unique_ptr<SSL_SESSION, Freer<SSL_SESSION_free>>;
using Ssl = std::unique_ptr<SSL, Freer<SSL_free>>;

// Tickets by host, the newest last. Each is used once (RFC 8446, appendix C.4), and a server gives several,
// so that connections that are made at the same time can all resume.
using Sessions = std::map<std::string, std::vector<SslSession>, std::less<>>;

struct Context::State {
  SslContext context;
  Sessions sessions;
};

// The reason of the newest OpenSSL error, "unknown error" where there is none. Clears the queue.
std::string TakeSslError();

}  // namespace postern::tls
