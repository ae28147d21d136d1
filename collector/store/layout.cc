#include "collector/store/layout.h"

#include <algorithm>
#include <limits>

namespace postern::store {
namespace {

constexpr char kRecordTag = 'r';
constexpr char kLabelTag = 'l';
constexpr char kChangeTag = 'c';

constexpr uint8_t kIssued = 1;
constexpr uint8_t kClosed = 2;

std::string Tagged(char tag, RecordKind kind) {
  std::string key(1, tag);
  PutByte(key, static_cast<uint8_t>(kind));
  return key;
}

crypto::Digest DigestOf(std::string_view bytes) {
  crypto::Digest digest{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), digest.size()), digest.begin());
  return digest;
}

}  // namespace

std::string LeafKey(uint64_t leaf) {
  std::string key;
  PutNumber(key, leaf);
  return key;
}

std::string ChainsPrefix(std::string_view agent) {
  std::string key;
  PutText(key, agent);
  return key;
}

std::string ChainKey(std::string_view agent, uint64_t incarnation) {
  std::string key = ChainsPrefix(agent);
  PutNumber(key, incarnation);
  return key;
}

std::string PlaceKey(std::string_view agent, uint64_t incarnation, uint64_t sequence) {
  std::string key = ChainKey(agent, incarnation);
  PutNumber(key, sequence);
  return key;
}

std::string IndexPrefix(Axis axis, std::string_view value) {
  std::string key;
  PutByte(key, static_cast<uint8_t>(axis));
  PutText(key, value);
  return key;
}

std::string TimePrefix(uint32_t block) {
  std::string key;
  PutByte(key, static_cast<uint8_t>(Axis::kTime));
  PutShortNumber(key, block);
  return key;
}

std::string RecordsPrefix(RecordKind kind) { return Tagged(kRecordTag, kind); }

std::string LabelPrefix(RecordKind kind, std::string_view label) {
  std::string key = Tagged(kLabelTag, kind);
  PutText(key, label);
  return key;
}

std::string ChangesPrefix() { return std::string(1, kChangeTag); }

std::string ChangeKey(uint64_t revision, RecordKind kind, std::string_view id) {
  std::string key = ChangesPrefix();
  PutNumber(key, revision);
  PutByte(key, static_cast<uint8_t>(kind));
  key += id;
  return key;
}

std::string AsidePrefix(std::string_view agent) { return ChainsPrefix(agent); }

std::string HoursPrefix() { return "hour/"; }
std::string AsideTotalsPrefix() { return "aside/"; }
std::string AsideTotalsKey(std::string_view agent) { return AsideTotalsPrefix() + std::string(agent); }
std::string RemovedKey(std::string_view kind) { return "bodies/" + std::string(kind); }
std::string LedgerVersionKey() { return "ledger"; }

std::string SumPrefix(Grain grain, Hour hour) {
  std::string key;
  PutByte(key, static_cast<uint8_t>(grain));
  PutHour(key, hour);
  return key;
}

std::string EncodeSpending(const Spending& spending) {
  std::string value;
  for (const uint64_t number : {spending.requests, spending.input, spending.output, spending.cache_read,
                                spending.cache_write, static_cast<uint64_t>(spending.nano_dollars)}) {
    PutNumber(value, number);
  }
  return value;
}

bool DecodeSpending(std::string_view bytes, Spending& spending) {
  Decoder decoder(bytes);
  spending.requests = decoder.Number();
  spending.input = decoder.Number();
  spending.output = decoder.Number();
  spending.cache_read = decoder.Number();
  spending.cache_write = decoder.Number();
  // A sum of numbers without signs may be larger than one with a sign can be.
  spending.nano_dollars = static_cast<int64_t>(
      std::min(decoder.Number(), static_cast<uint64_t>(std::numeric_limits<int64_t>::max())));
  return decoder.complete();
}

std::string EncodeChain(const Chain& chain) {
  std::string value;
  PutNumber(value, chain.sequence);
  value += crypto::AsBytes(chain.head);
  PutByte(value, static_cast<uint8_t>((chain.issued ? kIssued : 0) | (chain.closed ? kClosed : 0)));
  PutText(value, chain.seal_key);
  PutText(value, chain.seal);
  PutVarint(value, chain.holes.size());
  for (const Hole& hole : chain.holes) {
    PutNumber(value, hole.first);
    PutNumber(value, hole.last);
    value += crypto::AsBytes(hole.head);
  }
  value += chain.open_state;
  return value;
}

Result<Chain> DecodeChain(std::string_view key, std::string_view value) {
  Chain chain;
  Decoder name(key);
  chain.agent = name.Text();
  chain.incarnation = name.Number();
  Decoder decoder(value);
  chain.sequence = decoder.Number();
  chain.head = DigestOf(decoder.Bytes(chain.head.size()));
  const uint8_t flags = decoder.Byte();
  chain.issued = (flags & kIssued) != 0;
  chain.closed = (flags & kClosed) != 0;
  chain.seal_key = decoder.Text();
  chain.seal = decoder.Text();
  for (uint64_t left = decoder.Varint(); left > 0 && decoder.ok(); --left) {
    Hole& hole = chain.holes.emplace_back();
    hole.first = decoder.Number();
    hole.last = decoder.Number();
    hole.head = DigestOf(decoder.Bytes(hole.head.size()));
  }
  chain.open_state = decoder.Rest();
  if (!name.complete() || !decoder.ok()) return Damaged("a chain");
  return chain;
}

std::string EncodeRecord(const Record& record) {
  std::string value;
  PutNumber(value, record.revision);
  PutVarint(value, record.labels.size());
  for (const std::string& label : record.labels) PutText(value, label);
  value += record.bytes;
  return value;
}

Result<Record> DecodeRecord(RecordKind kind, std::string_view id, std::string_view value) {
  Record record{.kind = kind, .id = std::string(id)};
  Decoder decoder(value);
  record.revision = decoder.Number();
  for (uint64_t left = decoder.Varint(); left > 0 && decoder.ok(); --left)
    record.labels.emplace_back(decoder.Text());
  record.bytes = decoder.Rest();
  if (!decoder.ok()) return Damaged("a record of the directory");
  return record;
}

std::string EncodeSetAside(const SetAside& group) {
  std::string value;
  PutNumber(value, group.incarnation);
  PutNumber(value, group.first_sequence);
  PutTime(value, group.received_at);
  PutText(value, group.reason);
  value += group.bytes;
  return value;
}

Result<SetAside> DecodeSetAside(std::string_view agent, std::string_view value) {
  SetAside group;
  group.agent = agent;
  Decoder decoder(value);
  group.incarnation = decoder.Number();
  group.first_sequence = decoder.Number();
  group.received_at = decoder.Time();
  group.reason = decoder.Text();
  group.bytes = decoder.Rest();
  if (!decoder.ok()) return Damaged("a group that was set aside");
  return group;
}

std::string AsideTotals::Encode() const {
  std::string value;
  PutNumber(value, first);
  PutNumber(value, next);
  PutNumber(value, bytes);
  return value;
}

Result<AsideTotals> AsideTotals::Decode(std::string_view value) {
  Decoder decoder(value);
  AsideTotals totals;
  totals.first = decoder.Number();
  totals.next = decoder.Number();
  totals.bytes = decoder.Number();
  if (!decoder.complete() || totals.next < totals.first) return Damaged("the count of what was set aside");
  return totals;
}

std::string HourBounds::Encode() const {
  std::string value;
  PutShortNumber(value, first);
  PutShortNumber(value, last);
  return value;
}

Result<HourBounds> HourBounds::Decode(std::string_view value) {
  Decoder decoder(value);
  HourBounds bounds;
  bounds.first = decoder.ShortNumber();
  bounds.last = decoder.ShortNumber();
  if (!decoder.complete() || bounds.last < bounds.first) return Damaged("an hour's place");
  return bounds;
}

}  // namespace postern::store
