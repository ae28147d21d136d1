#include "collector/store/indexer.h"

#include <algorithm>

#include "collector/store/rules.h"

namespace postern::store {

void Indexer::AddTo(Axis axis, std::string_view value, uint32_t place) {
  if (value.empty()) return;
  Last& last = last_[static_cast<size_t>(axis)];
  if (last.runs == nullptr || last.value != value) {
    last.value = value;
    last.runs = &rows_[IndexPrefix(axis, value)];
  }
  Append(*last.runs, place);
}

void Indexer::AddTime(Hour hour, uint32_t place) {
  Append(times_[hour], place);
  const auto [bounds, is_new] = hours_.try_emplace(hour, HourBounds{block_, block_});
  if (!is_new) bounds->second.last = std::max(bounds->second.last, block_);
}

void Indexer::AddSpending(Hour hour, const EventFacts& facts, const Spending& spending) {
  if (spending == Spending{}) return;
  for (const Grain grain : {Grain::kHour, Grain::kDay}) {
    scratch_ = SumPrefix(grain, grain == Grain::kHour ? hour : DayOf(hour));
    for (const std::string* text :
         {&facts.organisation, &facts.team, &facts.user, &facts.key, &facts.model, &facts.host}) {
      PutText(scratch_, *text);
    }
    store::Add(sums_[scratch_], spending);
  }
}

void Indexer::Add(uint64_t leaf, const std::string& agent, const EventFacts& facts, const Spending& spending,
                  kv::Batch& batch) {
  if (BlockOf(leaf) != block_) FinishBlock(batch);
  block_ = BlockOf(leaf);
  const auto place = static_cast<uint32_t>(leaf % kBlock);
  const char decision = static_cast<char>(facts.decision);
  AddTo(Axis::kOrganisation, facts.organisation, place);
  AddTo(Axis::kTeam, facts.team, place);
  AddTo(Axis::kUser, facts.user, place);
  AddTo(Axis::kKey, facts.key, place);
  AddTo(Axis::kModel, facts.model, place);
  AddTo(Axis::kSession, facts.session, place);
  AddTo(Axis::kHost, facts.host, place);
  AddTo(Axis::kKind, facts.kind, place);
  AddTo(Axis::kAgent, agent, place);
  AddTo(Axis::kDecision, {&decision, 1}, place);
  const Hour hour = HourOf(facts.time);
  AddTime(hour, place);
  AddSpending(hour, facts, spending);
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
}

}  // namespace postern::store
