#include "shared/tls/context.h"

#include <openssl/err.h>

#include "shared/tls/context_state.h"

namespace postern::tls {
namespace {

constexpr size_t kHostsRemembered = 64;
constexpr size_t kTicketsKept = 8;  // of each host

Result<SslContext> MakeContext(const SSL_METHOD* method) {
  SslContext context(SSL_CTX_new(method));
  if (!context) return Error{ErrorCode::kUnavailable, "OpenSSL gave no TLS context: " + TakeSslError()};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context.get(), 1);  // one recv for many records
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  return context;
}

Status UseCertificate(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return Error{ErrorCode::kInvalid, certificate + ": not a readable PEM certificate: " + TakeSslError()};
  }
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return Error{ErrorCode::kInvalid,
                 key + ": not a readable PEM key of " + certificate + ": " + TakeSslError()};
  }
  return Ok{};
}

Status Trust(SSL_CTX* context, const std::vector<std::string>& authorities) {
  for (const std::string& file : authorities) {
    if (SSL_CTX_load_verify_file(context, file.c_str()) != 1) {
      return Error{ErrorCode::kInvalid,
                   file + ": not a readable PEM file of certificates: " + TakeSslError()};
    }
  }
  return Ok{};
}

// TLS 1.3 hands out tickets after the handshake, so sessions are caught here and not asked for.
int KeepSession(SSL* ssl, SSL_SESSION* session) {
  auto* known = static_cast<Sessions*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const auto* host = static_cast<const std::string*>(SSL_get_app_data(ssl));
  if (known == nullptr || host == nullptr) return 0;
  if (known->size() >= kHostsRemembered && !known->contains(*host)) known->clear();
  std::vector<SslSession>& tickets = (*known)[*host];
  if (tickets.size() == kTicketsKept) tickets.erase(tickets.begin());
  tickets.emplace_back(session);
  return 1;  // ours to free
}

}  // namespace

std::string TakeSslError() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

Context::Context(std::unique_ptr<State> state) : state_(std::move(state)) {}
Context::~Context() = default;

Result<std::unique_ptr<Context>> Context::Client(const ClientOptions& options) {
  ASSIGN_OR_RETURN(SslContext context, MakeContext(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (options.system_roots && SSL_CTX_set_default_verify_paths(context.get()) != 1) {
    return Error{ErrorCode::kUnavailable, "the system's trust store can't be read: " + TakeSslError()};
  }
  RETURN_IF_ERROR(Trust(context.get(), options.authorities));
  if (!options.certificate.empty())
    RETURN_IF_ERROR(UseCertificate(context.get(), options.certificate, options.key));
  auto state = std::make_unique<State>();
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_app_data(context.get(), &state->sessions);
  SSL_CTX_sess_set_new_cb(context.get(), KeepSession);
  state->context = std::move(context);
  return std::unique_ptr<Context>(new Context(std::move(state)));
}

Result<std::unique_ptr<Context>> Context::Server(const ServerOptions& options) {
  ASSIGN_OR_RETURN(SslContext context, MakeContext(TLS_server_method()));
  RETURN_IF_ERROR(UseCertificate(context.get(), options.certificate, options.key));
  RETURN_IF_ERROR(Trust(context.get(), options.client_authorities));
  if (!options.client_authorities.empty())
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  constexpr unsigned char kSessionContext[] = "postern";
  SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof(kSessionContext) - 1);
  auto state = std::make_unique<State>();
  state->context = std::move(context);
  return std::unique_ptr<Context>(new Context(std::move(state)));
}

}  // namespace postern::tls
