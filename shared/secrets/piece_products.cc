#include "shared/secrets/piece_products.h"

#include <cstring>

#ifdef __x86_64__
#include <emmintrin.h>
#include <wmmintrin.h>
#endif

#include "shared/base/check.h"

namespace postern::secrets {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr size_t kPair = 16;  // bytes of two words

uint64_t WordAt(const char* bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// The last bytes, which are no whole pair, with zeros behind them.
struct LastPair {
  alignas(kPair) char bytes[kPair] = {};
  LastPair(std::string_view piece, size_t at) { std::memcpy(bytes, piece.data() + at, piece.size() - at); }
};

}  // namespace

PieceHash SumOfProducts(const uint64_t* key, std::string_view piece) {
  // Pieces of other lengths have other hashes: the length goes in unmultiplied.
  Wide sum = piece.size();
  const auto add = [&](const char* pair, size_t at) {
    const uint64_t* words = key + at / 8;
    sum += static_cast<Wide>(WordAt(pair) + words[0]) * (WordAt(pair + 8) + words[1]);
  };
  size_t at = 0;
#pragma GCC unroll 8
  for (; at + kPair <= piece.size(); at += kPair) add(piece.data() + at, at);
  if (at < piece.size()) add(LastPair(piece, at).bytes, at);
  return {.low = static_cast<uint64_t>(sum), .high = static_cast<uint64_t>(sum >> 64)};
}

#ifdef __x86_64__

namespace {

// The product of the two halves of a pair, each with its half of the key.
__attribute__((target("pclmul"))) inline __m128i Product(const char* pair, const uint64_t* key) {
  const __m128i words = _mm_xor_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(pair)),
                                      _mm_load_si128(reinterpret_cast<const __m128i*>(key)));
  return _mm_clmulepi64_si128(words, words, 0x01);
}

}  // namespace

// Four sums, so that none waits for the other.
__attribute__((target("pclmul"))) PieceHash SumOfCarrylessProducts(const uint64_t* key,
                                                                   std::string_view piece) {
  __m128i sums[4] = {_mm_cvtsi64_si128(static_cast<int64_t>(piece.size()))};
  const char* at = piece.data();
  const char* const end = at + piece.size();
  const uint64_t* words = key;
  for (; static_cast<size_t>(end - at) >= 4 * kPair; at += 4 * kPair, words += 8) {
    sums[0] = _mm_xor_si128(sums[0], Product(at, words));
    sums[1] = _mm_xor_si128(sums[1], Product(at + kPair, words + 2));
    sums[2] = _mm_xor_si128(sums[2], Product(at + 2 * kPair, words + 4));
    sums[3] = _mm_xor_si128(sums[3], Product(at + 3 * kPair, words + 6));
  }
  for (; static_cast<size_t>(end - at) >= kPair; at += kPair, words += 2)
    sums[0] = _mm_xor_si128(sums[0], Product(at, words));
  if (at < end) {
    const LastPair last({at, static_cast<size_t>(end - at)}, 0);
    sums[1] = _mm_xor_si128(sums[1], Product(last.bytes, words));
  }
  const __m128i sum = _mm_xor_si128(_mm_xor_si128(sums[0], sums[1]), _mm_xor_si128(sums[2], sums[3]));
  return {.low = static_cast<uint64_t>(_mm_cvtsi128_si64(sum)),
          .high = static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(sum, sum)))};
}

bool HasCarrylessProducts() { return __builtin_cpu_supports("pclmul") != 0; }

#else

PieceHash SumOfCarrylessProducts(const uint64_t*, std::string_view) {
  CHECK(HasCarrylessProducts());
  return {};
}

bool HasCarrylessProducts() { return false; }

#endif

}  // namespace postern::secrets
