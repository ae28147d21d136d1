#include "collector/store/rules.h"

#include <limits>
#include <map>
#include <set>
#include <utility>

namespace postern::store {
namespace {

Error Invalid(std::string sentence) { return {ErrorCode::kInvalid, std::move(sentence)}; }

bool IsWithinBounds(const Spending& spending) {
  for (const uint64_t number : {spending.requests, spending.input, spending.output, spending.cache_read,
                                spending.cache_write, static_cast<uint64_t>(spending.nano_dollars)}) {
    if (number > kMaxSpending) return false;  // a negative one is far above
  }
  return true;
}

// How far each chain of a change has got, and where it ends.
struct Progress {
  uint64_t at;
  uint64_t end;
};
using ChainKey = std::pair<std::string, uint64_t>;

Result<std::map<ChainKey, Progress>> ChainsOf(const Change& change) {
  std::map<ChainKey, Progress> chains;
  for (const Change::Advance& advance : change.chains) {
    const Chain& chain = advance.chain;
    if (chain.agent.empty() || chain.agent.size() > kMaxFactBytes)
      return Invalid("a chain's agent has no usable id");
    if (chain.sequence < advance.expected) return Invalid("a chain would become shorter");
    if (!chains.emplace(ChainKey{chain.agent, chain.incarnation}, Progress{advance.expected, chain.sequence})
             .second)
      return Invalid("a chain is named twice in one change");
  }
  return chains;
}

Status CheckRecords(const Change& change) {
  std::set<std::pair<RecordKind, std::string>> seen;
  for (const Change::Put& put : change.records) {
    if (put.record.id.empty()) return Invalid("a record has no id");
    if (!seen.emplace(put.record.kind, put.record.id).second)
      return Invalid("a record is named twice in one change");
    std::set<std::string> labels(put.record.labels.begin(), put.record.labels.end());
    if (labels.size() != put.record.labels.size()) return Invalid("a record has a label twice");
  }
  return Ok{};
}

Status CheckLedger(const Change& change) {
  const LedgerRow* before = nullptr;
  for (const LedgerRow& row : change.ledger) {
    if (row.key.empty() || row.key.size() > kMaxLedgerKey)
      return Invalid("a row of the ledger has no usable key");
    if (before != nullptr && row.key <= before->key)
      return Invalid("rows of the ledger are not in the order of their keys");
    before = &row;
  }
  return Ok{};
}

void Cut(std::string& text) {
  if (text.size() > kMaxFactBytes) text.resize(kMaxFactBytes);
}

uint64_t SaturatingSum(uint64_t a, uint64_t b) {
  uint64_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? std::numeric_limits<uint64_t>::max() : sum;
}

}  // namespace

Status CheckRules(const Change& change) {
  ASSIGN_OR_RETURN(auto chains, ChainsOf(change));
  Progress* progress = nullptr;
  const Entry* before = nullptr;
  for (const NewEvent& event : change.events) {
    const Entry& entry = event.entry;
    if (before == nullptr || entry.incarnation != before->incarnation || entry.agent != before->agent) {
      const auto found = chains.find({entry.agent, entry.incarnation});
      if (found == chains.end()) return Invalid("an event belongs to no chain of the change");
      progress = &found->second;
    }
    before = &entry;
    if (entry.sequence <= progress->at || entry.sequence > progress->end)
      return Invalid("an event is not after those of its chain that come before it");
    progress->at = entry.sequence;
    if (event.bytes.empty()) return Invalid("an event has no bytes");
    if (!IsWithinBounds(event.spending)) return Invalid("an event's spending is out of bounds");
  }
  for (const SetAside& group : change.set_aside) {
    if (group.agent.empty() || group.agent.size() > kMaxFactBytes)
      return Invalid("what is set aside has no usable agent's id");
  }
  RETURN_IF_ERROR(CheckLedger(change));
  return CheckRecords(change);
}

Status CheckRules(const EventFilter& filter) {
  for (const auto* text : {&filter.organisation, &filter.team, &filter.user, &filter.key, &filter.model,
                           &filter.session, &filter.host, &filter.kind, &filter.agent}) {
    if (*text && (*text)->empty()) return Invalid("a filter has an empty value");
  }
  return Ok{};
}

Status CheckRules(const SumQuery& query) {
  const EventFilter& filter = query.filter;
  if (filter.after || filter.from || filter.to || filter.session || filter.kind || filter.agent ||
      filter.decision) {
    return Invalid("sums can be had by organisation, team, user, key, model and host only");
  }
  if (query.to < query.from) return Invalid("the time ends before it begins");
  return CheckRules(filter);
}

EventFacts Cut(EventFacts facts) {
  for (std::string* text : {&facts.kind, &facts.organisation, &facts.team, &facts.user, &facts.key,
                            &facts.model, &facts.session, &facts.host}) {
    Cut(*text);
  }
  return facts;
}

EventFilter Cut(EventFilter filter) {
  for (auto* text : {&filter.organisation, &filter.team, &filter.user, &filter.key, &filter.model,
                     &filter.session, &filter.host, &filter.kind, &filter.agent}) {
    if (*text) Cut(**text);
  }
  return filter;
}

void Add(Spending& sum, const Spending& more) {
  sum.requests = SaturatingSum(sum.requests, more.requests);
  sum.input = SaturatingSum(sum.input, more.input);
  sum.output = SaturatingSum(sum.output, more.output);
  sum.cache_read = SaturatingSum(sum.cache_read, more.cache_read);
  sum.cache_write = SaturatingSum(sum.cache_write, more.cache_write);
  if (__builtin_add_overflow(sum.nano_dollars, more.nano_dollars, &sum.nano_dollars))
    sum.nano_dollars = std::numeric_limits<int64_t>::max();
}

}  // namespace postern::store
