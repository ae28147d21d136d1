// What is remembered of one session between its requests: what was scanned and is clean, the secrets that
// were taken out, and what each placeholder stands for. All of it is bounded, and the oldest goes first.
//
// One session is one person's: whoever shares a memory could try out guesses of the other's secrets, and see
// whether they are replaced. Secrets lie in locked memory; whoever drops the memory wipes them.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/secrets/body_scan.h"
#include "shared/secrets/known_body.h"
#include "shared/secrets/rules.h"

namespace postern::secrets {

// One for all sessions of a process. Thread-safe: it never changes.
class MemoryKey {
 public:
  // From 32 random bytes that nobody else has.
  explicit MemoryKey(std::string_view random);
  const std::shared_ptr<const KeyedHash>& hash() const { return hash_; }

 private:
  std::shared_ptr<const KeyedHash> hash_;
};

// Thread-compatible. What KnownOf returns may go to another thread.
class SessionMemory {
 public:
  static constexpr size_t kMostBodies = 8;       // the main conversation's, its subagents', side questions'
  static constexpr size_t kMostOriginals = 512;  // placeholders that can be restored
  static constexpr size_t kMostOriginal = 16 << 10;  // bytes of one
  static constexpr size_t kMostOriginalBytes = 256 << 10;

  explicit SessionMemory(const MemoryKey& key) : hash_(key.hash()) {}

  // For a scan of the next body of this conversation ("" or, of a subagent, its id).
  Known KnownOf(std::string_view conversation) const;
  // After that scan, also one of another body in the meantime: the body takes the place of the one that it
  // continues. A side question (a title, a summary) continues none, and leaves the conversation known.
  void Keep(std::string_view conversation, const BodyScan& scan);
  // The size of the largest body of it that is known; 0: none is.
  size_t LargestOf(std::string_view conversation) const;
  // Other rules are in force: nothing is known to be clean any more, and literals stay.
  void ForgetBodies();

  const std::shared_ptr<const Literals>& literals() const { return literals_; }

  // What a placeholder stands for, so that it can be restored. kUnavailable where no memory can be locked.
  Status KeepOriginal(std::string_view placeholder, std::string_view original);
  // The view holds until the next call that changes the memory.
  std::optional<std::string_view> OriginalOf(std::string_view placeholder) const;

  size_t bytes() const;  // that it takes, about

 private:
  struct Body {
    std::string conversation;
    std::shared_ptr<const KnownBody> known;
  };
  struct Original {
    std::string placeholder;
    crypto::LockedSecret text;
  };

  std::shared_ptr<const KeyedHash> hash_;
  std::vector<Body> bodies_;  // the newest last
  std::shared_ptr<const Literals> literals_;
  std::vector<Original> originals_;  // the oldest first
  size_t original_bytes_ = 0;
};

}  // namespace postern::secrets
