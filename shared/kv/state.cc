#include "shared/kv/state.h"

#include <charconv>
#include <string>
#include <utility>

#include <rocksdb/env.h>

#include "shared/kv/errors.h"
#include "shared/kv/faults.h"
#include "shared/kv/profile.h"

namespace postern::kv {
namespace {

// The family that RocksDB insists on holds nothing but this key.
constexpr const char* kFormatKey = "format";

// A logger that says nothing: whoever reads a store while another process writes it has nothing to add.
class Silence : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

}  // namespace

Error Store::State::Describe(const rocksdb::Status& status) const {
  const std::string text = status.ToString();
  if (text.find("lock") != std::string::npos && text.find("LOCK") != std::string::npos) {
    return {ErrorCode::kUnavailable, Name() + " is open in another process; stop that one first"};
  }
  const ErrorCode code = CodeOf(status);
  if (code == ErrorCode::kExhausted) return {code, Name() + " can't be opened: the disk is full"};
  if (code == ErrorCode::kCorrupt) {
    return {code, Name() + " is damaged (" + text +
                      "); keep a copy of the directory as evidence, then move it away"};
  }
  return {code, Name() + " can't be opened: " + text};
}

Status Store::State::Open(Access mode) {
  rocksdb::DBOptions database = DatabaseOf(options.profile);
  if (!cache) cache = CacheOf(options.profile);
  if (options.faults) {
    faulty_env = rocksdb::NewCompositeEnv(options.faults->MakeFileSystem());
    database.env = faulty_env.get();
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const FamilyOptions& family : options.families)
    families.emplace_back(family.name, FamilyOf(options.profile, family.merge, cache));
  families.emplace_back(rocksdb::kDefaultColumnFamilyName,
                        FamilyOf(options.profile, MergeRule::kNone, cache));

  rocksdb::DB* opened = nullptr;
  rocksdb::Status status;
  if (mode == Access::kRead) {
    if (access == Access::kRead) database.info_log = std::make_shared<Silence>();
    status = rocksdb::DB::OpenForReadOnly(database, directory, families, &handles, &opened);
  } else {
    status = rocksdb::DB::Open(database, directory, families, &handles, &opened);
  }
  if (!status.ok()) {
    handles.clear();
    return Describe(status);
  }
  db.reset(opened);
  Status checked = CheckFormat(mode);
  if (!checked) Close();
  return checked;
}

Status Store::State::CheckFormat(Access mode) {
  for (size_t i = 0; i < options.families.size(); ++i) {
    if (handles[i]->GetID() == kFirstFamily + i) continue;
    return Describe(rocksdb::Status::Corruption("its families are not in their order"));
  }
  std::string value;
  const rocksdb::Status status = db->Get({}, handles.back(), kFormatKey, &value);
  if (status.IsNotFound()) {
    for (rocksdb::ColumnFamilyHandle* handle : handles) {
      const std::unique_ptr<rocksdb::Iterator> iterator(db->NewIterator({}, handle));
      iterator->SeekToFirst();
      if (iterator->Valid())
        return Describe(rocksdb::Status::Corruption("it doesn't say which format it has"));
    }
    format = options.format;
    if (mode == Access::kRead) return Ok{};
    return WriteFormat(options.format);
  }
  if (!status.ok()) return Describe(status);
  const auto [end, problem] = std::from_chars(value.data(), value.data() + value.size(), format);
  if (problem != std::errc{} || end != value.data() + value.size() || format == 0) {
    return Describe(rocksdb::Status::Corruption("its format is not a number"));
  }
  if (format > options.format) {
    return Error{ErrorCode::kInvalid, Name() + " was written by a newer version (format " + value +
                                          ", this version reads up to " + std::to_string(options.format) +
                                          "); run that version, or move the directory away"};
  }
  return Ok{};
}

void Store::State::Close() {
  if (!db) return;
  for (rocksdb::ColumnFamilyHandle* handle : handles) db->DestroyColumnFamilyHandle(handle);
  handles.clear();
  db->Close();
  db.reset();
}

Status Store::State::WriteFormat(uint32_t written) {
  rocksdb::WriteOptions synced;
  synced.sync = true;
  const rocksdb::Status status = db->Put(synced, handles.back(), kFormatKey, std::to_string(written));
  if (!status.ok()) {
    poisoned = true;
    return MakeError(Name(), "writing", status);
  }
  format = written;
  return Ok{};
}

}  // namespace postern::kv
