// Whether the end of a text looks like a token that may go on: what an answer holds back while it streams.
// Pure.
//
//   "… use sk_live_4f9a"      held: letters and digits without a break, at least eight
//   "… as JavaScrip"          not held: it looks like a word
//
// A run is made of the characters that credentials are written in. It looks like a token from its eighth
// character on if it mixes letters and digits, or has a sign that values stand behind, and from its twentieth
// on in any case. What a run began with before that has gone on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace postern::secrets {

// Thread-compatible.
class TokenRun {
 public:
  static constexpr size_t kShort = 8;
  static constexpr size_t kLong = 20;

  // The next character. False: it is none of a run, and ends the one before it.
  bool Take(char c) {
    const uint8_t kind = KindOf(c);
    if (kind == 0) return false;
    kinds_ = static_cast<uint8_t>(kinds_ | kind);
    ++length_;
    return true;
  }
  void Clear() {
    length_ = 0;
    kinds_ = 0;
  }

  size_t length() const { return length_; }
  bool LooksLikeToken() const {
    if (length_ < kShort) return false;
    constexpr uint8_t kMixed = kLetter | kDigit;
    return length_ >= kLong || (kinds_ & kMixed) == kMixed || (kinds_ & kSign) != 0;
  }

 private:
  enum Kind : uint8_t { kLetter = 1, kDigit = 2, kOther = 4, kSign = 8 };
  // 0: no character of a run.
  static uint8_t KindOf(char c) {
    static constexpr auto kKinds = [] {
      std::array<uint8_t, 256> kinds{};
      for (int digit = '0'; digit <= '9'; ++digit) kinds[static_cast<size_t>(digit)] = kDigit;
      for (int letter = 'a'; letter <= 'z'; ++letter) kinds[static_cast<size_t>(letter)] = kLetter;
      for (int letter = 'A'; letter <= 'Z'; ++letter) kinds[static_cast<size_t>(letter)] = kLetter;
      for (const char other : std::string_view("_-+/.~:!$^&*#?")) kinds[static_cast<size_t>(other)] = kOther;
      for (const char sign : std::string_view("=@%")) kinds[static_cast<size_t>(sign)] = kSign;
      return kinds;
    }();
    return kKinds[static_cast<unsigned char>(c)];
  }

  size_t length_ = 0;
  uint8_t kinds_ = 0;
};

}  // namespace postern::secrets
