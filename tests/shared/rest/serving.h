// A server on a port of its own with a certificate of its own, and how to reach it.
#pragma once

#include <memory>
#include <string>

#include "shared/base/check.h"
#include "shared/rest/client.h"
#include "shared/rest/server.h"
#include "shared/tls/context.h"
#include "tests/support/certificate.h"
#include "tests/support/http_client.h"
#include "tests/support/temporary_directory.h"

namespace postern::rest {

class Serving {
 public:
  explicit Serving(Server::Handler handler, ServerOptions options = {})
      : certificate_(support::MakeCertificate(directory_)) {
    options.certificate = certificate_.certificate;
    options.key = certificate_.key;
    auto server = Server::Start(options, std::move(handler));
    CHECK(server.has_value());
    server_ = *std::move(server);
    tls::ClientOptions trust;
    trust.system_roots = false;
    trust.authorities = {certificate_.certificate};
    tls_ = *tls::Context::Client(trust);
  }

  Server& server() { return *server_; }
  const support::TemporaryDirectory& directory() const { return directory_; }
  const support::Certificate& certificate() const { return certificate_; }
  std::string url() const { return "https://localhost:" + std::to_string(server_->port()); }

  ClientOptions Trusting() const {
    ClientOptions options;
    options.url = url();
    options.authority = certificate_.certificate;
    return options;
  }

  // For tests that must be rude; TLS where it is asked for.
  support::Target Raw() {
    support::Target target;
    target.port = server_->port();
    target.tls = tls_.get();
    return target;
  }
  support::Target Plain() {
    support::Target target = Raw();
    target.tls = nullptr;
    return target;
  }

 private:
  support::TemporaryDirectory directory_;
  support::Certificate certificate_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<tls::Context> tls_;
};

// Says what it was asked.
inline Response Echo(const Request& request) {
  Response response;
  response.content_type = "text/plain";
  response.body = request.method + " " + request.path + " " + request.source + " " + request.body;
  return response;
}

}  // namespace postern::rest
