#include "shared/kv/store.h"

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/kv/errors.h"
#include "shared/kv/faults.h"
#include "shared/kv/profile.h"

namespace postern::kv {
namespace {

enum class Access { kWrite, kRead };

// The family that RocksDB insists on holds nothing but this key.
constexpr const char* kFormatKey = "format";

rocksdb::Slice AsSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

bool Exists(const std::string& directory) { return access((directory + "/CURRENT").c_str(), F_OK) == 0; }

// A logger that says nothing: a read-only store must not write a log file into somebody else's directory.
class Silence : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// Makes the directory and those above it. Its own mode is 0700: it holds the record.
Status MakeDirectory(const std::string& directory) {
  for (size_t slash = directory.find('/', 1); slash != std::string::npos;
       slash = directory.find('/', slash + 1)) {
    mkdir(directory.substr(0, slash).c_str(), 0755);
  }
  if (mkdir(directory.c_str(), 0700) == 0 || errno == EEXIST) return Ok{};
  return Error{ErrorCode::kUnavailable,
               "cannot make the directory " + directory + ": " + std::strerror(errno)};
}

}  // namespace

struct Store::State {
  ~State() { Close(); }

  Status Open();
  Status CheckFormat();
  void Close();
  Error Describe(const rocksdb::Status& status) const;
  rocksdb::ColumnFamilyHandle* At(Family family) const { return handles.at(static_cast<size_t>(family)); }
  Status CheckUsable() const {
    if (!poisoned) return Ok{};
    return Error{ErrorCode::kUnavailable, Name() + " must be reopened after an error"};
  }
  std::string Name() const { return options.what + " in " + directory; }

  std::string directory;
  Options options;
  Access access = Access::kWrite;
  std::shared_ptr<rocksdb::Cache> cache = SmallCache();
  std::unique_ptr<rocksdb::Env> faulty_env;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;  // of options.families, then the default one
  std::atomic<bool> poisoned{false};
};

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

Status Store::State::Open() {
  rocksdb::DBOptions database = SmallDatabase();
  if (options.faults) {
    faulty_env = rocksdb::NewCompositeEnv(options.faults->MakeFileSystem());
    database.env = faulty_env.get();
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : options.families) families.emplace_back(name, SmallFamily(cache));
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, SmallFamily(cache));

  rocksdb::DB* opened = nullptr;
  rocksdb::Status status;
  if (access == Access::kRead) {
    database.info_log = std::make_shared<Silence>();
    status = rocksdb::DB::OpenForReadOnly(database, directory, families, &handles, &opened);
  } else {
    status = rocksdb::DB::Open(database, directory, families, &handles, &opened);
  }
  if (!status.ok()) {
    handles.clear();
    return Describe(status);
  }
  db.reset(opened);
  Status checked = CheckFormat();
  if (checked) {
    poisoned = false;
  } else {
    Close();
  }
  return checked;
}

Status Store::State::CheckFormat() {
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
    if (access == Access::kRead) return Ok{};
    rocksdb::WriteOptions synced;
    synced.sync = true;
    const auto written = db->Put(synced, handles.back(), kFormatKey, std::to_string(options.format));
    if (!written.ok()) return Describe(written);
    return Ok{};
  }
  if (!status.ok()) return Describe(status);
  uint32_t format = 0;
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

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(const std::string& directory, Options options) {
  auto state = std::make_unique<State>();
  state->directory = directory;
  state->options = std::move(options);
  RETURN_IF_ERROR(MakeDirectory(directory));
  RETURN_IF_ERROR(state->Open());
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

Result<std::unique_ptr<Store>> Store::OpenReadOnly(const std::string& directory, Options options) {
  auto state = std::make_unique<State>();
  state->directory = directory;
  state->options = std::move(options);
  state->access = Access::kRead;
  if (!Exists(directory)) return Error{ErrorCode::kNotFound, "there is no store in " + directory};
  RETURN_IF_ERROR(state->Open());
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

Status Store::Write(const Batch& batch, Durability durability) {
  if (state_->poisoned)
    return Error{ErrorCode::kUnavailable, state_->Name() + " must be reopened after an error"};
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::kSynced;
  const rocksdb::Status status = state_->db->Write(options, batch.batch_.get());
  if (status.ok()) return Ok{};
  state_->poisoned = true;
  return MakeError(state_->Name(), "writing", status);
}

Status Store::SyncLog() {
  if (state_->poisoned)
    return Error{ErrorCode::kUnavailable, state_->Name() + " must be reopened after an error"};
  const rocksdb::Status status = state_->db->SyncWAL();
  if (status.ok()) return Ok{};
  state_->poisoned = true;
  return MakeError(state_->Name(), "syncing", status);
}

Status Store::Reopen() {
  state_->poisoned = true;
  state_->Close();
  return state_->Open();
}

bool Store::poisoned() const { return state_->poisoned; }

Result<std::optional<std::string>> Store::Get(Family family, std::string_view key) const {
  if (!state_->db) return Error{ErrorCode::kUnavailable, state_->Name() + " is not open"};
  std::string value;
  const rocksdb::Status status = state_->db->Get({}, state_->At(family), AsSlice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return MakeError(state_->Name(), "reading", status);
  return std::optional(std::move(value));
}

Cursor Store::NewCursor(Family family) const {
  if (!state_->db) {
    return Cursor(std::unique_ptr<rocksdb::Iterator>(
        rocksdb::NewErrorIterator(rocksdb::Status::Incomplete(state_->Name() + " is not open"))));
  }
  return Cursor(std::unique_ptr<rocksdb::Iterator>(state_->db->NewIterator({}, state_->At(family))));
}

Status Store::ReclaimRange(Family family, std::string_view begin, std::string_view end) {
  RETURN_IF_ERROR(state_->CheckUsable());
  const rocksdb::Slice first = AsSlice(begin);
  const rocksdb::Slice last = AsSlice(end);
  const auto status = rocksdb::DeleteFilesInRange(state_->db.get(), state_->At(family), &first, &last, false);
  if (!status.ok()) return MakeError(state_->Name(), "reclaiming space", status);
  return Ok{};
}

uint64_t Store::ApproximateBytes(Family family) const {
  if (!state_->db) return 0;
  uint64_t files = 0;
  uint64_t memory = 0;
  state_->db->GetIntProperty(state_->At(family), rocksdb::DB::Properties::kTotalSstFilesSize, &files);
  state_->db->GetIntProperty(state_->At(family), rocksdb::DB::Properties::kCurSizeAllMemTables, &memory);
  return files + memory;
}

}  // namespace postern::kv
