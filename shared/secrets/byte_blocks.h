// Sixteen bytes of a text looked at together: each question is answered by one bit for each byte, the first
// byte in the lowest. On processors without SSE2 it is the same, byte by byte. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace postern::secrets {

class ByteBlock {
 public:
  static constexpr size_t kSize = 16;

#ifdef __SSE2__
  explicit ByteBlock(const char* bytes) : bytes_(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes))) {}

  unsigned HighBits() const { return Bits(bytes_); }
  // Of four blocks in a row, whether one of their bytes has its high bit.
  static bool HaveHighBits(const char* bytes) {
    const __m128i both = _mm_or_si128(ByteBlock(bytes).bytes_, ByteBlock(bytes + kSize).bytes_);
    const __m128i others =
        _mm_or_si128(ByteBlock(bytes + 2 * kSize).bytes_, ByteBlock(bytes + 3 * kSize).bytes_);
    return Bits(_mm_or_si128(both, others)) != 0;
  }
  unsigned Equal(char c) const { return Bits(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8(c))); }
  // Quotes, backslashes and control characters.
  unsigned Special() const {
    const __m128i quotes = _mm_cmpeq_epi8(bytes_, _mm_set1_epi8('"'));
    const __m128i backslashes = _mm_cmpeq_epi8(bytes_, _mm_set1_epi8('\\'));
    return Bits(_mm_or_si128(_mm_or_si128(quotes, backslashes), AtMost(bytes_, 0x1f)));
  }
  // Digits of base 64 and of its URL form: A-Z a-z 0-9 + / - _.
  unsigned Base64() const {
    const __m128i small = _mm_or_si128(bytes_, _mm_set1_epi8(0x20));
    const __m128i letters = AtMost(_mm_sub_epi8(small, _mm_set1_epi8('a')), 25);
    const __m128i numbers = AtMost(_mm_sub_epi8(bytes_, _mm_set1_epi8('/')), 10);  // "/" stands before "0"
    const __m128i signs = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(bytes_, _mm_set1_epi8('+')), _mm_cmpeq_epi8(bytes_, _mm_set1_epi8('-'))),
        _mm_cmpeq_epi8(bytes_, _mm_set1_epi8('_')));
    return Bits(_mm_or_si128(_mm_or_si128(letters, numbers), signs));
  }

 private:
  static unsigned Bits(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }
  static __m128i AtMost(__m128i bytes, char most) {
    return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(most)), bytes);
  }

  __m128i bytes_;
#else
  explicit ByteBlock(const char* bytes) { std::memcpy(bytes_, bytes, kSize); }

  unsigned HighBits() const {
    return Bits([](unsigned char c) { return c >= 0x80; });
  }
  static bool HaveHighBits(const char* bytes) {
    bool have = false;
    for (size_t i = 0; i < 4; ++i) have = have || ByteBlock(bytes + i * kSize).HighBits() != 0;
    return have;
  }
  unsigned Equal(char wanted) const {
    return Bits([wanted](unsigned char c) { return static_cast<char>(c) == wanted; });
  }
  unsigned Special() const {
    return Bits([](unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; });
  }
  unsigned Base64() const {
    return Bits([](unsigned char c) {
      return (c >= '/' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '+' || c == '-' ||
             c == '_';
    });
  }

 private:
  template <class F>
  unsigned Bits(F is_one) const {
    unsigned bits = 0;
    for (unsigned i = 0; i < kSize; ++i) bits |= is_one(static_cast<unsigned char>(bytes_[i])) ? 1U << i : 0U;
    return bits;
  }

  char bytes_[kSize];
#endif
};

}  // namespace postern::secrets
