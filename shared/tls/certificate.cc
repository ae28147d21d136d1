#include "shared/tls/certificate.h"

#include <array>
#include <cstdint>
#include <memory>

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "shared/base/check.h"
#include "shared/base/hex.h"
#include "shared/crypto/random.h"
#include "shared/crypto/sha256.h"
#include "shared/tls/context_state.h"

namespace postern::tls {
namespace {

using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;

bool IsAddress(const std::string& name) {
  in6_addr address;
  return inet_pton(AF_INET, name.c_str(), &address) == 1 || inet_pton(AF_INET6, name.c_str(), &address) == 1;
}

// A host name as it may stand in a certificate. What it lets through can't be anything else to OpenSSL's own
// syntax of lists, into which it goes.
bool IsHostName(std::string_view name) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._*";
  return !name.empty() && name.size() <= 253 && name.find_first_not_of(kLetters) == name.npos;
}

Result<std::string> NameList(const std::vector<std::string>& names) {
  if (names.empty()) return Error{ErrorCode::kInvalid, "a certificate needs a name at least"};
  std::string list;
  for (const std::string& name : names) {
    const bool address = IsAddress(name);
    if (!address && !IsHostName(name))
      return Error{ErrorCode::kInvalid, "a name of a certificate is neither a host name nor an address"};
    list += (list.empty() ? "" : ",") + std::string(address ? "IP:" : "DNS:") + name;
  }
  return list;
}

void SetSerial(X509* certificate) {
  std::array<uint8_t, 16> random;
  crypto::RandomBytes(random);
  random[0] &= 0x7f;  // positive (RFC 5280 §4.1.2.2)
  BIGNUM* number = BN_bin2bn(random.data(), random.size(), nullptr);
  CHECK(number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr);
  BN_free(number);
}

// RFC 5280 §4.1.2.5: two digits of the year until 2049, four after it; and none after 9999.
void SetTime(ASN1_TIME* field, std::chrono::sys_seconds time) {
  CHECK(ASN1_TIME_adj(field, time.time_since_epoch().count(), 0, 0) != nullptr);
}

void SetName(X509* certificate, const std::string& common_name) {
  X509_NAME* name = X509_get_subject_name(certificate);
  CHECK(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<const uint8_t*>(common_name.data()),
                                   static_cast<int>(common_name.size()), -1, 0) == 1);
  CHECK(X509_set_issuer_name(certificate, name) == 1);
}

Status AddExtension(X509* certificate, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  if (extension == nullptr)
    return Error{ErrorCode::kInvalid, "a certificate can't be made: " + TakeSslError()};
  CHECK(X509_add_ext(certificate, extension.get(), -1) == 1);
  return Ok{};
}

std::string TakeText(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, static_cast<size_t>(size)};
}

SelfSigned ToPem(X509* certificate, EVP_PKEY* key) {
  const Bio shown(BIO_new(BIO_s_mem())), secret(BIO_new(BIO_s_secmem()));  // the second is wiped when freed
  CHECK(shown != nullptr && secret != nullptr);
  CHECK(PEM_write_bio_X509(shown.get(), certificate) == 1);
  CHECK(PEM_write_bio_PrivateKey(secret.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return {TakeText(shown.get()), TakeText(secret.get())};
}

}  // namespace

Result<SelfSigned> MakeSelfSigned(const CertificateRequest& request) {
  ASSIGN_OR_RETURN(const std::string names, NameList(request.names));
  if (request.common_name.empty() || request.common_name.size() > 64)
    return Error{ErrorCode::kInvalid, "a certificate's common name has 1 to 64 characters"};
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate(X509_new());
  CHECK(key != nullptr && certificate != nullptr);
  CHECK(X509_set_version(certificate.get(), X509_VERSION_3) == 1);
  SetSerial(certificate.get());
  SetTime(X509_getm_notBefore(certificate.get()), request.from);
  SetTime(X509_getm_notAfter(certificate.get()), request.to);
  SetName(certificate.get(), request.common_name);
  CHECK(X509_set_pubkey(certificate.get(), key.get()) == 1);
  RETURN_IF_ERROR(AddExtension(certificate.get(), NID_subject_alt_name, names));
  RETURN_IF_ERROR(AddExtension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
  RETURN_IF_ERROR(AddExtension(certificate.get(), NID_key_usage, "critical,digitalSignature,keyCertSign"));
  RETURN_IF_ERROR(AddExtension(certificate.get(), NID_ext_key_usage, "serverAuth"));
  RETURN_IF_ERROR(AddExtension(certificate.get(), NID_subject_key_identifier, "hash"));
  CHECK(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  return ToPem(certificate.get(), key.get());
}

Result<std::string> Fingerprint(std::string_view pem) {
  const Error none{ErrorCode::kInvalid, "there is no certificate in PEM"};
  if (pem.size() > size_t{1} << 20) return none;
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  CHECK(bio != nullptr);
  const Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) {
    TakeSslError();
    return none;
  }
  uint8_t* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
  if (size <= 0) return none;
  const std::string fingerprint =
      ToHex(crypto::AsBytes(crypto::Sha256({reinterpret_cast<const char*>(der), static_cast<size_t>(size)})));
  OPENSSL_free(der);
  return fingerprint;
}

}  // namespace postern::tls
