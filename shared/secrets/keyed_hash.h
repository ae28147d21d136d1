// Hashes by which a text is known again without being kept: nobody without the key can make two texts that
// have the same one, nor tell anything of a text from it.
//
// Sums of products over pieces of one kilobyte (piece_products.h: carry-less ones where the processor has
// them): two different pieces have the same hash by one key of 2^64. It reads a text about as fast as memory
// gives it. What is longer than a piece is a polynomial over the hashes of its pieces, modulo 2^61 − 1. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace postern::secrets {

struct PieceHash {
  uint64_t low = 0, high = 0;
  friend bool operator==(const PieceHash&, const PieceHash&) = default;
};

// All of a text's, in order; shared by whoever knows it by them, and never changed. Null: they aren't known.
using Pieces = std::shared_ptr<const std::vector<PieceHash>>;

// How many pieces two texts have in common at their beginnings.
size_t SamePieces(std::span<const PieceHash> a, std::span<const PieceHash> b);

// Thread-safe: it never changes.
class KeyedHash {
 public:
  static constexpr size_t kPiece = 1'024;

  // From secret random bytes.
  explicit KeyedHash(std::string_view secret);

  // Of at most kPiece bytes.
  PieceHash OfPiece(std::string_view piece) const;
  // Of each kPiece bytes of the text, the last of which may be shorter.
  Pieces OfPieces(std::string_view text) const;
  // Of a text in a context: both count, and where one ends and the other begins.
  uint64_t Of(std::string_view context, std::string_view text) const;

 private:
  uint64_t Add(uint64_t sum, uint64_t word) const;

  alignas(16) std::array<uint64_t, kPiece / 8> key_{};
  bool carryless_;
  uint64_t point_ = 0;  // where the polynomial is worked out
};

}  // namespace postern::secrets
