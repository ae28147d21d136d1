// A certificate of one's own for a test's TLS server, made with the openssl program.
#pragma once

#include <string>

#include "tests/support/temporary_directory.h"

namespace postern::support {

// Files of PEM. The certificate is its own authority.
struct Certificate {
  std::string certificate;
  std::string key;
};

// For this name (and for 127.0.0.1), valid for a day. Written into the directory as NAME.crt and NAME.key.
Certificate MakeCertificate(const TemporaryDirectory& directory, const std::string& name = "localhost");

}  // namespace postern::support
