#include "collector/store/segment.h"

#include <algorithm>
#include <utility>

#include "collector/store/coding.h"
#include "collector/store/layout.h"
#include "collector/store/rules.h"

namespace postern::store {
namespace {

std::array<std::string_view, 8> TextsOf(const EventFacts& facts) {
  return {Cut(facts.kind), Cut(facts.organisation), Cut(facts.team),    Cut(facts.user),
          Cut(facts.key),  Cut(facts.model),        Cut(facts.session), Cut(facts.host)};
}

bool HaveOneShape(const EventFacts& a, const EventFacts& b) {
  return a.decision == b.decision && TextsOf(a) == TextsOf(b);
}

uint64_t NumberOf(std::vector<std::string_view>& known, std::string_view text) {
  const auto found = std::find(known.begin(), known.end(), text);
  if (found != known.end()) return static_cast<uint64_t>(found - known.begin());
  known.push_back(text);
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

std::string FactsRow::Encode(const std::vector<const NewEvent*>& all) {
  std::vector<std::string_view> texts;
  std::vector<const EventFacts*> shapes;
  std::string shape_bytes;
  std::string event_bytes;
  int64_t before = 0;
  for (const NewEvent* event : all) {
    const EventFacts& facts = event->facts;
    // From the newest on: an event is mostly like the one before the last.
    const auto found = std::find_if(shapes.rbegin(), shapes.rend(),
                                    [&](const EventFacts* shape) { return HaveOneShape(*shape, facts); });
    uint64_t shape = shapes.size();
    if (found != shapes.rend()) {
      shape = static_cast<uint64_t>(shapes.rend() - found) - 1;
    } else {
      shapes.push_back(&facts);
      for (const std::string_view text : TextsOf(facts)) PutVarint(shape_bytes, NumberOf(texts, text));
      PutByte(shape_bytes, static_cast<uint8_t>(facts.decision));
    }
    const bool spends = event->spending != Spending{};
    PutVarint(event_bytes, shape * 2 + (spends ? 1 : 0));
    const int64_t time = Nanoseconds(facts.time);
    PutSigned(event_bytes, static_cast<int64_t>(static_cast<uint64_t>(time) - static_cast<uint64_t>(before)));
    before = time;
    if (spends) PutSpending(event_bytes, event->spending);
  }
  std::string value;
  PutVarint(value, texts.size());
  for (const std::string_view text : texts) PutText(value, text);
  PutVarint(value, shapes.size());
  return value + shape_bytes + event_bytes;
}

Result<FactsRow> FactsRow::Decode(std::string_view value) {
  FactsRow row;
  Decoder decoder(value);
  for (uint64_t left = decoder.Varint(); left > 0 && decoder.ok(); --left)
    row.texts_.emplace_back(decoder.Text());
  for (uint64_t left = decoder.Varint(); left > 0 && decoder.ok(); --left) {
    Shape& shape = row.shapes_.emplace_back();
    for (uint32_t& text : shape.texts) {
      const uint64_t number = decoder.Varint();
      if (number >= row.texts_.size()) return Damaged("the facts of a segment");
      text = static_cast<uint32_t>(number);
    }
    shape.decision = static_cast<Decision>(decoder.Byte());
  }
  uint64_t time = 0;
  while (!decoder.done()) {
    const uint64_t what = decoder.Varint();
    if (what / 2 >= row.shapes_.size()) return Damaged("the facts of a segment");
    Event& event = row.events_.emplace_back();
    event.shape = static_cast<uint32_t>(what / 2);
    time += static_cast<uint64_t>(decoder.Signed());
    event.time = WallTime(std::chrono::nanoseconds(static_cast<int64_t>(time)));
    if (what % 2 != 0) event.spending = ReadSpending(decoder);
  }
  if (!decoder.ok()) return Damaged("the facts of a segment");
  return row;
}

Facts FactsRow::At(size_t index) const {
  const Event& event = events_[index];
  const Shape& shape = shapes_[event.shape];
  Facts facts;
  facts.facts.time = event.time;
  facts.facts.decision = shape.decision;
  size_t next = 0;
  for (std::string* text :
       {&facts.facts.kind, &facts.facts.organisation, &facts.facts.team, &facts.facts.user, &facts.facts.key,
        &facts.facts.model, &facts.facts.session, &facts.facts.host}) {
    *text = texts_[shape.texts[next++]];
  }
  facts.spending = event.spending;
  return facts;
}

bool SegmentWriter::Continues(uint64_t leaf, const Entry& entry) const {
  return !events_.empty() && events_.size() < kMaxSegment && leaf == segment_.end() &&
         entry.sequence == segment_.first_sequence + segment_.size() &&
         entry.incarnation == segment_.incarnation && entry.received_at == segment_.received_at &&
         entry.agent == segment_.agent;
}

void SegmentWriter::Add(uint64_t leaf, const NewEvent& event, kv::Batch& batch) {
  const Entry& entry = event.entry;
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
  events_.push_back(&event);
}

void SegmentWriter::Finish(kv::Batch& batch) {
  if (events_.empty()) return;
  const std::string key = LeafKey(segment_.first_leaf);
  batch.Put(kEntries, key, segment_.Encode());
  batch.Put(kFacts, key, FactsRow::Encode(events_));
  std::string place = key;
  PutVarint(place, segment_.size());
  batch.Put(kPlaces, PlaceKey(segment_.agent, segment_.incarnation, segment_.first_sequence), place);
  events_.clear();
}

}  // namespace postern::store
