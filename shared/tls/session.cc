#include "shared/tls/session.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "shared/tls/context_state.h"

namespace postern::tls {
namespace {

bool IsAddress(const std::string& host) {
  in6_addr parsed;
  return ::inet_pton(AF_INET, host.c_str(), &parsed) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

}  // namespace

struct Session::State {
  std::string host;
  Ssl ssl;
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}

Session::~Session() {
  // OpenSSL forgets the session of a connection that ends without a goodbye, tickets and all. Most of ours
  // end so: dropped, to cancel what the peer is doing, or closed by it while they rest.
  if (SSL_is_init_finished(state_->ssl.get())) {
    SSL_set_shutdown(state_->ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  }
}

Result<std::unique_ptr<Session>> Session::Connect(Context& context, int descriptor, const std::string& host) {
  auto state = std::make_unique<State>();
  state->host = host;
  state->ssl.reset(SSL_new(context.state_->context.get()));
  SSL* const ssl = state->ssl.get();
  if (ssl == nullptr || SSL_set_fd(ssl, descriptor) != 1) {
    return Error{ErrorCode::kUnavailable, "OpenSSL gave no TLS session: " + TakeSslError()};
  }
  X509_VERIFY_PARAM* const verify = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  const bool named = IsAddress(host) ? X509_VERIFY_PARAM_set1_ip_asc(verify, host.c_str()) == 1
                                     : X509_VERIFY_PARAM_set1_host(verify, host.c_str(), host.size()) == 1 &&
                                           SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
  if (!named)
    return Error{ErrorCode::kInvalid, "not a host name that a certificate can be checked against: " + host};
  SSL_set_app_data(ssl, &state->host);
  const auto known = context.state_->sessions.find(host);
  if (known != context.state_->sessions.end() && !known->second.empty()) {
    SSL_set_session(ssl, known->second.back().get());
    known->second.pop_back();  // the server sends a new one
  }
  SSL_set_connect_state(ssl);
  return std::unique_ptr<Session>(new Session(std::move(state)));
}

Result<std::unique_ptr<Session>> Session::Accept(Context& context, int descriptor) {
  auto state = std::make_unique<State>();
  state->ssl.reset(SSL_new(context.state_->context.get()));
  if (!state->ssl || SSL_set_fd(state->ssl.get(), descriptor) != 1) {
    return Error{ErrorCode::kUnavailable, "OpenSSL gave no TLS session: " + TakeSslError()};
  }
  SSL_set_accept_state(state->ssl.get());
  return std::unique_ptr<Session>(new Session(std::move(state)));
}

Step Session::StepOf(int result) {
  switch (SSL_get_error(state_->ssl.get(), result)) {
    case SSL_ERROR_NONE: return Step::kDone;
    case SSL_ERROR_WANT_READ: return Step::kWantRead;
    case SSL_ERROR_WANT_WRITE: return Step::kWantWrite;
    case SSL_ERROR_ZERO_RETURN: return Step::kClosed;
    default: return Step::kFailed;
  }
}

Step Session::Handshake() {
  ERR_clear_error();
  const Step step = StepOf(SSL_do_handshake(state_->ssl.get()));
  if (step == Step::kFailed || step == Step::kClosed) {
    const long verified = SSL_get_verify_result(state_->ssl.get());
    failure_ = verified != X509_V_OK
                   ? std::string("its certificate isn't trusted: ") + X509_verify_cert_error_string(verified)
                   : "the TLS handshake failed: " + TakeSslError();
    return Step::kFailed;
  }
  return step;
}

bool Session::resumed() const { return SSL_session_reused(state_->ssl.get()) == 1; }

Transfer Session::Read(std::span<char> into) {
  ERR_clear_error();
  size_t count = 0;
  const int result = SSL_read_ex(state_->ssl.get(), into.data(), into.size(), &count);
  return {result == 1 ? Step::kDone : StepOf(result), count};
}

Transfer Session::Write(std::span<const char> bytes) {
  ERR_clear_error();
  size_t count = 0;
  const int result = SSL_write_ex(state_->ssl.get(), bytes.data(), bytes.size(), &count);
  return {result == 1 ? Step::kDone : StepOf(result), count};
}

void Session::Close() {
  ERR_clear_error();
  SSL_shutdown(state_->ssl.get());
  ERR_clear_error();
}

}  // namespace postern::tls
