// The bytes that stand for what something was encrypted for. Private to this directory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::sealing {

// Texts with their length before them and numbers of 8 bytes: no two different bindings are the same bytes.
// Thread-compatible.
class BindingText {
 public:
  explicit BindingText(std::string_view context) : bytes_(context) {}

  BindingText& Add(std::string_view text) {
    Add(text.size());
    bytes_ += text;
    return *this;
  }
  BindingText& Add(uint64_t number) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes_ += static_cast<char>(number >> shift);
    return *this;
  }

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace postern::sealing
