#include "collector/store/log_auditor.h"

#include <algorithm>
#include <array>

#include "shared/crypto/sha256.h"

namespace postern::store {
namespace {

// How often a check looks whether it should give up, and says how far it is.
constexpr uint64_t kSegmentsAtOnce = 256;

std::string SumTexts(const EventFacts& facts) {
  std::string texts;
  for (const std::string* text :
       {&facts.organisation, &facts.team, &facts.user, &facts.key, &facts.model, &facts.host}) {
    PutText(texts, *text);
  }
  return texts;
}

// Sums are compared by an hour's (or a day's) fingerprint, so that not every row needs to be in memory: the
// sum over all rows of (a number drawn from the row's key) × (a combination of its amounts), modulo 2^64.
// Both sides are linear in the amounts, so they agree if every row does, and otherwise hardly ever.
uint64_t Fingerprint(std::string_view texts, const Spending& spending) {
  const crypto::Digest digest = crypto::Sha256(texts);
  Decoder factors(crypto::AsBytes(digest));
  const uint64_t a = factors.Number() | 1;
  const uint64_t b = factors.Number() | 1;
  const uint64_t c = factors.Number() | 1;
  const uint64_t d = factors.Number() | 1;
  return a * spending.requests + b * spending.input + c * spending.output + d * spending.cache_read +
         (a ^ d) * spending.cache_write + (b ^ c) * static_cast<uint64_t>(spending.nano_dollars);
}

}  // namespace

LogAuditor::LogAuditor(const kv::View& view, Problems& problems)
    : view_(view), problems_(problems), bodies_(view.NewCursor(kBodies)), facts_(view.NewCursor(kFacts)) {}

Result<uint64_t> LogAuditor::FirstKept(const std::string& kind) {
  if (const auto known = first_kept_.find(kind); known != first_kept_.end()) return known->second;
  ASSIGN_OR_RETURN(const auto value, view_.Get(kMeta, RemovedKey(kind)));
  const uint64_t leaf = value ? Decoder(*value).Number() : 0;
  first_kept_[kind] = leaf;
  return leaf;
}

void LogAuditor::CheckBody(uint64_t leaf, const crypto::Digest& digest, const std::string& kind) {
  const std::string key = LeafKey(leaf);
  if (bodies_.valid() && bodies_.key() == key) {
    if (crypto::Sha256(bodies_.value()) != digest)
      problems_.Add("the body of entry " + std::to_string(leaf) + " is not the one that was hashed");
    bodies_.Next();
    return;
  }
  const auto first_kept = FirstKept(kind);
  if (!first_kept || leaf >= *first_kept)
    problems_.Add("the body of entry " + std::to_string(leaf) + " is missing");
}

Status LogAuditor::CheckPlace(const EntrySegment& segment) {
  ASSIGN_OR_RETURN(const auto value,
                   view_.Get(kPlaces, PlaceKey(segment.agent, segment.incarnation, segment.first_sequence)));
  std::string expected = LeafKey(segment.first_leaf);
  PutVarint(expected, segment.size());
  if (value != expected)
    problems_.Add("the place of entry " + std::to_string(segment.first_leaf) + " in its chain is wrong");
  return Ok{};
}

void LogAuditor::SkipHoles(ChainEnd& chain) {
  for (const Hole& hole : chain.holes) {
    if (hole.first != chain.sequence + 1) continue;
    chain.sequence = hole.last;
    chain.head = hole.head;
  }
}

Status LogAuditor::Extend(const EntrySegment& segment) {
  const auto [found, is_new] = chains_.try_emplace({segment.agent, segment.incarnation});
  ChainEnd& chain = found->second;
  if (is_new) {
    const std::string key = ChainKey(segment.agent, segment.incarnation);
    ASSIGN_OR_RETURN(const auto value, view_.Get(kChains, key));
    if (value) {
      ASSIGN_OR_RETURN(Chain stored, DecodeChain(key, *value));
      chain.holes = std::move(stored.holes);
    }
  }
  if (segment.first_sequence != chain.sequence + 1) SkipHoles(chain);
  if (segment.first_sequence != chain.sequence + 1) {
    problems_.Add("in the chain of agent " + segment.agent + ", sequence " +
                  std::to_string(segment.first_sequence) + " follows " + std::to_string(chain.sequence));
    chain.is_whole = false;
  }
  chain.sequence = segment.first_sequence + segment.size() - 1;
  crypto::Sha256Hasher hasher;
  for (uint64_t i = 0; chain.is_whole && i < segment.size(); ++i) {
    const crypto::Digest digest = segment.DigestAt(i);
    chain.head = hasher.Update(crypto::AsBytes(chain.head)).Update(crypto::AsBytes(digest)).Finish();
  }
  return Ok{};
}

void LogAuditor::ExpectIndex(uint64_t leaf, const std::string& agent, const Facts& event) {
  const EventFacts& facts = event.facts;
  const auto place = static_cast<uint32_t>(leaf % kBlock);
  const std::string decision(1, static_cast<char>(facts.decision));
  const std::array<std::pair<Axis, const std::string*>, kAxes - 1> values = {
      {{Axis::kOrganisation, &facts.organisation},
       {Axis::kTeam, &facts.team},
       {Axis::kUser, &facts.user},
       {Axis::kKey, &facts.key},
       {Axis::kModel, &facts.model},
       {Axis::kSession, &facts.session},
       {Axis::kHost, &facts.host},
       {Axis::kKind, &facts.kind},
       {Axis::kAgent, &agent},
       {Axis::kDecision, &decision}}};
  for (const auto& [axis, value] : values) {
    if (value->empty()) continue;
    std::string key = IndexPrefix(axis, *value);
    PutShortNumber(key, block_);
    Append(expected_rows_[key], place);
  }
  const Hour hour = HourOf(facts.time);
  std::string key = TimePrefix(block_);
  PutHour(key, hour);
  Append(expected_rows_[key], place);
  HourBounds& bounds = hours_.try_emplace(hour, HourBounds{block_, block_}).first->second;
  bounds.last = std::max(bounds.last, block_);
}

void LogAuditor::ExpectSums(const Facts& event) {
  if (event.spending == Spending{}) return;
  const Hour hour = HourOf(event.facts.time);
  const uint64_t fingerprint = Fingerprint(SumTexts(event.facts), event.spending);
  sums_[{Grain::kHour, hour}] += fingerprint;
  sums_[{Grain::kDay, DayOf(hour)}] += fingerprint;
}

Status LogAuditor::CheckSegment(const EntrySegment& segment) {
  ++segments_;
  if (segment.first_leaf != next_leaf_) {
    problems_.Add("after entry " + std::to_string(next_leaf_) + " the log goes on at " +
                  std::to_string(segment.first_leaf));
  }
  RETURN_IF_ERROR(CheckPlace(segment));
  RETURN_IF_ERROR(Extend(segment));
  FactsRow facts;
  if (facts_.valid() && facts_.key() == LeafKey(segment.first_leaf)) {
    ASSIGN_OR_RETURN(facts, FactsRow::Decode(facts_.value()));
    facts_.Next();
  }
  if (facts.size() != segment.size()) {
    problems_.Add("the facts of entry " + std::to_string(segment.first_leaf) +
                  " and those after it are missing");
  }
  for (uint64_t i = 0; i < segment.size(); ++i) {
    const uint64_t leaf = segment.first_leaf + i;
    if (BlockOf(leaf) != block_) {
      RETURN_IF_ERROR(CheckBlock());
      block_ = BlockOf(leaf);
    }
    const Facts event = i < facts.size() ? facts.At(i) : Facts{};
    CheckBody(leaf, segment.DigestAt(i), event.facts.kind);
    ExpectIndex(leaf, segment.agent, event);
    ExpectSums(event);
  }
  next_leaf_ = segment.end();
  return Ok{};
}

Status LogAuditor::CheckBlock() {
  std::vector<std::string> keys;
  for (const auto& [key, runs] : expected_rows_) keys.push_back(key);
  ASSIGN_OR_RETURN(const auto rows, view_.GetMany(kIndex, keys));
  Runs found;
  uint64_t wrong = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!rows[i] || !DecodeRow(*rows[i], found) || found != expected_rows_[keys[i]]) ++wrong;
  }
  if (wrong > 0) {
    problems_.Add(std::to_string(wrong) + " rows of the index for the entries from " +
                  std::to_string(block_ * kBlock) + " on don't say what the events say");
  }
  index_rows_ += keys.size();
  expected_rows_.clear();
  return Ok{};
}

Status LogAuditor::CheckIndexSize() {
  uint64_t found = 0;
  kv::Cursor cursor = view_.NewCursor(kIndex);
  for (cursor.SeekToFirst(); cursor.valid(); cursor.Next()) ++found;
  RETURN_IF_ERROR(cursor.status());
  if (found > index_rows_)
    problems_.Add(std::to_string(found - index_rows_) + " rows of the index belong to no event");
  uint64_t places = 0;
  kv::Cursor place = view_.NewCursor(kPlaces);
  for (place.SeekToFirst(); place.valid(); place.Next()) ++places;
  RETURN_IF_ERROR(place.status());
  if (places > segments_) problems_.Add("places in chains belong to no entry");
  return Ok{};
}

Status LogAuditor::CheckHours() {
  const std::string prefix = HoursPrefix();
  kv::Cursor cursor = view_.NewCursor(kMeta);
  uint64_t right = 0;
  for (cursor.Seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.Next()) {
    const Hour hour = Decoder(cursor.key().substr(prefix.size())).ReadHour();
    ASSIGN_OR_RETURN(const HourBounds bounds, HourBounds::Decode(cursor.value()));
    const auto expected = hours_.find(hour);
    if (expected != hours_.end() && expected->second.first == bounds.first &&
        expected->second.last == bounds.last)
      ++right;
    else problems_.Add("where the events of " + HourName(hour) + " lie is noted wrongly");
  }
  RETURN_IF_ERROR(cursor.status());
  if (right < hours_.size()) problems_.Add("it is not noted where the events of some hours lie");
  return Ok{};
}

Status LogAuditor::CheckChains() {
  kv::Cursor cursor = view_.NewCursor(kChains);
  for (cursor.SeekToFirst(); cursor.valid(); cursor.Next()) {
    ASSIGN_OR_RETURN(const Chain chain, DecodeChain(cursor.key(), cursor.value()));
    const auto found = chains_.find({chain.agent, chain.incarnation});
    if (found == chains_.end()) continue;  // nothing of it is in the log
    const std::string name = "the chain of agent " + chain.agent;
    ChainEnd& end = found->second;
    SkipHoles(end);
    if (end.sequence > chain.sequence) problems_.Add(name + " ends before its last event");
    if (end.is_whole && end.sequence == chain.sequence && end.head != chain.head)
      problems_.Add(name + " doesn't lead to the head that is kept for it");
    chains_.erase(found);
  }
  RETURN_IF_ERROR(cursor.status());
  for (const auto& [name, end] : chains_) problems_.Add("the chain of agent " + name.first + " is missing");
  return Ok{};
}

Status LogAuditor::CheckSums() {
  kv::Cursor cursor = view_.NewCursor(kSums);
  for (cursor.SeekToFirst(); cursor.valid(); cursor.Next()) {
    Decoder decoder(cursor.key());
    const auto grain = static_cast<Grain>(decoder.Byte());
    const Hour hour = decoder.ReadHour();
    Spending spending;
    if (!decoder.ok() || !DecodeSpending(cursor.value(), spending)) return Damaged("a row of the sums");
    sums_[{grain, hour}] -= Fingerprint(decoder.Rest(), spending);
  }
  RETURN_IF_ERROR(cursor.status());
  for (const auto& [when, rest] : sums_) {
    if (rest == 0) continue;
    problems_.Add("the sums of " +
                  (when.first == Grain::kHour ? HourName(when.second) : DayName(when.second)) +
                  " are not the sums of its events");
  }
  return Ok{};
}

Status LogAuditor::Check(const std::function<void(uint64_t, uint64_t)>& progress,
                         const std::atomic<bool>& gives_up) {
  kv::Cursor cursor = view_.NewCursor(kEntries);
  cursor.SeekToLast();
  uint64_t size = 0;
  if (cursor.valid()) {
    ASSIGN_OR_RETURN(const EntrySegment last, EntrySegment::Decode(cursor.key(), cursor.value()));
    size = last.end();
  }
  bodies_.SeekToFirst();
  facts_.SeekToFirst();
  for (cursor.SeekToFirst(); cursor.valid(); cursor.Next()) {
    if (segments_ % kSegmentsAtOnce == 0) {
      if (gives_up) return Error{ErrorCode::kUnavailable, "the check was given up"};
      progress(next_leaf_, size);
    }
    ASSIGN_OR_RETURN(const EntrySegment segment, EntrySegment::Decode(cursor.key(), cursor.value()));
    RETURN_IF_ERROR(CheckSegment(segment));
  }
  RETURN_IF_ERROR(cursor.status());
  RETURN_IF_ERROR(bodies_.status());
  RETURN_IF_ERROR(facts_.status());
  if (bodies_.valid()) problems_.Add("there are bodies that belong to no entry");
  if (facts_.valid()) problems_.Add("there are facts that belong to no entry");
  RETURN_IF_ERROR(CheckBlock());
  RETURN_IF_ERROR(CheckIndexSize());
  RETURN_IF_ERROR(CheckHours());
  RETURN_IF_ERROR(CheckChains());
  RETURN_IF_ERROR(CheckSums());
  progress(size, size);
  return Ok{};
}

}  // namespace postern::store
