// A name that came in, made ready in one pass over it: whether rules can speak of it at all, and how it looks
// in small letters, with its hash.
#pragma once

#include <array>
#include <string_view>

#include "shared/policy/limits.h"
#include "shared/policy/name_index.h"

namespace postern::policy {

// Thread-compatible.
class PlainName {
 public:
  // `text` is borrowed. Plain is what IsPlainName (glob.h) says.
  explicit PlainName(std::string_view text);
  PlainName(const PlainName&) = delete;
  PlainName& operator=(const PlainName&) = delete;

  bool is_plain() const { return is_plain_; }
  bool is_empty() const { return text_.empty(); }

  // Of a plain name only:
  bool has_capitals() const { return has_capitals_; }
  HashedName folded() const { return {has_capitals_ ? small_text() : text_, small_hash_}; }
  HashedName written() const { return {text_, has_capitals_ ? HashOf(text_) : small_hash_}; }

 private:
  std::string_view small_text() const { return {small_.data(), text_.size()}; }

  std::string_view text_;
  uint64_t small_hash_ = 0;
  bool is_plain_ = false;
  bool has_capitals_ = false;
  std::array<char, kMostNameBytes + 8> small_;  // only as far as the name goes; written by words
};

}  // namespace postern::policy
