// How a simulated provider is started.
#pragma once

#include <cstdint>
#include <string>

#include "shared/base/result.h"

namespace postern::provider {

struct Options {
  std::string address = "127.0.0.1";
  uint16_t port = 0;                 // 0: one that is free
  std::string tls_certificate = {};  // both or none
  std::string tls_key = {};
  std::string tls_client_authority = {};  // only clients with a certificate of this one are served
  std::string api_key = {};               // empty: any credential will do
  bool strict = false;      // also wants anthropic-version and a credential, as the real one does
  size_t records = 10'000;  // kept at most; 0 keeps no journal
  bool record_bodies = false;
  std::string record_directory = {};  // where each request and answer is written, too
  bool die_with_parent = false;
};

// `--port P` or `--port=P`, as README.md lists them. kInvalid with what isn't understood.
Result<Options> ParseOptions(int argc, char** argv);

}  // namespace postern::provider
