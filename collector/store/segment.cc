#include "collector/store/segment.h"

#include <algorithm>
#include <map>
#include <utility>

#include "collector/store/coding.h"
#include "collector/store/layout.h"

namespace postern::store {
namespace {

constexpr size_t kTexts = 8;

std::array<const std::string*, kTexts> TextsOf(const EventFacts& facts) {
  return {&facts.kind, &facts.organisation, &facts.team,    &facts.user,
          &facts.key,  &facts.model,        &facts.session, &facts.host};
}

// All of an event's facts but its time: most events of a segment have the same as another.
struct Shape {
  std::array<uint64_t, kTexts> texts{};
  Decision decision{};

  friend bool operator==(const Shape&, const Shape&) = default;
};

// Gives equal things the same number.
template <class T>
uint64_t NumberOf(std::vector<T>& known, const T& thing) {
  const auto found = std::find(known.rbegin(), known.rend(), thing);
  if (found != known.rend()) return static_cast<uint64_t>(known.rend() - found) - 1;
  known.push_back(thing);
  return known.size() - 1;
}

int64_t Nanoseconds(WallTime time) { return time.time_since_epoch().count(); }

void PutSpending(std::string& out, const Spending& spending) {
  PutVarint(out, spending.requests);
  PutVarint(out, spending.input);
  PutVarint(out, spending.output);
  PutVarint(out, spending.cache_read);
  PutVarint(out, spending.cache_write);
  PutSigned(out, spending.nano_dollars);
}

Spending ReadSpending(Decoder& decoder) {
  Spending spending;
  spending.requests = decoder.Varint();
  spending.input = decoder.Varint();
  spending.output = decoder.Varint();
  spending.cache_read = decoder.Varint();
  spending.cache_write = decoder.Varint();
  spending.nano_dollars = decoder.Signed();
  return spending;
}

}  // namespace

crypto::Digest EntrySegment::DigestAt(uint64_t index) const {
  crypto::Digest digest;
  std::copy_n(digests.begin() + static_cast<ptrdiff_t>(index * digest.size()), digest.size(), digest.begin());
  return digest;
}

Entry EntrySegment::EntryAt(uint64_t leaf) const {
  const uint64_t index = leaf - first_leaf;
  return {.agent = agent,
          .incarnation = incarnation,
          .sequence = first_sequence + index,
          .received_at = received_at,
          .event = DigestAt(index)};
}

std::string EntrySegment::Encode() const {
  std::string value;
  PutText(value, agent);
  PutNumber(value, incarnation);
  PutNumber(value, first_sequence);
  PutTime(value, received_at);
  value += digests;
  return value;
}

Result<EntrySegment> EntrySegment::Decode(std::string_view key, std::string_view value) {
  EntrySegment segment;
  Decoder place(key);
  segment.first_leaf = place.Number();
  Decoder decoder(value);
  segment.agent = decoder.Text();
  segment.incarnation = decoder.Number();
  segment.first_sequence = decoder.Number();
  segment.received_at = decoder.Time();
  segment.digests = decoder.Rest();
  if (!place.complete() || !decoder.ok() || segment.digests.empty() ||
      segment.digests.size() % sizeof(crypto::Digest) != 0)
    return Damaged("a segment of the log");
  return segment;
}

std::string EncodeFacts(const std::vector<Facts>& all) {
  std::vector<std::string> texts;
  std::vector<Shape> shapes;
  std::string events;
  int64_t before = 0;
  for (const Facts& event : all) {
    Shape shape{.decision = event.facts.decision};
    const auto named = TextsOf(event.facts);
    for (size_t i = 0; i < kTexts; ++i) shape.texts[i] = NumberOf(texts, *named[i]);
    const bool spends = event.spending != Spending{};
    PutVarint(events, NumberOf(shapes, shape) * 2 + (spends ? 1 : 0));
    const int64_t time = Nanoseconds(event.facts.time);
    PutSigned(events, static_cast<int64_t>(static_cast<uint64_t>(time) - static_cast<uint64_t>(before)));
    before = time;
    if (spends) PutSpending(events, event.spending);
  }
  std::string value;
  PutVarint(value, texts.size());
  for (const std::string& text : texts) PutText(value, text);
  PutVarint(value, shapes.size());
  for (const Shape& shape : shapes) {
    for (const uint64_t text : shape.texts) PutVarint(value, text);
    PutByte(value, static_cast<uint8_t>(shape.decision));
  }
  return value + events;
}

Result<std::vector<Facts>> DecodeFacts(std::string_view value) {
  Decoder decoder(value);
  std::vector<std::string_view> texts;
  for (uint64_t left = decoder.Varint(); left > 0 && decoder.ok(); --left) texts.push_back(decoder.Text());
  std::vector<EventFacts> shapes;
  for (uint64_t left = decoder.Varint(); left > 0 && decoder.ok(); --left) {
    EventFacts& shape = shapes.emplace_back();
    for (std::string* text : {&shape.kind, &shape.organisation, &shape.team, &shape.user, &shape.key,
                              &shape.model, &shape.session, &shape.host}) {
      const uint64_t number = decoder.Varint();
      if (number >= texts.size()) return Damaged("the facts of a segment");
      *text = texts[number];
    }
    shape.decision = static_cast<Decision>(decoder.Byte());
  }
  std::vector<Facts> all;
  uint64_t time = 0;
  while (!decoder.done()) {
    const uint64_t what = decoder.Varint();
    if (what / 2 >= shapes.size()) return Damaged("the facts of a segment");
    Facts& event = all.emplace_back(Facts{.facts = shapes[what / 2], .spending = {}});
    time += static_cast<uint64_t>(decoder.Signed());
    event.facts.time = WallTime(std::chrono::nanoseconds(static_cast<int64_t>(time)));
    if (what % 2 != 0) event.spending = ReadSpending(decoder);
  }
  if (!decoder.ok()) return Damaged("the facts of a segment");
  return all;
}

bool SegmentWriter::Continues(uint64_t leaf, const Entry& entry) const {
  return !facts_.empty() && facts_.size() < kMaxSegment && leaf == segment_.end() &&
         entry.sequence == segment_.first_sequence + segment_.size() &&
         entry.incarnation == segment_.incarnation && entry.received_at == segment_.received_at &&
         entry.agent == segment_.agent;
}

void SegmentWriter::Add(uint64_t leaf, const Entry& entry, const EventFacts& facts, const Spending& spending,
                        kv::Batch& batch) {
  if (!Continues(leaf, entry)) {
    Finish(batch);
    segment_ = {.first_leaf = leaf,
                .agent = entry.agent,
                .incarnation = entry.incarnation,
                .first_sequence = entry.sequence,
                .received_at = entry.received_at,
                .digests = {}};
  }
  segment_.digests += crypto::AsBytes(entry.event);
  facts_.push_back({facts, spending});
}

void SegmentWriter::Finish(kv::Batch& batch) {
  if (facts_.empty()) return;
  const std::string key = LeafKey(segment_.first_leaf);
  batch.Put(kEntries, key, segment_.Encode());
  batch.Put(kFacts, key, EncodeFacts(facts_));
  std::string place = key;
  PutVarint(place, segment_.size());
  batch.Put(kPlaces, PlaceKey(segment_.agent, segment_.incarnation, segment_.first_sequence), place);
  facts_.clear();
}

}  // namespace postern::store
