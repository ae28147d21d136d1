#include "agent/spool/page_reader.h"

#include <algorithm>
#include <utility>

#include "shared/wire/chain.h"

namespace postern::spool {
namespace {

constexpr size_t kMaxPageBytes = 1 << 20;

std::string_view View(const std::array<char, RecordKey::kSize>& key) { return {key.data(), key.size()}; }

Error Damaged(uint64_t position) {
  return {ErrorCode::kCorrupt, "the record is damaged after event " + std::to_string(position)};
}

// The first seal at or after `position`; nothing when there is none.
Result<std::optional<SealPlace>> NextSeal(kv::Cursor& cursor, uint64_t position) {
  for (cursor.Seek(View(RecordKey{position, RecordKind::kSeal}.Encode())); cursor.valid(); cursor.Next()) {
    const auto key = RecordKey::Decode(cursor.key());
    if (!key) return Damaged(position);
    if (key->kind == RecordKind::kEvent) continue;
    std::string_view value = cursor.value();
    const auto note = SealNote::TakeFrom(value);
    if (!note) return Damaged(key->position);
    return std::optional(SealPlace{key->position, *note});
  }
  RETURN_IF_ERROR(cursor.status());
  return std::optional<SealPlace>();
}

Result<uint64_t> WhereToBegin(const kv::Store& store, const Extent& extent, const PageRequest& request) {
  if (request.from != 0) return std::clamp(request.from, extent.first, extent.next);
  if (request.since) {
    ASSIGN_OR_RETURN(const auto seal, LastSealBefore(store, extent, *request.since));
    return seal ? seal->position + 1 : extent.first;
  }
  if (request.last != 0 && request.last < extent.next - extent.first) return extent.next - request.last;
  return extent.first;
}

Status ReadPublicKeys(const kv::Store& store, Page& page) {
  kv::Cursor cursor = store.NewCursor(kMeta);
  for (cursor.Seek(kPublicKeyPrefix); cursor.valid() && cursor.key().starts_with(kPublicKeyPrefix);
       cursor.Next()) {
    page.public_keys.emplace_back(cursor.value());
  }
  return cursor.status();
}

}  // namespace

Result<Extent> FindExtent(const kv::Store& store) {
  kv::Cursor cursor = store.NewCursor(kRecords);
  cursor.SeekToFirst();
  RETURN_IF_ERROR(cursor.status());
  if (!cursor.valid()) return Extent{};
  const auto first = RecordKey::Decode(cursor.key());
  cursor.SeekToLast();
  RETURN_IF_ERROR(cursor.status());
  const auto last = cursor.valid() ? RecordKey::Decode(cursor.key()) : std::nullopt;
  if (!first || !last) return Damaged(0);
  return Extent{first->position + (first->kind == RecordKind::kSeal ? 1 : 0), last->position + 1};
}

Result<std::optional<SealPlace>> LastSeal(const kv::Store& store, const Extent& extent,
                                          const std::function<bool(const SealNote&)>& passes) {
  kv::Cursor cursor = store.NewCursor(kRecords);
  std::optional<SealPlace> found;
  for (uint64_t low = extent.first, high = extent.next; low < high;) {
    const uint64_t middle = low + (high - low) / 2;
    ASSIGN_OR_RETURN(const auto seal, NextSeal(cursor, middle));
    if (seal && seal->position < extent.next && passes(seal->note)) {
      found = seal;
      low = seal->position + 1;
    } else {
      high = middle;
    }
  }
  return found;
}

Result<std::optional<SealPlace>> LastSealBefore(const kv::Store& store, const Extent& extent, WallTime time) {
  const int64_t wanted = time.time_since_epoch().count();
  return LastSeal(store, extent, [&](const SealNote& note) { return note.wall_time < wanted; });
}

Result<std::optional<PlacedSeal>> ReadSeal(const kv::Store& store, uint64_t position) {
  ASSIGN_OR_RETURN(const auto value,
                   store.Get(kRecords, View(RecordKey{position, RecordKind::kSeal}.Encode())));
  if (!value) return std::optional<PlacedSeal>();
  std::string_view rest = *value;
  const auto note = SealNote::TakeFrom(rest);
  PlacedSeal placed;
  if (!note || !placed.seal.ParseFromArray(rest.data(), static_cast<int>(rest.size())) ||
      placed.seal.head().size() != wire::kFirstHead.size()) {
    return Damaged(position);
  }
  placed.note = *note;
  return std::optional(std::move(placed));
}

Result<Page> ReadPage(const kv::Store& store, const PageRequest& request) {
  ASSIGN_OR_RETURN(const Extent extent, FindExtent(store));
  ASSIGN_OR_RETURN(const uint64_t begin, WhereToBegin(store, extent, request));
  Page page{.first = extent.first, .next = extent.next, .public_keys = {}, .records = {}, .resume = begin};
  RETURN_IF_ERROR(ReadPublicKeys(store, page));
  size_t events = 0;
  size_t bytes = 0;
  kv::Cursor cursor = store.NewCursor(kRecords);
  for (cursor.Seek(View(RecordKey{begin - 1, RecordKind::kSeal}.Encode())); cursor.valid(); cursor.Next()) {
    const auto key = RecordKey::Decode(cursor.key());
    if (!key || key->position >= extent.next) break;
    std::string_view value = cursor.value();
    if (key->kind == RecordKind::kSeal) {
      if (!SealNote::TakeFrom(value)) return Damaged(key->position);
    } else {
      if (events == request.limit || bytes >= kMaxPageBytes) break;
      ++events;
      page.resume = key->position + 1;
    }
    bytes += value.size();
    page.records.push_back({key->position, key->kind, std::string(value)});
  }
  RETURN_IF_ERROR(cursor.status());
  return page;
}

Result<std::unique_ptr<kv::Store>> OpenOffline(const std::string& state_directory) {
  // An earlier version's store has no other families, and what only reads can't add them.
  kv::Options options = StoreOptions();
  options.families.pop_back();
  return kv::Store::OpenReadOnly(StoreDirectory(state_directory), std::move(options));
}

}  // namespace postern::spool
