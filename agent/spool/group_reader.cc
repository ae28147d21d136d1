#include "agent/spool/group_reader.h"

#include <algorithm>
#include <array>
#include <utility>

#include "agent/spool/layout.h"
#include "agent/spool/page_reader.h"
#include "agent/spool/record_key.h"

namespace postern::spool {
namespace {

std::string_view View(const std::array<char, RecordKey::kSize>& key) { return {key.data(), key.size()}; }

Error Damaged(uint64_t position) {
  return {ErrorCode::kCorrupt, "the record is damaged at event " + std::to_string(position)};
}

// Fills in what only the seal says.
bool Finish(std::string_view value, SealedGroup& group) {
  wire::Seal seal;
  if (!SealNote::TakeFrom(value) || !seal.ParseFromArray(value.data(), static_cast<int>(value.size())) ||
      seal.head().size() != group.end.head.size() || seal.last_sequence() < group.events.size()) {
    return false;
  }
  group.seal = std::string(value);
  group.end.incarnation = seal.incarnation();
  group.end.sequence = seal.last_sequence();
  std::copy(seal.head().begin(), seal.head().end(), group.end.head.begin());
  group.first_sequence = seal.last_sequence() - group.events.size() + 1;
  return true;
}

// Where the first event after the mark lies, or lay.
Result<uint64_t> PositionAfter(const Chains& chains, const Mark& after) {
  if (after.incarnation == 0) return chains.FirstUnacknowledged();
  const Chain* chain = chains.Find(after.incarnation);
  if (chain == nullptr)
    return Error{ErrorCode::kNotFound, "the record has no events of that incarnation (any more)"};
  if (after.sequence > chain->end.sequence)
    return Error{ErrorCode::kInvalid, "the record's chain is not so long"};
  return chain->PositionOf(after.sequence + 1);
}

// The seal that was left where the events before it were trimmed.
Result<std::string> ReadBase(const kv::Store& store, uint64_t position) {
  ASSIGN_OR_RETURN(const auto placed, ReadSeal(store, position));
  if (!placed) return Damaged(position);
  return placed->seal.SerializeAsString();
}

}  // namespace

size_t SealedGroup::bytes() const {
  size_t bytes = seal.size() + base.size();
  for (const std::string& event : events) bytes += event.size();
  return bytes;
}

Result<std::vector<SealedGroup>> ReadSealedGroups(const kv::Store& store, const Chains& chains, Mark after,
                                                  uint64_t synced_end, size_t max_bytes) {
  ASSIGN_OR_RETURN(uint64_t position, PositionAfter(chains, after));
  std::vector<SealedGroup> groups;
  SealedGroup group;
  ASSIGN_OR_RETURN(const Extent extent, FindExtent(store));
  if (position < extent.first) {
    ASSIGN_OR_RETURN(group.base, ReadBase(store, extent.first - 1));
    position = extent.first;
  }
  size_t bytes = 0;
  kv::Cursor cursor = store.NewCursor(kRecords);
  for (cursor.Seek(View(RecordKey{position, RecordKind::kEvent}.Encode())); cursor.valid(); cursor.Next()) {
    const auto key = RecordKey::Decode(cursor.key());
    if (!key) return Damaged(position);
    if (key->position >= synced_end) break;
    if (key->kind == RecordKind::kEvent) {
      if (key->position != position) return Damaged(position);
      group.events.emplace_back(cursor.value());
      ++position;
      continue;
    }
    if (group.events.empty() || !Finish(cursor.value(), group)) return Damaged(key->position);
    bytes += group.bytes();
    if (bytes > max_bytes && !groups.empty()) break;
    groups.push_back(std::exchange(group, {}));
    if (bytes >= max_bytes) break;
  }
  RETURN_IF_ERROR(cursor.status());
  return groups;
}

}  // namespace postern::spool
