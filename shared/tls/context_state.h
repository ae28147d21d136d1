// What a Context holds, shared with Session. Private to this directory: it includes OpenSSL.
#pragma once

#include <map>
#include <memory>
#include <string>

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

struct Context::State {
  SslContext context;
  std::map<std::string, SslSession, std::less<>> sessions;  // by host; the newest ticket of each
};

// The reason of the newest OpenSSL error, "unknown error" where there is none. Clears the queue.
std::string TakeSslError();

}  // namespace postern::tls
