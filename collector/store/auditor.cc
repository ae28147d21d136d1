#include "collector/store/auditor.h"

#include <map>
#include <utility>

#include "collector/store/directory_reader.h"
#include "collector/store/layout.h"
#include "collector/store/log_auditor.h"

namespace postern::store {
namespace {

// Calls `row(key, value)` for each row that begins so.
template <class F>
Status ForEach(const kv::View& view, kv::Family family, const std::string& prefix, F&& row) {
  kv::Cursor cursor = view.NewCursor(family);
  for (cursor.Seek(prefix); cursor.valid() && cursor.key().starts_with(prefix); cursor.Next())
    RETURN_IF_ERROR(row(cursor.key(), cursor.value()));
  return cursor.status();
}

}  // namespace

void Problems::Add(std::string sentence) {
  if (sentences_.size() < kMost) sentences_.push_back(std::move(sentence));
  else ++more_;
}

std::vector<std::string> Problems::Take() {
  if (more_ > 0) sentences_.push_back("there are " + std::to_string(more_) + " more problems");
  return std::move(sentences_);
}

void Auditor::Run(const char* what, const Status& status) {
  if (!status && !gives_up_)
    problems_.Add(std::string(what) + " could not be read: " + status.error().message);
}

Status Auditor::CheckLog() {
  LogAuditor log(view_, problems_);
  return log.Check(progress_, gives_up_);
}

// A record's own row names its labels and its change: those rows must be there.
Status Auditor::CheckRecord(std::string_view key, std::string_view value, uint64_t& rows) {
  const size_t prefix = RecordsPrefix(RecordKind::kKey).size();
  if (key.size() <= prefix) return Damaged("a record of the directory");
  const auto kind = static_cast<RecordKind>(key[prefix - 1]);
  const std::string id(key.substr(prefix));
  ASSIGN_OR_RETURN(const Record record, DecodeRecord(kind, id, value));
  std::vector<std::string> expected = {ChangeKey(record.revision, kind, id)};
  for (const std::string& label : record.labels) expected.push_back(LabelPrefix(kind, label) + id);
  ASSIGN_OR_RETURN(const auto found, view_.GetMany(kDirectory, expected));
  for (const auto& row : found) {
    if (!row) problems_.Add("the record " + id + " is missing from a list of the directory");
    else ++rows;
  }
  return Ok{};
}

Status Auditor::CheckDirectory() {
  const std::string records = RecordsPrefix(RecordKind::kKey).substr(0, 1);
  const std::string labels = LabelPrefix(RecordKind::kKey, "").substr(0, 1);
  uint64_t expected = 0;
  RETURN_IF_ERROR(ForEach(view_, kDirectory, records, [&](std::string_view key, std::string_view value) {
    return CheckRecord(key, value, expected);
  }));
  uint64_t found = 0;
  const auto count = [&](std::string_view, std::string_view) -> Status {
    ++found;
    return Ok{};
  };
  RETURN_IF_ERROR(ForEach(view_, kDirectory, labels, count));
  RETURN_IF_ERROR(ForEach(view_, kDirectory, ChangesPrefix(), count));
  if (found != expected) problems_.Add("the lists of the directory name records that are not there");
  return Ok{};
}

Status Auditor::CheckAside() {
  std::map<std::string, AsideTotals> totals;
  RETURN_IF_ERROR(
      ForEach(view_, kMeta, AsideTotalsPrefix(), [&](std::string_view key, std::string_view value) -> Status {
        ASSIGN_OR_RETURN(const AsideTotals of, AsideTotals::Decode(value));
        totals[std::string(key.substr(AsideTotalsPrefix().size()))] = of;
        return Ok{};
      }));
  std::map<std::string, AsideTotals> found;
  RETURN_IF_ERROR(ForEach(view_, kAside, "", [&](std::string_view key, std::string_view value) -> Status {
    Decoder decoder(key);
    const std::string agent(decoder.Text());
    const uint64_t number = decoder.Number();
    ASSIGN_OR_RETURN(const SetAside group, DecodeSetAside(agent, value));
    AsideTotals& of = found.try_emplace(agent, AsideTotals{number, number, 0}).first->second;
    of.next = number + 1;
    of.bytes += group.bytes.size();
    return Ok{};
  }));
  for (const auto& [agent, of] : totals) {
    const AsideTotals kept = found.contains(agent) ? found[agent] : AsideTotals{of.next, of.next, 0};
    if (kept.first != of.first || kept.next != of.next || kept.bytes != of.bytes)
      problems_.Add("what was set aside of agent " + agent + " is not what was counted");
  }
  for (const auto& [agent, of] : found) {
    if (!totals.contains(agent)) problems_.Add("what was set aside of agent " + agent + " was not counted");
  }
  return Ok{};
}

// What the rows say is their owner's to check; here each must be readable, and there must have been changes.
Status Auditor::CheckLedger() {
  uint64_t rows = 0;
  RETURN_IF_ERROR(ForEach(view_, kLedger, "", [&](std::string_view, std::string_view) -> Status {
    ++rows;
    return Ok{};
  }));
  ASSIGN_OR_RETURN(const uint64_t version, LedgerVersion(view_));
  if (rows > 0 && version == 0) problems_.Add("the ledger has rows that no change has brought");
  return Ok{};
}

Result<std::vector<std::string>> Auditor::Check() {
  Run("the log", CheckLog());
  Run("the directory", CheckDirectory());
  Run("what was set aside", CheckAside());
  Run("the ledger", CheckLedger());
  if (gives_up_) {
    return Error{ErrorCode::kUnavailable,
                 "the store had to be opened again while it was checked; check it again"};
  }
  return problems_.Take();
}

}  // namespace postern::store
