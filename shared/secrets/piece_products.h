// Sums of products of a piece's words with secret ones: what KeyedHash makes of a piece. Two different pieces
// have the same sum by one key of 2^64, in either way of multiplying; each is a hash of its own. Only
// shared/secrets includes this.
//
//   sum  =  length  +  Σ (word₀ + key₀) × (word₁ + key₁)
//   sum  =  length  ⊕  Σ (word₀ ⊕ key₀) ⊗ (word₁ ⊕ key₁)
//
// The first is NH (RFC 4418, section 5.2) with words of 64 bits; the second CLNH, with polynomials over GF(2)
// for numbers (Lemire and Kaser, "Faster 64-bit universal hashing using carry-less multiplications"), which
// takes half the instructions.
//
// A piece that ends within a pair of words goes on with zeros. Pure.
#pragma once

#include <cstdint>
#include <string_view>

#include "shared/secrets/keyed_hash.h"

namespace postern::secrets {

// `key` has a word for each eight bytes that begin in the piece, and one more where that is odd; it stands at
// a multiple of sixteen bytes.
PieceHash SumOfProducts(const uint64_t* key, std::string_view piece);

// Only where the processor has the instruction.
PieceHash SumOfCarrylessProducts(const uint64_t* key, std::string_view piece);
bool HasCarrylessProducts();

}  // namespace postern::secrets
