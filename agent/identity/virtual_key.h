// Virtual keys: what a person's client sends instead of a provider credential. Pure: randomness comes in as
// an argument.
//
//   pst_<id>_<secret><check>
//       12   28      6
//
// The id is public: it names the key in records, lists and policies. The secret is 28 characters of base 62,
// 166 bits; only its SHA-256 is ever stored, and no salt is needed for a secret that can't be guessed. The
// check is the CRC-32 of all that stands before it, in base 62: it tells a key that was mistyped or cut from
// one that is not known. The prefix lets scanners find keys in places where they don't belong. README.md has
// the grammar and a worked example.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "shared/crypto/sha256.h"

namespace postern::identity {

inline constexpr size_t kKeyIdSize = 12;
inline constexpr size_t kKeySecretSize = 28;
inline constexpr size_t kKeyCheckSize = 6;
inline constexpr size_t kKeySize = 4 + kKeyIdSize + 1 + kKeySecretSize + kKeyCheckSize;

// What a text that should be a key turned out to be.
enum class KeyForm {
  kOurs,       // well formed; whether it is known is another question
  kForeign,    // without our prefix: somebody else's, a provider's perhaps
  kMalformed,  // with our prefix, but of another length or with other characters
  kMistyped,   // of our shape, but the check doesn't fit
};

// Views into the text that was parsed; empty unless it is ours.
struct VirtualKey {
  KeyForm form = KeyForm::kForeign;
  std::string_view id;
  std::string_view secret;  // never log it
};

VirtualKey ParseVirtualKey(std::string_view text);

// Whether this could be a key's id: 12 small letters and digits.
bool IsKeyId(std::string_view text);

// What is stored of a secret.
inline crypto::Digest HashKeySecret(std::string_view secret) { return crypto::Sha256(secret); }

// The whole text of a key. The id and secret must have their sizes and alphabets (CHECK).
std::string FormatVirtualKey(std::string_view id, std::string_view secret);

// A new key's text, from a source of random bytes that must be a cryptographic one.
std::string MakeVirtualKey(const std::function<void(std::span<uint8_t>)>& fill_random);

}  // namespace postern::identity
