// Segments: stretches of the log whose entries are of one chain and one commit, kept as two rows. The
// entries' row is for ever and holds what proofs need; the facts' row says what each event was about, once it
// can no longer be read from its body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/store/types.h"
#include "shared/base/result.h"
#include "shared/kv/batch.h"

namespace postern::store {

struct EntrySegment {
  uint64_t first_leaf = 0;
  std::string agent;
  uint64_t incarnation = 0;
  uint64_t first_sequence = 0;
  WallTime received_at{};
  std::string digests;  // 32 bytes each

  uint64_t size() const { return digests.size() / sizeof(crypto::Digest); }
  uint64_t end() const { return first_leaf + size(); }
  bool Holds(uint64_t leaf) const { return leaf >= first_leaf && leaf < end(); }
  crypto::Digest DigestAt(uint64_t index) const;
  Entry EntryAt(uint64_t leaf) const;

  std::string Encode() const;
  static Result<EntrySegment> Decode(std::string_view key, std::string_view value);
};

struct Facts {
  EventFacts facts;
  Spending spending;
};

std::string EncodeFacts(const std::vector<Facts>& all);
Result<std::vector<Facts>> DecodeFacts(std::string_view value);

// Cuts what is appended to the log into segments, and writes their rows and places. Thread-compatible.
class SegmentWriter {
 public:
  // The entry of the next leaf.
  void Add(uint64_t leaf, const Entry& entry, const EventFacts& facts, const Spending& spending,
           kv::Batch& batch);

  // Writes what has been added.
  void Finish(kv::Batch& batch);

 private:
  bool Continues(uint64_t leaf, const Entry& entry) const;

  EntrySegment segment_;
  std::vector<Facts> facts_;
};

}  // namespace postern::store
