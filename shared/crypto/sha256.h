// SHA-256 (FIPS 180-4).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

namespace postern::crypto {

using Digest = std::array<uint8_t, 32>;

Digest Sha256(std::string_view bytes);

// A digest's bytes as they are kept, hashed and compared.
inline std::string_view AsBytes(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// SHA-256 of what comes in pieces. Cheap to reuse: Finish makes it ready for the next message.
// Thread-compatible.
class Sha256Hasher {
 public:
  Sha256Hasher();
  ~Sha256Hasher();
  Sha256Hasher(Sha256Hasher&&) noexcept;
  Sha256Hasher& operator=(Sha256Hasher&&) noexcept;

  Sha256Hasher& Update(std::string_view bytes);

  // The digest of everything since construction or the last Finish.
  Digest Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace postern::crypto
