#include "collector/store/staging.h"

#include <algorithm>
#include <utility>

#include "collector/store/rules.h"

namespace postern::store {

Result<Staging::ChainEnd> Staging::EndOf(const Chain& chain) {
  const ChainName name{chain.agent, chain.incarnation};
  if (const auto known = ends_.find(name); known != ends_.end()) return known->second;
  const std::string key = ChainKey(chain.agent, chain.incarnation);
  ASSIGN_OR_RETURN(const auto value, store_.Get(kChains, key));
  ChainEnd end;
  if (value) {
    ASSIGN_OR_RETURN(const Chain stored, DecodeChain(key, *value));
    end = {stored.sequence, stored.closed};
  }
  ends_[name] = end;
  return end;
}

Result<const Record*> Staging::Find(const Record& record) {
  const RecordName name{record.kind, record.id};
  auto known = records_.find(name);
  if (known == records_.end()) {
    ASSIGN_OR_RETURN(const auto value, store_.Get(kDirectory, RecordsPrefix(record.kind) + record.id));
    std::optional<Record> stored;
    if (value) {
      ASSIGN_OR_RETURN(stored, DecodeRecord(record.kind, record.id, *value));
    }
    known = records_.emplace(name, std::move(stored)).first;
  }
  return known->second ? &*known->second : nullptr;
}

Status Staging::CheckExpected(const Change& change) {
  for (const Change::Advance& advance : change.chains) {
    ASSIGN_OR_RETURN(const ChainEnd end, EndOf(advance.chain));
    if (end.sequence != advance.expected)
      return Error{ErrorCode::kDenied, "the chain has gone on in the meantime"};
    if (end.closed && !advance.chain.closed)
      return Error{ErrorCode::kDenied, "the chain has been closed in the meantime"};
  }
  if (!change.ledger.empty() && change.ledger_expected != totals_.ledger)
    return Error{ErrorCode::kDenied, "the ledger has been changed in the meantime"};
  for (const Change::Put& put : change.records) {
    ASSIGN_OR_RETURN(const Record* const record, Find(put.record));
    if ((record != nullptr ? record->revision : 0) != put.expected)
      return Error{ErrorCode::kDenied, "the record has been changed in the meantime"};
  }
  return Ok{};
}

void Staging::AddEvents(const Change& change) {
  for (const NewEvent& event : change.events) {
    const uint64_t leaf = totals_.log_size++;
    segments_.Add(leaf, event, batch_);
    indexer_.Add(leaf, event, batch_);
    batch_.Put(kBodies, LeafKey(leaf), event.bytes);
  }
}

Status Staging::AddRecord(const Record& record) {
  ASSIGN_OR_RETURN(const Record* const before, Find(record));
  if (before != nullptr) {
    batch_.Delete(kDirectory, ChangeKey(before->revision, record.kind, record.id));
    for (const std::string& label : before->labels)
      batch_.Delete(kDirectory, LabelPrefix(record.kind, label) + record.id);
  }
  Record after = record;
  after.revision = totals_.revision;
  batch_.Put(kDirectory, RecordsPrefix(record.kind) + record.id, EncodeRecord(after));
  batch_.Put(kDirectory, ChangeKey(after.revision, record.kind, record.id), "");
  for (const std::string& label : after.labels)
    batch_.Put(kDirectory, LabelPrefix(record.kind, label) + record.id, "");
  records_[{record.kind, record.id}] = std::move(after);
  return Ok{};
}

Result<uint64_t> Staging::AsideSize(const std::string& agent, uint64_t number) {
  if (const auto staged = aside_sizes_.find({agent, number}); staged != aside_sizes_.end())
    return staged->second;
  std::string key = AsidePrefix(agent);
  PutNumber(key, number);
  ASSIGN_OR_RETURN(const auto value, store_.Get(kAside, key));
  if (!value) return Damaged("a group that was set aside");
  ASSIGN_OR_RETURN(const SetAside group, DecodeSetAside(agent, *value));
  return group.bytes.size();
}

Status Staging::AddAside(const SetAside& group) {
  const std::string prefix = AsidePrefix(group.agent);
  const auto key = [&](uint64_t number) {
    std::string text = prefix;
    PutNumber(text, number);
    return text;
  };
  auto known = asides_.find(group.agent);
  if (known == asides_.end()) {
    ASSIGN_OR_RETURN(const auto value, store_.Get(kMeta, AsideTotalsKey(group.agent)));
    AsideTotals totals;
    if (value) {
      ASSIGN_OR_RETURN(totals, AsideTotals::Decode(*value));
    }
    known = asides_.emplace(group.agent, totals).first;
  }
  AsideTotals& totals = known->second;
  aside_sizes_[{group.agent, totals.next}] = group.bytes.size();
  batch_.Put(kAside, key(totals.next++), EncodeSetAside(group));
  totals.bytes += group.bytes.size();
  ++totals_.set_aside;
  while (totals.count() > Store::kMaxSetAsidePerAgent || totals.bytes > Store::kMaxSetAsideBytesPerAgent) {
    ASSIGN_OR_RETURN(const uint64_t size, AsideSize(group.agent, totals.first));
    batch_.Delete(kAside, key(totals.first++));
    totals.bytes -= size;
    --totals_.set_aside;
  }
  return Ok{};
}

Result<Receipt> Staging::Add(const Change& change) {
  RETURN_IF_ERROR(CheckExpected(change));
  Receipt receipt{.first_leaf = Leaf{totals_.log_size}};
  AddEvents(change);
  for (const Change::Advance& advance : change.chains) {
    const ChainName name{advance.chain.agent, advance.chain.incarnation};
    chains_[name] = advance.chain;
    ends_[name] = {advance.chain.sequence, advance.chain.closed};
  }
  if (!change.records.empty()) totals_.revision = std::max(totals_.revision + 1, change.least_revision);
  for (const Change::Put& put : change.records) RETURN_IF_ERROR(AddRecord(put.record));
  for (const SetAside& group : change.set_aside) RETURN_IF_ERROR(AddAside(group));
  AddLedger(change);
  receipt.log_size = totals_.log_size;
  receipt.revision = totals_.revision;
  receipt.ledger = totals_.ledger;
  return receipt;
}

void Staging::AddLedger(const Change& change) {
  if (change.ledger.empty()) return;
  ++totals_.ledger;
  for (const LedgerRow& row : change.ledger) {
    if (row.erased) batch_.Delete(kLedger, row.key);
    else batch_.Put(kLedger, row.key, row.value);
  }
}

Status Staging::AddHours() {
  for (const auto& [hour, touched] : indexer_.hours()) {
    std::string key = HoursPrefix();
    PutHour(key, hour);
    ASSIGN_OR_RETURN(const auto value, store_.Get(kMeta, key));
    HourBounds bounds = touched;
    if (value) {
      ASSIGN_OR_RETURN(const HourBounds before, HourBounds::Decode(*value));
      bounds = {std::min(before.first, bounds.first), std::max(before.last, bounds.last)};
    }
    const std::string after = bounds.Encode();
    if (value != after) batch_.Put(kMeta, key, after);
  }
  return Ok{};
}

Status Staging::Finish() {
  segments_.Finish(batch_);
  indexer_.Finish(batch_);
  RETURN_IF_ERROR(AddHours());
  for (const auto& [name, chain] : chains_)
    batch_.Put(kChains, ChainKey(name.first, name.second), EncodeChain(chain));
  for (const auto& [agent, totals] : asides_) batch_.Put(kMeta, AsideTotalsKey(agent), totals.Encode());
  if (totals_.ledger != ledger_before_) batch_.Put(kMeta, LedgerVersionKey(), LeafKey(totals_.ledger));
  return Ok{};
}

}  // namespace postern::store
