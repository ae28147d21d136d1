// Frames of the conversation between an agent and its collector: bytes to messages and back, with bounds.
//
// Whatever Decode lets through has every field within the limits below, so that neither side need doubt a
// length again: marks have heads of 32 bytes, signatures 64, groups are neither empty nor unsealed. What the
// fields *say* is still the other side's claim. Fails closed. conversation.md has the rules of the
// conversation and a worked example. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"
#include "shared/wire/chain.h"
#include "shared/wire/conversation.pb.h"
#include "shared/wire/event.h"

namespace postern::wire {

constexpr uint32_t kConversationVersion = 1;

constexpr size_t kMaxFrameBytes = size_t{1} << 20;
constexpr int kMaxGroups = 64;         // in one Events
constexpr int kMaxGroupEvents = 4096;  // in one Group
constexpr int kMaxMarks = 1024;        // in a Hello, Welcome or Acknowledged
constexpr int kMaxQueryKeys = 256;
constexpr int kMaxQueryUsers = 64;
constexpr int kMaxUserGroups = 1024;
constexpr int kMaxDirectoryItems = 1024;  // keys, unknown keys, OS users: each
constexpr size_t kMaxTextBytes = 256;     // names, ids, versions
constexpr size_t kMaxSentenceBytes = 1024;
constexpr size_t kMaxMemoryBytes = 1024;
constexpr size_t kMaxBoxBytes = 16 * 1024;
constexpr size_t kMaxPolicyBytes = size_t{32} << 20;        // a serialised SignedPolicy
constexpr size_t kMaxPolicyPieceBytes = size_t{256} << 10;  // in one PolicyPart
constexpr int kMaxHoldings = 8192;                          // in a Hello or Return
constexpr int kMaxClaims = static_cast<int>(kMaxCharges);   // in a Demand
constexpr size_t kLifeBytes = 16;
constexpr size_t kNonceBytes = 16;

// One message as a frame; its version is filled in. kInvalid where Decode would refuse the result.
Result<std::string> Encode(FromAgent message);
Result<std::string> Encode(FromCollector message);

// kInvalid says in a sentence which bound is broken, and never shows the bytes. A message whose body this
// version doesn't know comes back as BODY_NOT_SET: it is to be passed over.
Result<FromAgent> DecodeFromAgent(std::string_view frame);
Result<FromCollector> DecodeFromCollector(std::string_view frame);

// A Mark with its head as a value.
struct Place {
  uint64_t incarnation = 0;
  uint64_t sequence = 0;
  Head head{};

  friend bool operator==(const Place&, const Place&) = default;
};

Mark ToMark(const Place& place);

// kInvalid unless the head has 32 bytes; without events it may also be empty.
Result<Place> ToPlace(const Mark& mark);

// What an agent keeps of an acknowledgement, and shows again in its Hello.
struct SignedMemory {
  std::string bytes;  // a serialised Memory
  std::string signature;
};

SignedMemory SignMemory(const Memory& memory, const crypto::SigningKey& log_key);

// kDenied where the signature isn't this key's over the bytes; kInvalid where they are no Memory.
Result<Memory> OpenMemory(std::string_view bytes, std::string_view signature,
                          const crypto::PublicKey& log_key);

// Proof that the collector once revoked this key: KeyRecord.tombstone.
std::string SignTombstone(std::string_view key_id, const crypto::SigningKey& log_key);
bool VerifyTombstone(const KeyRecord& key, const crypto::PublicKey& log_key);

// Fills in nonce, now and signature.
void SignHeartbeat(Heartbeat& heartbeat, std::string_view nonce, const Place& now,
                   const crypto::SigningKey& seal_key);

bool VerifyHeartbeat(const Heartbeat& heartbeat, const crypto::PublicKey& seal_key);

}  // namespace postern::wire
