// Segments: stretches of the log whose entries are of one chain and one commit, kept as two rows. The
// entries' row is for ever and holds what proofs need; the facts' row says what each event was about, once it
// can no longer be read from its body.
#pragma once

#include <array>
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

// What each event of a segment was about, read without making texts of what isn't asked for. Values are cut.
// Thread-compatible.
class FactsRow {
 public:
  static std::string Encode(const std::vector<const NewEvent*>& events);
  static Result<FactsRow> Decode(std::string_view value);

  size_t size() const { return events_.size(); }
  WallTime TimeAt(size_t index) const { return events_[index].time; }
  Facts At(size_t index) const;

 private:
  static constexpr size_t kTexts = 8;
  // All of an event's facts but its time: most events of a segment have the same as another.
  struct Shape {
    std::array<uint32_t, kTexts> texts{};
    Decision decision{};
  };
  struct Event {
    uint32_t shape = 0;
    WallTime time{};
    Spending spending;
  };

  std::vector<std::string> texts_;
  std::vector<Shape> shapes_;
  std::vector<Event> events_;
};

// Cuts what is appended to the log into segments, and writes their rows and places. Thread-compatible.
class SegmentWriter {
 public:
  // The event of the next leaf, which must live until it is written.
  void Add(uint64_t leaf, const NewEvent& event, kv::Batch& batch);

  // Writes what has been added.
  void Finish(kv::Batch& batch);

 private:
  bool Continues(uint64_t leaf, const Entry& entry) const;

  EntrySegment segment_;
  std::vector<const NewEvent*> events_;
};

}  // namespace postern::store
