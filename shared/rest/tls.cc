#include "shared/rest/tls.h"

#include <Poco/Exception.h>
#include <unistd.h>

#include "shared/base/hex.h"
#include "shared/crypto/sha256.h"

namespace postern::rest {
namespace {

using Poco::Net::Context;

constexpr char kCiphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

Context::Ptr Make(Context::Usage usage, const Context::Params& params) {
  Context::Ptr context(new Context(usage, params));
  context->requireMinimumProtocol(Context::PROTO_TLSV1_2);
  SSL_CTX_set_options(context->sslContext(), SSL_OP_NO_RENEGOTIATION);
  return context;
}

Status CheckReadable(const std::string& file) {
  if (::access(file.c_str(), R_OK) == 0) return Ok{};
  return Error{ErrorCode::kNotFound, "the file " + file + " can't be read"};
}

}  // namespace

Result<Context::Ptr> ServerContext(const std::string& certificate, const std::string& key) {
  RETURN_IF_ERROR(CheckReadable(certificate));
  RETURN_IF_ERROR(CheckReadable(key));
  const Error unusable{ErrorCode::kInvalid, "the certificate " + certificate + " and the key " + key +
                                                " are not a pair of PEM files that TLS can use"};
  try {
    Context::Params params;
    params.certificateFile = certificate;
    params.privateKeyFile = key;
    params.verificationMode = Context::VERIFY_NONE;
    params.cipherList = kCiphers;
    const Context::Ptr context = Make(Context::TLS_SERVER_USE, params);
    // OpenSSL drops a key that doesn't fit the certificate without a word.
    if (SSL_CTX_check_private_key(context->sslContext()) != 1) return unusable;
    return context;
  } catch (const Poco::Exception&) {
    return unusable;
  }
}

Result<Context::Ptr> VerifyingContext(const std::string& authority) {
  if (!authority.empty()) RETURN_IF_ERROR(CheckReadable(authority));
  try {
    Context::Params params;
    params.caLocation = authority;
    params.loadDefaultCAs = authority.empty();
    // POCO's relaxed mode doesn't compare the name where the peer is this host.
    params.verificationMode = Context::VERIFY_STRICT;
    params.cipherList = kCiphers;
    return Make(Context::TLS_CLIENT_USE, params);
  } catch (const Poco::Exception&) {
    return Error{ErrorCode::kInvalid,
                 "the file " + authority + " holds no certificates of authorities (PEM)"};
  }
}

Result<Context::Ptr> PinningContext() {
  try {
    Context::Params params;
    params.verificationMode = Context::VERIFY_NONE;
    params.cipherList = kCiphers;
    return Make(Context::TLS_CLIENT_USE, params);
  } catch (const Poco::Exception&) {
    return Error{ErrorCode::kUnavailable, "TLS can't be set up on this host"};
  }
}

std::string FingerprintOf(const Poco::Crypto::X509Certificate& certificate) {
  unsigned char* der = nullptr;
  const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.certificate()), &der);
  if (length <= 0) return "";
  const crypto::Digest digest =
      crypto::Sha256({reinterpret_cast<const char*>(der), static_cast<size_t>(length)});
  OPENSSL_free(der);
  return ToHex(crypto::AsBytes(digest));
}

}  // namespace postern::rest
