#include "tests/support/certificate.h"

#include "shared/base/check.h"
#include "tests/support/process.h"

namespace postern::support {

Certificate MakeCertificate(const TemporaryDirectory& directory, const std::string& name) {
  Certificate made{directory / (name + ".crt"), directory / (name + ".key")};
  const auto finished =
      RunProcess({.argv = {"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                           "-nodes", "-days", "1", "-subj", "/CN=" + name, "-addext",
                           "subjectAltName=DNS:" + name + ",IP:127.0.0.1", "-out", made.certificate,
                           "-keyout", made.key}});
  CHECK(finished.has_value() && finished->ending.code == 0);
  return made;
}

}  // namespace postern::support
