// The directory's records that this agent has asked for. Pure: time comes in as an argument.
//
// What is known of a key never goes back: neither a record by an older one, nor anything by an answer that is
// older than the newest revocation known here, whatever key that was of. Tombstones stay the longest: when
// there is no more room, what was not used for the longest time goes first, and revoked keys go last. What
// went is asked for again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/membership/known.h"
#include "shared/base/clock.h"
#include "shared/wire/conversation.pb.h"
#include "shared/wire/directory.pb.h"

namespace postern::membership {

struct CacheLimits {
  size_t keys = 10'000;
  size_t unknown_keys = 4096;
  size_t os_users = 1000;
  std::chrono::nanoseconds unknown_for = std::chrono::seconds(5);  // so long "unknown" is believed
};

// Thread-compatible.
class RecordCache {
 public:
  explicit RecordCache(CacheLimits limits = {}) : limits_(limits) {}

  // Whether an answer as of this revision may be taken.
  bool IsCurrent(uint64_t revision) const { return revision >= newest_revocation_; }

  // Takes one record over, unless a newer one is known. `os_uids` are those of its os_users that this machine
  // knows. True where it is in force now.
  enum class Origin { kCollector, kDisk };
  bool TakeKey(const wire::KeyRecord& record, std::vector<uid_t> os_uids, Origin origin);
  void TakeUnknownKey(const std::string& id, BootTime now);
  // `revision`: that of the answer which holds it. A user who isn't known any more is a revocation like a
  // key's.
  void TakeOsUser(const wire::OsPrincipal& user, uint64_t revision, Origin origin);
  void NoteRevision(uint64_t revision) { revision_ = std::max(revision_, revision); }
  void NoteRevocation(uint64_t revision) { newest_revocation_ = std::max(newest_revocation_, revision); }

  // The conversation has begun, and nothing is confirmed in it yet; or it has ended.
  void BeginConversation();
  void EndConversation() { conversing_ = false; }
  uint64_t conversation() const { return conversation_; }

  // Counts as a use.
  KeyAnswer FindKey(std::string_view id, BootTime now);
  OsUserAnswer FindOsUser(uid_t uid);
  std::vector<wire::KeyRecord> Tombstones(size_t most) const;

  // What is known, as it would be told: for the disk. Nothing of a key that isn't.
  std::optional<wire::KeyRecord> RecordOf(std::string_view id) const;
  std::vector<wire::KeyRecord> KeyRecords() const;
  std::vector<wire::OsPrincipal> OsPrincipals() const;

  // What was forgotten for want of room since the last call.
  struct Forgotten {
    std::vector<std::string> keys;
    std::vector<uid_t> os_users;
  };
  Forgotten TakeForgotten();

  uint64_t revision() const { return revision_; }
  uint64_t newest_revocation() const { return newest_revocation_; }
  size_t keys() const { return keys_.size(); }
  size_t os_users() const { return os_users_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  struct KeyEntry {
    std::shared_ptr<const Key> key;
    wire::KeyRecord record;
    uint64_t confirmed = 0;  // the conversation in which it was
    uint64_t used = 0;
  };
  struct OsUserEntry {
    std::shared_ptr<const OsUserPrincipal> user;  // null: the collector knows no such user
    wire::OsPrincipal record;
    uint64_t confirmed = 0;
    uint64_t used = 0;
  };
  struct UnknownKey {
    uint64_t confirmed = 0;
    BootTime until{};
  };

  Certainty CertaintyOf(uint64_t confirmed) const;
  void MakeRoomForKeys();
  void MakeRoomForOsUsers();

  const CacheLimits limits_;
  uint64_t revision_ = 0;
  uint64_t newest_revocation_ = 0;
  uint64_t conversation_ = 1;
  bool conversing_ = false;
  uint64_t uses_ = 0;
  std::unordered_map<std::string, KeyEntry, Hash, std::equal_to<>> keys_;
  std::unordered_map<std::string, UnknownKey, Hash, std::equal_to<>> unknown_keys_;
  std::unordered_map<uid_t, OsUserEntry> os_users_;
  Forgotten forgotten_;
};

// The record as the gate judges by it; nothing where it can't be one.
std::shared_ptr<const Key> MakeKey(const wire::KeyRecord& record, std::vector<uid_t> os_uids);

}  // namespace postern::membership
