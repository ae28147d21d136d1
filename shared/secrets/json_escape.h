// The escapes of JSON's strings (RFC 8259 §7). Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::secrets {

struct JsonEscape {
  size_t length = 0;  // of the escape; 0: none begins here, or it isn't complete
  size_t bytes = 0;   // that were written for it
};

// What a backslash and this letter mean; '\0' where the two are no escape by themselves.
inline char MeaningOfEscape(char letter) {
  static constexpr auto kMeanings = [] {
    std::array<char, 256> meanings{};
    constexpr std::string_view kLetters = "\"\\/bfnrt", kCharacters = "\"\\/\b\f\n\r\t";
    for (size_t i = 0; i < kLetters.size(); ++i)
      meanings[static_cast<unsigned char>(kLetters[i])] = kCharacters[i];
    return meanings;
  }();
  return kMeanings[static_cast<unsigned char>(letter)];
}

// Reads the escape that the text begins with and writes the character in UTF-8. Two that are the halves of a
// pair are one; a half that is alone becomes U+FFFD.
JsonEscape ReadJsonEscape(std::string_view text, char (&character)[4]);

// The contents of a string with its escapes undone; empty where one of them is none.
std::string Unescaped(std::string_view contents);

// Writes a character in UTF-8: how many bytes.
size_t WriteUtf8(uint32_t code, char (&character)[4]);

}  // namespace postern::secrets
