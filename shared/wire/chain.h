// The chain that makes a row of events checkable: one hash over all of them, and signatures over that hash.
//
//   head_0 = 32 zero bytes
//   head_n = SHA-256(head_{n-1} ‖ SHA-256(event_n))        for each incarnation, over the events' exact bytes
//
// A seal is an Ed25519 signature over a head. README.md has the bytes and a worked example.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/crypto/ed25519.h"
#include "shared/crypto/sha256.h"
#include "shared/wire/event.pb.h"

namespace postern::wire {

using Head = crypto::Digest;

constexpr Head kFirstHead{};

// The head after one more event.
Head Extend(const Head& head, std::string_view event);
Head ExtendBy(const Head& head, const crypto::Digest& digest_of_event);

// What a seal states: the events first..last of an incarnation lead to this head.
struct Statement {
  uint64_t incarnation = 0;
  uint64_t first_sequence = 0;
  uint64_t last_sequence = 0;
  Head head{};

  // The 72 bytes that are signed.
  std::string SignedBytes() const;
};

// The first 8 bytes of the key's SHA-256: enough to find it among a host's few.
std::string KeyId(const crypto::PublicKey& key);

Seal MakeSeal(const Statement& statement, const crypto::SigningKey& key);

// Whether the signature is this key's over what the seal states.
bool VerifySeal(const Seal& seal, const crypto::PublicKey& key);

}  // namespace postern::wire
