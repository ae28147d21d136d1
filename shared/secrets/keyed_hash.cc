#include "shared/secrets/keyed_hash.h"

#include <cstring>
#include <span>

#include "shared/base/check.h"
#include "shared/crypto/hkdf.h"

namespace postern::secrets {
namespace {

__extension__ using Wide = unsigned __int128;
constexpr uint64_t kPrime = (uint64_t{1} << 61) - 1;

uint64_t Reduced(Wide number) {
  const uint64_t sum = static_cast<uint64_t>(number & kPrime) + static_cast<uint64_t>(number >> 61);
  return sum >= kPrime ? sum - kPrime : sum;
}

uint64_t WordAt(const char* bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

}  // namespace

KeyedHash::KeyedHash(std::string_view secret) {
  CHECK(secret.size() >= 16);
  crypto::DeriveHkdf({reinterpret_cast<uint8_t*>(key_.data()), sizeof key_}, secret, "",
                     "texts known again: pieces");
  crypto::DeriveHkdf({reinterpret_cast<uint8_t*>(&point_), sizeof point_}, secret, "",
                     "texts known again: point");
  point_ = Reduced(point_);
}

PieceHash KeyedHash::OfPiece(std::string_view piece) const {
  CHECK(piece.size() <= kPiece);
  // Pieces of other lengths have other hashes: the length goes in unmultiplied.
  Wide sum = piece.size();
  size_t at = 0;
#pragma GCC unroll 8
  for (; at + 16 <= piece.size(); at += 16) {
    const uint64_t* key = key_.data() + at / 8;
    sum += static_cast<Wide>(WordAt(piece.data() + at) + key[0]) * (WordAt(piece.data() + at + 8) + key[1]);
  }
  if (at < piece.size()) {
    char last[16] = {};
    std::memcpy(last, piece.data() + at, piece.size() - at);
    const uint64_t* key = key_.data() + at / 8;
    sum += static_cast<Wide>(WordAt(last) + key[0]) * (WordAt(last + 8) + key[1]);
  }
  return {.low = static_cast<uint64_t>(sum), .high = static_cast<uint64_t>(sum >> 64)};
}

std::vector<PieceHash> KeyedHash::OfPieces(std::string_view text) const {
  std::vector<PieceHash> hashes;
  hashes.reserve(text.size() / kPiece + 1);
  for (size_t at = 0; at < text.size(); at += kPiece) hashes.push_back(OfPiece(text.substr(at, kPiece)));
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
