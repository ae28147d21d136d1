// What the agent's store holds, and under which names. README.md is the same for people.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "agent/spool/record_key.h"
#include "shared/kv/store.h"

namespace postern::spool {

constexpr kv::Family kRecords{0};  // RecordKey → events and seals
constexpr kv::Family kMeta{1};
constexpr kv::Family kWallet{2};  // wallet_rows.h; earlier versions had no such family

constexpr uint32_t kFormat = 1;

// kMeta: the incarnation (8 bytes) ‖ SHA-256 of the machine (32) ‖ key id (8). Another machine or key is
// another incarnation.
constexpr std::string_view kIdentityKey = "identity";
// kMeta: "acknowledged/" ‖ incarnation (8) → the sequence up to which the collector has that chain (8).
constexpr std::string_view kAcknowledgedPrefix = "acknowledged/";
// kMeta: "key/" ‖ key id → a public key (32 bytes) that sealed something in this store.
constexpr std::string_view kPublicKeyPrefix = "key/";
// kMeta: "seen/" ‖ id of a virtual key → the RecordKey of its key_first_used.
constexpr std::string_view kKeySeenPrefix = "seen/";

inline std::string AcknowledgedKey(uint64_t incarnation) {
  std::string key(kAcknowledgedPrefix);
  AppendNumber(key, incarnation);
  return key;
}

inline std::string StoreDirectory(const std::string& state_directory) { return state_directory + "/store"; }

inline kv::Options StoreOptions(std::shared_ptr<kv::Faults> faults = nullptr) {
  return {.families = {"events", "meta", "wallet"},
          .format = kFormat,
          .what = "the agent's state",
          .faults = std::move(faults)};
}

}  // namespace postern::spool
