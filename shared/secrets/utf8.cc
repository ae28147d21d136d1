#include "shared/secrets/utf8.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "shared/secrets/byte_blocks.h"

namespace postern::secrets {
namespace {

constexpr char kNoCharacter = 0x1a;  // SUB
constexpr std::string_view kKelvin = "\xe2\x84\xaa", kDottedI = "\xc4\xb0", kLongS = "\xc5\xbf";

// Bytes at the front, in steps of four blocks, in which there is nothing but ASCII.
size_t AsciiStretch(std::string_view text) {
  constexpr size_t kStep = 4 * ByteBlock::kSize;
  size_t at = 0;
  while (at + kStep <= text.size() && !ByteBlock::HaveHighBits(text.data() + at)) at += kStep;
  return at;
}

size_t AsciiPrefix(std::string_view text) {
  size_t at = AsciiStretch(text);
  for (; at + ByteBlock::kSize <= text.size(); at += ByteBlock::kSize) {
    const unsigned others = ByteBlock(text.data() + at).HighBits();
    if (others != 0) return at + static_cast<size_t>(__builtin_ctz(others));
  }
  while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
  return at;
}

bool IsContinuation(unsigned char b) { return (b & 0xc0) == 0x80; }

// The length of the character that begins here, 0 where none does (RFC 3629: no surrogates, nothing too
// long).
size_t CharacterAt(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : static_cast<unsigned char>(0);
  };
  const unsigned char first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4 || !IsContinuation(second)) return 0;
  if (first < 0xe0) return 2;
  if (!IsContinuation(byte(2))) return 0;
  if (first < 0xf0) {
    const bool bad = (first == 0xe0 && second < 0xa0) || (first == 0xed && second >= 0xa0);
    return bad ? 0 : 3;
  }
  const bool bad = (first == 0xf0 && second < 0x90) || (first == 0xf4 && second >= 0x90);
  return bad || !IsContinuation(byte(3)) ? 0 : 4;
}

char LoweredAscii(char c) {
  return static_cast<char>(c + (static_cast<unsigned char>(c - 'A') < 26 ? 32 : 0));
}

unsigned InEitherCase(const ByteBlock& block, char lowered) {
  const bool is_letter = lowered >= 'a' && lowered <= 'z';
  return block.Equal(lowered) | (is_letter ? block.Equal(static_cast<char>(lowered - 32)) : 0);
}

// The same of a text in which nothing but ASCII has small letters.
bool HoldsLoweredAscii(std::string_view text, std::string_view lowered) {
  const auto is_here = [&](size_t at) {
    return std::equal(lowered.begin(), lowered.end(), text.begin() + static_cast<std::ptrdiff_t>(at),
                      [](char wanted, char c) { return wanted == LoweredAscii(c); });
  };
  const size_t last = lowered.size() - 1;
  size_t at = 0;
  for (; at + last + ByteBlock::kSize <= text.size(); at += ByteBlock::kSize) {
    unsigned places = InEitherCase(ByteBlock(text.data() + at), lowered.front()) &
                      InEitherCase(ByteBlock(text.data() + at + last), lowered.back());
    for (; places != 0; places &= places - 1) {
      if (is_here(at + static_cast<size_t>(__builtin_ctz(places)))) return true;
    }
  }
  for (; at + lowered.size() <= text.size(); ++at) {
    if (is_here(at)) return true;
  }
  return false;
}

}  // namespace

std::string_view AsUtf8(std::string_view text, std::string& storage) {
  std::string_view result = text;
  for (size_t at = AsciiPrefix(text); at < text.size();) {
    const size_t length = CharacterAt(text, at);
    if (length == 0) {
      if (result.data() == text.data()) {
        storage.assign(text);
        result = storage;
      }
      storage[at++] = kNoCharacter;
      continue;
    }
    at += length;
    at += AsciiPrefix(text.substr(at));
  }
  return result;
}

bool HasFoldingCharacters(std::string_view text) {
  const auto is_one = [text](size_t at) {
    const std::string_view rest = text.substr(at);
    return rest.starts_with(kKelvin) || rest.starts_with(kDottedI) || rest.starts_with(kLongS);
  };
  size_t at = AsciiStretch(text);
  while (at + ByteBlock::kSize <= text.size()) {
    const ByteBlock block(text.data() + at);
    if (block.HighBits() == 0) {
      at += ByteBlock::kSize;
      at += AsciiStretch(text.substr(at));
      continue;
    }
    unsigned firsts = block.Equal(kKelvin[0]) | block.Equal(kDottedI[0]) | block.Equal(kLongS[0]);
    for (; firsts != 0; firsts &= firsts - 1) {
      if (is_one(at + static_cast<size_t>(__builtin_ctz(firsts)))) return true;
    }
    at += ByteBlock::kSize;
  }
  for (; at < text.size(); ++at) {
    if (is_one(at)) return true;
  }
  return false;
}

bool HoldsLowered(std::string_view text, std::string_view lowered) {
  if (lowered.empty() || HoldsLoweredAscii(text, lowered)) return true;
  return HasFoldingCharacters(text) && Lowered(text).find(lowered) != std::string::npos;
}

std::string Lowered(std::string_view text) {
  std::string lowered;
  lowered.resize(text.size());
  std::transform(text.begin(), text.end(), lowered.begin(), LoweredAscii);
  if (!HasFoldingCharacters(text)) return lowered;
  std::string folded;
  for (size_t at = 0; at < lowered.size();) {
    const std::string_view rest = std::string_view(lowered).substr(at);
    if (rest.starts_with(kKelvin)) {
      folded += 'k';
      at += kKelvin.size();
    } else if (rest.starts_with(kDottedI)) {
      folded += 'i';
      at += kDottedI.size();
    } else {
      folded += lowered[at++];
    }
  }
  return folded;
}

}  // namespace postern::secrets
