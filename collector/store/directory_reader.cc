#include "collector/store/directory_reader.h"

#include <string_view>
#include <utility>

#include "collector/store/page_cursor.h"
#include "collector/store/segment.h"

namespace postern::store {
namespace {

// A segment's place in its chain.
struct Place {
  uint64_t sequence = 0;
  uint64_t leaf = 0;
  uint64_t count = 0;
};

Result<Place> DecodePlace(std::string_view key, std::string_view prefix, std::string_view value) {
  Place place;
  Decoder name(key.substr(prefix.size()));
  place.sequence = name.Number();
  Decoder decoder(value);
  place.leaf = decoder.Number();
  place.count = decoder.Varint();
  if (!name.complete() || !decoder.complete()) return Damaged("a chain's place");
  return place;
}

// Moves to the segment of a chain that holds this sequence. Nothing where there is none.
Result<std::optional<Place>> SeekPlace(kv::Cursor& cursor, const std::string& chain, uint64_t sequence) {
  std::string key = chain;
  PutNumber(key, sequence);
  cursor.SeekBackward(key);
  if (!cursor.valid()) {
    RETURN_IF_ERROR(cursor.status());
    return std::optional<Place>();
  }
  if (!cursor.key().starts_with(chain)) return std::optional<Place>();
  ASSIGN_OR_RETURN(const Place place, DecodePlace(cursor.key(), chain, cursor.value()));
  if (sequence - place.sequence >= place.count) return std::optional<Place>();
  return std::optional(place);
}

Result<Record> ReadRecord(const kv::View& view, RecordKind kind, std::string_view id) {
  ASSIGN_OR_RETURN(const auto value, view.Get(kDirectory, RecordsPrefix(kind) + std::string(id)));
  if (!value) return Damaged("a list of the directory");
  return DecodeRecord(kind, id, *value);
}

}  // namespace

Result<Leaf> Locate(const kv::View& view, const std::string& agent, uint64_t incarnation, uint64_t sequence) {
  kv::Cursor cursor = view.NewCursor(kPlaces);
  ASSIGN_OR_RETURN(const auto place, SeekPlace(cursor, ChainKey(agent, incarnation), sequence));
  if (!place) return Error{ErrorCode::kNotFound, "the log has no such event"};
  return Leaf{place->leaf + (sequence - place->sequence)};
}

Result<std::vector<Chain>> Chains(const kv::View& view, const std::string& agent) {
  std::vector<Chain> chains;
  const std::string prefix = ChainsPrefix(agent);
  kv::Cursor cursor = view.NewCursor(kChains);
  for (cursor.Seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.Next()) {
    ASSIGN_OR_RETURN(Chain chain, DecodeChain(cursor.key(), cursor.value()));
    chains.push_back(std::move(chain));
  }
  RETURN_IF_ERROR(cursor.status());
  return chains;
}

Result<std::vector<crypto::Digest>> Digests(const kv::View& view, const std::string& agent,
                                            uint64_t incarnation, uint64_t first, size_t limit) {
  std::vector<crypto::Digest> digests;
  const std::string chain = ChainKey(agent, incarnation);
  kv::Cursor cursor = view.NewCursor(kPlaces);
  ASSIGN_OR_RETURN(const std::optional<Place> found, SeekPlace(cursor, chain, first));
  if (!found) return digests;
  Place place = *found;
  for (uint64_t sequence = first; digests.size() < limit;) {
    const std::string key = LeafKey(place.leaf);
    ASSIGN_OR_RETURN(const auto value, view.Get(kEntries, key));
    if (!value) return Damaged("a segment of the log");
    ASSIGN_OR_RETURN(const EntrySegment segment, EntrySegment::Decode(key, *value));
    if (segment.size() != place.count) return Damaged("a segment of the log");
    for (; sequence < place.sequence + place.count && digests.size() < limit; ++sequence)
      digests.push_back(segment.DigestAt(sequence - place.sequence));
    cursor.Next();
    if (!cursor.valid() || !cursor.key().starts_with(chain)) break;
    ASSIGN_OR_RETURN(place, DecodePlace(cursor.key(), chain, cursor.value()));
    if (place.sequence != sequence) break;  // a hole
  }
  RETURN_IF_ERROR(cursor.status());
  return digests;
}

Result<std::vector<SetAside>> ListSetAside(const kv::View& view, const std::string& agent, size_t limit) {
  std::vector<SetAside> groups;
  const std::string prefix = AsidePrefix(agent);
  std::string end = prefix;
  PutNumber(end, ~uint64_t{0});
  kv::Cursor cursor = view.NewCursor(kAside);
  for (cursor.SeekBackward(end); cursor.valid() && cursor.key().starts_with(prefix) && groups.size() < limit;
       cursor.Previous()) {
    ASSIGN_OR_RETURN(SetAside group, DecodeSetAside(agent, cursor.value()));
    groups.push_back(std::move(group));
  }
  RETURN_IF_ERROR(cursor.status());
  return groups;
}

Result<uint64_t> CountSetAside(const kv::View& view) {
  uint64_t count = 0;
  const std::string prefix = AsideTotalsPrefix();
  kv::Cursor cursor = view.NewCursor(kMeta);
  for (cursor.Seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.Next()) {
    ASSIGN_OR_RETURN(const AsideTotals totals, AsideTotals::Decode(cursor.value()));
    count += totals.count();
  }
  RETURN_IF_ERROR(cursor.status());
  return count;
}

Result<std::optional<Record>> GetRecord(const kv::View& view, RecordKind kind, const std::string& id) {
  ASSIGN_OR_RETURN(const auto value, view.Get(kDirectory, RecordsPrefix(kind) + id));
  if (!value) return std::optional<Record>();
  ASSIGN_OR_RETURN(Record record, DecodeRecord(kind, id, *value));
  return std::optional(std::move(record));
}

Result<RecordPage> ListRecords(const kv::View& view, RecordKind kind, const std::optional<std::string>& label,
                               const std::optional<std::string>& last, size_t limit) {
  RecordPage page;
  const std::string prefix = label ? LabelPrefix(kind, *label) : RecordsPrefix(kind);
  kv::Cursor cursor = view.NewCursor(kDirectory);
  // The first key after the last one's.
  cursor.Seek(last ? prefix + *last + '\0' : prefix);
  for (; cursor.valid() && cursor.key().starts_with(prefix); cursor.Next()) {
    if (page.records.size() == limit) {
      if (limit > 0) page.next = MakeCursor(kind, label, page.records.back().id);
      break;
    }
    const std::string_view id = cursor.key().substr(prefix.size());
    ASSIGN_OR_RETURN(Record record,
                     label ? ReadRecord(view, kind, id) : DecodeRecord(kind, id, cursor.value()));
    page.records.push_back(std::move(record));
  }
  RETURN_IF_ERROR(cursor.status());
  return page;
}

Result<std::vector<Record>> ChangedSince(const kv::View& view, uint64_t revision, size_t limit) {
  std::vector<Record> changed;
  if (revision == ~uint64_t{0} || limit == 0) return changed;
  const std::string prefix = ChangesPrefix();
  std::string key = prefix;
  PutNumber(key, revision + 1);
  kv::Cursor cursor = view.NewCursor(kDirectory);
  for (cursor.Seek(key); cursor.valid() && cursor.key().starts_with(prefix); cursor.Next()) {
    Decoder decoder(cursor.key().substr(prefix.size()));
    const uint64_t at = decoder.Number();
    if (changed.size() >= limit && changed.back().revision != at) break;
    const auto kind = static_cast<RecordKind>(decoder.Byte());
    ASSIGN_OR_RETURN(Record record, ReadRecord(view, kind, decoder.Rest()));
    changed.push_back(std::move(record));
  }
  RETURN_IF_ERROR(cursor.status());
  return changed;
}

Result<LedgerPage> ListLedger(const kv::View& view, const std::optional<std::string>& last, size_t limit) {
  LedgerPage page;
  ASSIGN_OR_RETURN(page.version, LedgerVersion(view));
  kv::Cursor cursor = view.NewCursor(kLedger);
  // The first key after the last one's.
  cursor.Seek(last ? *last + '\0' : std::string());
  for (; cursor.valid(); cursor.Next()) {
    if (page.rows.size() == limit) {
      if (limit > 0) page.next = page.rows.back().key;
      break;
    }
    page.rows.push_back({.key = std::string(cursor.key()), .value = std::string(cursor.value())});
  }
  RETURN_IF_ERROR(cursor.status());
  return page;
}

Result<uint64_t> LedgerVersion(const kv::View& view) {
  ASSIGN_OR_RETURN(const auto value, view.Get(kMeta, LedgerVersionKey()));
  if (!value) return uint64_t{0};
  Decoder decoder(*value);
  const uint64_t version = decoder.Number();
  if (!decoder.complete()) return Damaged("the ledger's version");
  return version;
}

Result<uint64_t> Revision(const kv::View& view) {
  std::string end = ChangesPrefix();
  PutNumber(end, ~uint64_t{0});
  kv::Cursor cursor = view.NewCursor(kDirectory);
  cursor.SeekBackward(end);
  RETURN_IF_ERROR(cursor.status());
  if (!cursor.valid() || !cursor.key().starts_with(ChangesPrefix())) return uint64_t{0};
  return Decoder(cursor.key().substr(ChangesPrefix().size())).Number();
}

Result<uint64_t> NextBody(const kv::View& view, const std::string& kind) {
  ASSIGN_OR_RETURN(const auto value, view.Get(kMeta, RemovedKey(kind)));
  if (!value) return uint64_t{0};
  Decoder decoder(*value);
  const uint64_t leaf = decoder.Number();
  if (!decoder.complete()) return Damaged("the mark of removed bodies");
  return leaf;
}

}  // namespace postern::store
