#include "shared/secrets/keyed_hash.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "shared/base/check.h"
#include "shared/crypto/hkdf.h"
#include "shared/secrets/piece_products.h"

namespace postern::secrets {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;

uint64_t Reduced(Wide number) {
  const uint64_t sum = static_cast<uint64_t>(number & kPrime) + static_cast<uint64_t>(number >> 61);
  return sum >= kPrime ? sum - kPrime : sum;
}

}  // namespace

// A stretch at a time, and the first one that differs piece by piece.
size_t SamePieces(std::span<const PieceHash> a, std::span<const PieceHash> b) {
  static_assert(std::has_unique_object_representations_v<PieceHash>);
  constexpr size_t kStretch = 32;
  const size_t most = std::min(a.size(), b.size());
  size_t same = 0;
  while (same + kStretch <= most && std::memcmp(&a[same], &b[same], kStretch * sizeof(PieceHash)) == 0)
    same += kStretch;
  while (same < most && a[same] == b[same]) ++same;
  return same;
}

KeyedHash::KeyedHash(std::string_view secret) : carryless_(HasCarrylessProducts()) {
  CHECK(secret.size() >= 16);
  crypto::DeriveHkdf({reinterpret_cast<uint8_t*>(key_.data()), sizeof key_}, secret, "",
                     "texts known again: pieces");
  crypto::DeriveHkdf({reinterpret_cast<uint8_t*>(&point_), sizeof point_}, secret, "",
                     "texts known again: point");
  point_ = Reduced(point_);
}

PieceHash KeyedHash::OfPiece(std::string_view piece) const {
  CHECK(piece.size() <= kPiece);
  return carryless_ ? SumOfCarrylessProducts(key_.data(), piece) : SumOfProducts(key_.data(), piece);
}

Pieces KeyedHash::OfPieces(std::string_view text) const {
  auto hashes = std::make_shared<std::vector<PieceHash>>();
  hashes->reserve(text.size() / kPiece + 1);
  for (size_t at = 0; at < text.size(); at += kPiece) hashes->push_back(OfPiece(text.substr(at, kPiece)));
  return hashes;
}

uint64_t KeyedHash::Add(uint64_t sum, uint64_t word) const {
  // In two halves, which are smaller than the prime.
  sum = Reduced(static_cast<Wide>(sum) * point_ + (word >> 32));
  return Reduced(static_cast<Wide>(sum) * point_ + (word & 0xffffffff));
}

uint64_t KeyedHash::Of(std::string_view context, std::string_view text) const {
  uint64_t sum = Add(Add(1, context.size()), text.size());
  for (const std::string_view part : {context, text}) {
    for (size_t at = 0; at < part.size(); at += kPiece) {
      const PieceHash hash = OfPiece(part.substr(at, kPiece));
      sum = Add(Add(sum, hash.low), hash.high);
    }
  }
  return sum;
}

}  // namespace postern::secrets
