#include "collector/store/indexer.h"

#include <algorithm>

#include "collector/store/rules.h"

namespace postern::store {
namespace {

std::array<std::string_view, kSumTexts> SumTextsOf(const EventFacts& facts) {
  return {Cut(facts.organisation), Cut(facts.team),  Cut(facts.user),
          Cut(facts.key),          Cut(facts.model), Cut(facts.host)};
}

}  // namespace

void Indexer::AddTo(Axis axis, std::string_view value, uint32_t place) {
  if (value.empty()) return;
  Last& last = last_[static_cast<size_t>(axis)];
  for (const Known& known : last.known)
    if (known.runs != nullptr && known.value == value) return Append(*known.runs, place);
  Known& known = last.known[last.oldest];
  last.oldest = 1 - last.oldest;
  known.value = value;
  known.runs = &rows_[IndexPrefix(axis, value)];
  Append(*known.runs, place);
}

void Indexer::AddTime(Hour hour, uint32_t place) {
  Append(times_[hour], place);
  const auto [bounds, is_new] = hours_.try_emplace(hour, HourBounds{block_, block_});
  if (!is_new) bounds->second.last = std::max(bounds->second.last, block_);
}

void Indexer::AddSpending(Hour hour, const NewEvent& event) {
  if (event.spending == Spending{}) return;
  const auto texts = SumTextsOf(event.facts);
  if (last_sums_.facts == nullptr || last_sums_.hour != hour || SumTextsOf(*last_sums_.facts) != texts) {
    const auto row = [&](Grain grain, Hour begin) {
      scratch_ = SumPrefix(grain, begin);
      for (const std::string_view text : texts) PutText(scratch_, text);
      return &sums_[scratch_];
    };
    last_sums_ = {&event.facts, hour, row(Grain::kHour, hour), row(Grain::kDay, DayOf(hour))};
  }
  store::Add(*last_sums_.of_hour, event.spending);
  store::Add(*last_sums_.of_day, event.spending);
}

void Indexer::Add(uint64_t leaf, const NewEvent& event, kv::Batch& batch) {
  if (BlockOf(leaf) != block_) FinishBlock(batch);
  block_ = BlockOf(leaf);
  const EventFacts& facts = event.facts;
  const auto place = static_cast<uint32_t>(leaf % kBlock);
  const char decision = static_cast<char>(facts.decision);
  AddTo(Axis::kOrganisation, Cut(facts.organisation), place);
  AddTo(Axis::kTeam, Cut(facts.team), place);
  AddTo(Axis::kUser, Cut(facts.user), place);
  AddTo(Axis::kKey, Cut(facts.key), place);
  AddTo(Axis::kModel, Cut(facts.model), place);
  AddTo(Axis::kSession, Cut(facts.session), place);
  AddTo(Axis::kHost, Cut(facts.host), place);
  AddTo(Axis::kKind, Cut(facts.kind), place);
  AddTo(Axis::kAgent, event.entry.agent, place);
  AddTo(Axis::kDecision, {&decision, 1}, place);
  const Hour hour = HourOf(facts.time);
  AddTime(hour, place);
  AddSpending(hour, event);
}

void Indexer::FinishBlock(kv::Batch& batch) {
  std::string row;
  for (const auto& [prefix, runs] : rows_) {
    scratch_ = prefix;
    PutShortNumber(scratch_, block_);
    row.clear();
    AppendPiece(row, runs);
    batch.Merge(kIndex, scratch_, row);
  }
  for (const auto& [hour, runs] : times_) {
    scratch_ = TimePrefix(block_);
    PutHour(scratch_, hour);
    row.clear();
    AppendPiece(row, runs);
    batch.Merge(kIndex, scratch_, row);
  }
  rows_.clear();
  times_.clear();
  last_ = {};
}

void Indexer::Finish(kv::Batch& batch) {
  FinishBlock(batch);
  for (const auto& [key, spending] : sums_) batch.Merge(kSums, key, EncodeSpending(spending));
  sums_.clear();
  last_sums_ = {};
}

}  // namespace postern::store
