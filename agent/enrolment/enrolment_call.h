// The body of POST /v1/enrol and its answer (collector/api/openapi.yaml). Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"

namespace postern::enrolment {

// What this host says of itself. Keys are the public halves, 32 bytes each.
struct Application {
  std::string token;
  std::string host;
  std::string machine;  // SHA-256
  std::string curve_key;
  std::string seal_key;
  std::string sealing_key;
  std::string version;
};

std::string Body(const Application& application);

struct Admission {
  std::string agent;
  std::string collector;
  std::array<uint8_t, 32> curve_key{};
  crypto::PublicKey log_key;
  std::string bus;  // "host:port"
};

// `host` is the one that was called: where the answer names none for the conversation, it is that. kInvalid
// where the answer isn't one.
Result<Admission> ReadAnswer(std::string_view body, std::string_view host);

}  // namespace postern::enrolment
