#include "collector/directory/settings.h"

#include <algorithm>
#include <charconv>

#include "collector/directory/names.h"

namespace postern::directory {
namespace {

constexpr const char* kEpoch = "epoch";
constexpr size_t kMaxValue = 64 * 1024;

Act On(const char* action, std::string name) { return {action, "setting", std::move(name)}; }

Result<uint64_t> EpochOf(const std::optional<store::Record>& record) {
  if (!record) return uint64_t{1};
  uint64_t epoch = 0;
  const char* end = record->bytes.data() + record->bytes.size();
  const auto parsed = std::from_chars(record->bytes.data(), end, epoch);
  if (parsed.ec != std::errc() || parsed.ptr != end || epoch == 0)
    return Error{ErrorCode::kCorrupt, "the collector's epoch is damaged"};
  return epoch;
}

store::Change::Put PutOf(const std::string& name, const std::string& value,
                         const std::optional<store::Record>& before) {
  store::Change::Put put;
  put.record.kind = store::RecordKind::kSetting;
  put.record.id = name;
  put.record.bytes = value;
  put.expected = before ? before->revision : 0;
  return put;
}

Result<Draft> DraftOf(store::Store& store, const std::string& name, const std::string& value) {
  RETURN_IF_ERROR(CheckName(name, "a setting's name"));
  if (value.size() > kMaxValue) return Error{ErrorCode::kInvalid, "a setting has at most 64 KiB"};
  ASSIGN_OR_RETURN(const auto before, store.Get(store::RecordKind::kSetting, name));
  Draft draft;
  if (!before || before->bytes != value) draft.change.records.push_back(PutOf(name, value, before));
  return draft;
}

}  // namespace

Result<std::optional<std::string>> Settings::Get(const std::string& name) {
  ASSIGN_OR_RETURN(const auto record, registrar_.store().Get(store::RecordKind::kSetting, name));
  return record ? std::optional(record->bytes) : std::nullopt;
}

Status Settings::Set(const Actor& actor, const std::string& name, const std::string& value) {
  const auto decide = [&] { return DraftOf(registrar_.store(), name, value); };
  if (auto done = registrar_.Perform(actor, On("setting.set", name), decide); !done) return done.error();
  return Ok{};
}

Status Settings::Note(const std::string& name, const std::string& value) {
  const auto decide = [&] { return DraftOf(registrar_.store(), name, value); };
  if (auto done = registrar_.Note(decide); !done) return done.error();
  return Ok{};
}

Result<uint64_t> Settings::Epoch() {
  ASSIGN_OR_RETURN(const auto record, registrar_.store().Get(store::RecordKind::kSetting, kEpoch));
  return EpochOf(record);
}

Result<uint64_t> Settings::RaiseEpoch(const Actor& actor, uint64_t seen, uint64_t revision) {
  uint64_t raised = 0;
  const auto decide = [&]() -> Result<Draft> {
    ASSIGN_OR_RETURN(const auto before, registrar_.store().Get(store::RecordKind::kSetting, kEpoch));
    ASSIGN_OR_RETURN(const uint64_t epoch, EpochOf(before));
    raised = std::max(epoch, seen) + 1;
    Draft draft;
    draft.sentence = "epoch " + std::to_string(raised);
    draft.change.records.push_back(PutOf(kEpoch, std::to_string(raised), before));
    draft.change.least_revision = revision + 1;
    return draft;
  };
  if (auto done = registrar_.Perform(actor, On("epoch.raise", kEpoch), decide); !done) return done.error();
  return raised;
}

}  // namespace postern::directory
