#include "collector/store/memory_state.h"

#include <algorithm>

#include "collector/store/rules.h"

namespace postern::store {
namespace {

Status CheckExpected(const MemoryState& state, const Change& change) {
  for (const Change::Advance& advance : change.chains) {
    const auto found = state.chains.find({advance.chain.agent, advance.chain.incarnation});
    const uint64_t sequence = found == state.chains.end() ? 0 : found->second.sequence;
    if (sequence != advance.expected)
      return Error{ErrorCode::kDenied, "the chain has gone on in the meantime"};
    if (found != state.chains.end() && found->second.closed && !advance.chain.closed)
      return Error{ErrorCode::kDenied, "the chain has been closed in the meantime"};
  }
  if (!change.ledger.empty() && change.ledger_expected != state.ledger_version)
    return Error{ErrorCode::kDenied, "the ledger has been changed in the meantime"};
  for (const Change::Put& put : change.records) {
    const auto found = state.records.find({put.record.kind, put.record.id});
    const uint64_t revision = found == state.records.end() ? 0 : found->second.revision;
    if (revision != put.expected)
      return Error{ErrorCode::kDenied, "the record has been changed in the meantime"};
  }
  return Ok{};
}

void Keep(std::vector<SetAside>& groups, const SetAside& group) {
  groups.push_back(group);
  uint64_t bytes = 0;
  for (const SetAside& kept : groups) bytes += kept.bytes.size();
  while (groups.size() > Store::kMaxSetAsidePerAgent || bytes > Store::kMaxSetAsideBytesPerAgent) {
    bytes -= groups.front().bytes.size();
    groups.erase(groups.begin());
  }
}

}  // namespace

Result<Receipt> Apply(MemoryState& state, const Change& change) {
  RETURN_IF_ERROR(CheckExpected(state, change));
  Receipt receipt{.first_leaf = Leaf{state.events.size()}};
  for (const NewEvent& event : change.events) {
    const Entry& entry = event.entry;
    state.places[{entry.agent, entry.incarnation, entry.sequence}] = Leaf{state.events.size()};
    state.events.push_back(event);
    state.events.back().facts = Cut(event.facts);
  }
  for (const Change::Advance& advance : change.chains)
    state.chains[{advance.chain.agent, advance.chain.incarnation}] = advance.chain;
  if (!change.records.empty()) state.revision = std::max(state.revision + 1, change.least_revision);
  for (const Change::Put& put : change.records) {
    Record& record = state.records[{put.record.kind, put.record.id}];
    record = put.record;
    record.revision = state.revision;
  }
  for (const SetAside& group : change.set_aside) Keep(state.set_aside[group.agent], group);
  if (!change.ledger.empty()) ++state.ledger_version;
  for (const LedgerRow& row : change.ledger) {
    if (row.erased) state.ledger.erase(row.key);
    else state.ledger[row.key] = row.value;
  }
  receipt.log_size = state.events.size();
  receipt.revision = state.revision;
  receipt.ledger = state.ledger_version;
  return receipt;
}

}  // namespace postern::store
