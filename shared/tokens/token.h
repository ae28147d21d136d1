// Tokens: what shows to Postern who somebody is. Three kinds share one form and differ in their prefix, so
// that none can be taken for another. Pure: randomness comes in as an argument.
//
//   pst_<id>_<secret><check>        pst  a person's virtual key, sent instead of a provider credential
//       12   28      6              psa  an administrator's token
//                                   pse  an enrolment token, good for one host once
//
// The id is public: it names the key in records, lists and policies. The secret is 28 characters of base 62,
// 166 bits; only its SHA-256 is ever stored, and no salt is needed for a secret that can't be guessed. The
// check is the CRC-32 of all that stands before it, in base 62: it tells a token that was mistyped or cut
// from one that is not known. The prefix lets scanners find tokens in places where they don't belong.
// README.md has the grammar and a worked example.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "shared/crypto/sha256.h"

namespace postern::tokens {

inline constexpr size_t kIdSize = 12;
inline constexpr size_t kSecretSize = 28;
inline constexpr size_t kCheckSize = 6;
inline constexpr size_t kSize = 4 + kIdSize + 1 + kSecretSize + kCheckSize;  // of every kind

enum class Kind { kVirtualKey, kAdministrator, kEnrolment };

// "pst_", "psa_", "pse_".
std::string_view Prefix(Kind kind);

// What a text that should be a token of some kind turned out to be.
enum class Form {
  kOurs,       // well formed; whether it is known is another question
  kForeign,    // without the kind's prefix: somebody else's, a provider's perhaps, or of another kind
  kMalformed,  // with the prefix, but of another length or with other characters
  kMistyped,   // of our shape, but the check doesn't fit
};

// Views into the text that was parsed; empty unless it is ours.
struct Token {
  Form form = Form::kForeign;
  std::string_view id;
  std::string_view secret;  // never log it
};

Token Parse(Kind kind, std::string_view text);

// Whether this could be a token's id: 12 small letters and digits. Agents' ids look the same.
bool IsId(std::string_view text);

// What is stored of a secret.
inline crypto::Digest HashSecret(std::string_view secret) { return crypto::Sha256(secret); }

// The whole text of a token. The id and secret must have their sizes and alphabets (CHECK).
std::string Format(Kind kind, std::string_view id, std::string_view secret);

// A source of random bytes that must be a cryptographic one, such as crypto::RandomBytes.
using FillRandom = std::function<void(std::span<uint8_t>)>;

// A new token's text.
std::string Make(Kind kind, const FillRandom& fill_random);

// A new id or secret alone: for an agent's id, and for a new secret of an old id.
std::string MakeId(const FillRandom& fill_random);
std::string MakeSecret(const FillRandom& fill_random);

// The text with everything in it that could be a token of any kind cut after its id ("pst_k7x2m9q4w8ab_…"),
// so that what people paste into the wrong place doesn't end up in a record.
std::string Redacted(std::string_view text);

}  // namespace postern::tokens
