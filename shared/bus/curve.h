// CURVE's keys (Curve25519; CurveZMQ, RFC 26 of ZeroMQ): who a peer of the bus is, and whom it talks to.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/base/result.h"

namespace postern::bus {

using CurveKey = std::array<uint8_t, 32>;

inline std::string_view AsBytes(const CurveKey& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

// kInvalid unless there are exactly 32 bytes.
Result<CurveKey> CurveKeyFromBytes(std::string_view bytes);

// The secret half is wiped when the object goes. Thread-compatible.
struct CurveKeys {
  CurveKey public_key{};
  CurveKey secret_key{};

  static CurveKeys Generate();
  static CurveKeys FromSecret(const CurveKey& secret);

  CurveKeys() = default;
  CurveKeys(const CurveKeys&) = default;
  CurveKeys& operator=(const CurveKeys&) = default;
  ~CurveKeys();
};

}  // namespace postern::bus
