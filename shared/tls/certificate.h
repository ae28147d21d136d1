// A certificate of one's own, and the fingerprint by which others know it: how hosts and administrators find
// the right collector without any authority.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace postern::tls {

struct CertificateRequest {
  std::string common_name = "postern-collector";
  std::vector<std::string> names;  // host names, IPv4 and IPv6 addresses (without brackets); at least one
  std::chrono::sys_seconds from{};
  std::chrono::sys_seconds to{};  // as far as one likes: it is trusted for its key, not its date
};

// PEM. The key is a secret: Cleanse it once it is in its file.
struct SelfSigned {
  std::string certificate;
  std::string key;  // PKCS #8
};

// An ECDSA P-256 key of its own and a server's certificate for the names, signed with it. kInvalid names a
// name that is none.
Result<SelfSigned> MakeSelfSigned(const CertificateRequest& request);

// SHA-256 of the SubjectPublicKeyInfo (DER) of the first certificate in `pem`: 64 small hexadecimal digits.
// It stays the same where the certificate is renewed with the same key. kInvalid where there is none.
Result<std::string> Fingerprint(std::string_view pem);

}  // namespace postern::tls
