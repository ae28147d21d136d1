#include "collector/store/log_reader.h"

#include <string>
#include <utility>

namespace postern::store {
namespace {

Error Missing(uint64_t leaf) {
  return {ErrorCode::kCorrupt, "entry " + std::to_string(leaf) + " is missing from the collector's store"};
}

}  // namespace

Result<Entry> LogReader::EntryAt(uint64_t leaf) {
  if (!segment_.Holds(leaf)) {
    entries_.SeekBackward(LeafKey(leaf));
    if (!entries_.valid()) {
      RETURN_IF_ERROR(entries_.status());
      return Missing(leaf);
    }
    ASSIGN_OR_RETURN(segment_, EntrySegment::Decode(entries_.key(), entries_.value()));
    if (!segment_.Holds(leaf)) return Missing(leaf);
  }
  return segment_.EntryAt(leaf);
}

Status LogReader::SeekFacts(uint64_t leaf) {
  if (leaf >= facts_begin_ && leaf - facts_begin_ < facts_row_.size()) return Ok{};
  facts_.SeekBackward(LeafKey(leaf));
  if (!facts_.valid()) {
    RETURN_IF_ERROR(facts_.status());
    return Missing(leaf);
  }
  facts_begin_ = Decoder(facts_.key()).Number();
  ASSIGN_OR_RETURN(facts_row_, FactsRow::Decode(facts_.value()));
  if (leaf - facts_begin_ >= facts_row_.size()) return Missing(leaf);
  return Ok{};
}

Result<Facts> LogReader::FactsAt(uint64_t leaf) {
  RETURN_IF_ERROR(SeekFacts(leaf));
  return facts_row_.At(leaf - facts_begin_);
}

Result<WallTime> LogReader::TimeAt(uint64_t leaf) {
  RETURN_IF_ERROR(SeekFacts(leaf));
  return facts_row_.TimeAt(leaf - facts_begin_);
}

Result<std::vector<StoredEvent>> LogReader::Events(const std::vector<uint64_t>& leaves) {
  std::vector<std::string> keys;
  keys.reserve(leaves.size());
  for (const uint64_t leaf : leaves) keys.push_back(LeafKey(leaf));
  ASSIGN_OR_RETURN(auto bodies, view_.GetMany(kBodies, keys));
  std::vector<StoredEvent> events;
  events.reserve(leaves.size());
  for (size_t i = 0; i < leaves.size(); ++i) {
    ASSIGN_OR_RETURN(Entry entry, EntryAt(leaves[i]));
    ASSIGN_OR_RETURN(Facts facts, FactsAt(leaves[i]));
    events.push_back({.leaf = Leaf{leaves[i]},
                      .entry = std::move(entry),
                      .facts = std::move(facts.facts),
                      .bytes = std::move(bodies[i]).value_or("")});
  }
  return events;
}

Result<uint64_t> LogSize(const kv::View& view) {
  kv::Cursor cursor = view.NewCursor(kEntries);
  cursor.SeekToLast();
  if (!cursor.valid()) {
    RETURN_IF_ERROR(cursor.status());
    return uint64_t{0};
  }
  ASSIGN_OR_RETURN(const EntrySegment last, EntrySegment::Decode(cursor.key(), cursor.value()));
  return last.end();
}

}  // namespace postern::store
