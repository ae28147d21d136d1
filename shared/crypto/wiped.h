// Secret bytes of a known length that are wiped when they go: keys on their way between two calls. What has
// to live longer belongs into a LockedSecret.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "shared/crypto/random.h"

namespace postern::crypto {

// It can be moved (the bytes are copied, the old ones wiped), and never copied. Thread-compatible.
template <size_t kSize>
class WipedBytes {
 public:
  WipedBytes() = default;
  WipedBytes(WipedBytes&& other) noexcept : bytes_(other.bytes_) { other.Wipe(); }
  WipedBytes& operator=(WipedBytes&& other) noexcept {
    if (this != &other) {
      bytes_ = other.bytes_;
      other.Wipe();
    }
    return *this;
  }
  ~WipedBytes() { Wipe(); }

  std::span<uint8_t, kSize> bytes() { return bytes_; }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), kSize}; }

 private:
  void Wipe() { Cleanse({reinterpret_cast<char*>(bytes_.data()), kSize}); }

  std::array<uint8_t, kSize> bytes_{};
};

// Wipes a text that holds a secret when the scope ends, whichever way it does.
class WipeAtEnd {
 public:
  explicit WipeAtEnd(std::string& text) : text_(text) {}
  WipeAtEnd(const WipeAtEnd&) = delete;
  WipeAtEnd& operator=(const WipeAtEnd&) = delete;
  ~WipeAtEnd() { Cleanse(text_); }

 private:
  std::string& text_;
};

}  // namespace postern::crypto
