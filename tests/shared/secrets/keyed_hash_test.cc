#include "shared/secrets/keyed_hash.h"

#include <cstring>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "shared/secrets/piece_products.h"

namespace postern::secrets {
namespace {

__extension__ using Wide = unsigned __int128;

Wide Multiplied(uint64_t a, uint64_t b) { return static_cast<Wide>(a) * b; }

// Bit by bit.
Wide MultipliedWithoutCarry(uint64_t a, uint64_t b) {
  Wide product = 0;
  for (int i = 0; i < 64; ++i) product ^= (b >> i & 1) != 0 ? static_cast<Wide>(a) << i : 0;
  return product;
}

// The definition, of a text with zeros behind it.
template <class Join, class Times>
PieceHash Plainly(const uint64_t* key, std::string_view piece, Join join, Times times) {
  std::string padded(piece);
  padded.resize((piece.size() + 15) / 16 * 16);
  Wide sum = piece.size();
  for (size_t at = 0; at < padded.size(); at += 16) {
    uint64_t words[2];
    std::memcpy(words, padded.data() + at, sizeof words);
    const auto joined = [&](size_t i) {
      return static_cast<uint64_t>(join(Wide{words[i]}, Wide{key[at / 8 + i]}));
    };
    sum = join(sum, times(joined(0), joined(1)));
  }
  return {.low = static_cast<uint64_t>(sum), .high = static_cast<uint64_t>(sum >> 64)};
}

class PieceProducts : public testing::Test {
 protected:
  PieceProducts() {
    for (uint64_t& word : key_) word = random_();
  }
  std::string Random(size_t size) {
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random_());
    return text;
  }

  std::mt19937_64 random_{17};
  alignas(16) uint64_t key_[KeyedHash::kPiece / 8] = {};
};

// Of each length, from any place in memory.
TEST_F(PieceProducts, AreWhatTheirDefinitionSays) {
  const std::string text = Random(KeyedHash::kPiece + 16);
  for (size_t size = 0; size <= KeyedHash::kPiece; ++size) {
    const std::string_view piece = std::string_view(text).substr(size % 16, size);
    const auto sum = [](Wide a, Wide b) { return a + b; };
    ASSERT_EQ(SumOfProducts(key_, piece), Plainly(key_, piece, sum, Multiplied)) << size;
  }
}

TEST_F(PieceProducts, WithoutCarriesToo) {
  if (!HasCarrylessProducts()) GTEST_SKIP() << "this processor hasn't the instruction";
  const std::string text = Random(KeyedHash::kPiece + 16);
  const auto sum = [](Wide a, Wide b) { return a ^ b; };
  for (size_t size = 0; size <= KeyedHash::kPiece; ++size) {
    const std::string_view piece = std::string_view(text).substr(size % 16, size);
    ASSERT_EQ(SumOfCarrylessProducts(key_, piece), Plainly(key_, piece, sum, MultipliedWithoutCarry)) << size;
  }
}

TEST_F(PieceProducts, TellPiecesApartByEachBitAndTheirLength) {
  for (const auto hash : {SumOfProducts, HasCarrylessProducts() ? SumOfCarrylessProducts : SumOfProducts}) {
    std::string piece = Random(200);
    const PieceHash before = hash(key_, piece);
    for (size_t bit = 0; bit < piece.size() * 8; ++bit) {
      piece[bit / 8] = static_cast<char>(piece[bit / 8] ^ 1 << bit % 8);
      EXPECT_FALSE(hash(key_, piece) == before) << bit;
      piece[bit / 8] = static_cast<char>(piece[bit / 8] ^ 1 << bit % 8);
    }
    EXPECT_TRUE(hash(key_, piece) == before);
    for (size_t size = 0; size < 64; ++size) {
      const std::string zeros(size, '\0');
      EXPECT_FALSE(hash(key_, zeros) == hash(key_, zeros + '\0')) << size;
    }
  }
}

TEST_F(PieceProducts, OfTwoTextsAreTheSameAsFarAsThePlainWaySays) {
  for (int round = 0; round < 2'000; ++round) {
    std::vector<PieceHash> a(random_() % 130), b(random_() % 130);
    for (std::vector<PieceHash>* all : {&a, &b}) {
      for (size_t i = 0; i < all->size(); ++i) (*all)[i] = {i, i};
    }
    if (const size_t at = random_() % 200; at < a.size()) (random_() % 2 == 0 ? a[at].low : a[at].high) ^= 1;
    size_t same = 0;
    while (same < std::min(a.size(), b.size()) && a[same] == b[same]) ++same;
    ASSERT_EQ(SamePieces(a, b), same);
  }
}

}  // namespace
}  // namespace postern::secrets
