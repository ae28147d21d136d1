#include "shared/bus/curve.h"

#include <algorithm>
#include <span>

#include <zmq.h>

#include "shared/base/check.h"
#include "shared/crypto/random.h"

namespace postern::bus {
namespace {

constexpr size_t kTextBytes = 41;  // Z85 and its end: how ZeroMQ's own functions write keys

void Wipe(std::span<uint8_t> secret) {
  crypto::Cleanse({reinterpret_cast<char*>(secret.data()), secret.size()});
}

void Decode(CurveKey& key, const char* text) { CHECK(zmq_z85_decode(key.data(), text) != nullptr); }

}  // namespace

Result<CurveKey> CurveKeyFromBytes(std::string_view bytes) {
  CurveKey key{};
  if (bytes.size() != key.size()) return Error{ErrorCode::kInvalid, "a CURVE key has 32 bytes"};
  std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(key.data()));
  return key;
}

CurveKeys CurveKeys::Generate() {
  CurveKey secret{};
  crypto::RandomBytes(secret);
  CurveKeys keys = FromSecret(secret);
  Wipe(secret);
  return keys;
}

CurveKeys CurveKeys::FromSecret(const CurveKey& secret) {
  CurveKeys keys;
  keys.secret_key = secret;
  char secret_text[kTextBytes];
  char public_text[kTextBytes];
  CHECK(zmq_z85_encode(secret_text, secret.data(), secret.size()) != nullptr);
  CHECK(zmq_curve_public(public_text, secret_text) == 0);
  Decode(keys.public_key, public_text);
  crypto::Cleanse(secret_text);
  return keys;
}

CurveKeys::~CurveKeys() { Wipe(secret_key); }

}  // namespace postern::bus
