#include "shared/kv/store.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/utilities/checkpoint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shared/kv/errors.h"
#include "shared/kv/state.h"
#include "shared/kv/view_state.h"

namespace postern::kv {
namespace {

rocksdb::Slice AsSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

bool Exists(const std::string& directory) { return access((directory + "/CURRENT").c_str(), F_OK) == 0; }

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

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::Open(const std::string& directory, Options options) {
  auto state = std::make_unique<State>();
  state->directory = directory;
  state->options = std::move(options);
  RETURN_IF_ERROR(MakeDirectory(directory));
  RETURN_IF_ERROR(state->Open(Access::kWrite));
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

Result<std::unique_ptr<Store>> Store::OpenReadOnly(const std::string& directory, Options options) {
  auto state = std::make_unique<State>();
  state->directory = directory;
  state->options = std::move(options);
  state->access = Access::kRead;
  if (!Exists(directory)) return Error{ErrorCode::kNotFound, "there is no store in " + directory};
  RETURN_IF_ERROR(state->Open(Access::kRead));
  return std::unique_ptr<Store>(new Store(std::move(state)));
}

Status Store::Write(const Batch& batch, Durability durability) {
  RETURN_IF_ERROR(state_->CheckUsable());
  rocksdb::WriteOptions options;
  options.sync = durability == Durability::kSynced;
  const rocksdb::Status status = state_->db->Write(options, batch.batch_.get());
  if (status.ok()) return Ok{};
  state_->poisoned = true;
  return MakeError(state_->Name(), "writing", status);
}

Status Store::SyncLog() {
  RETURN_IF_ERROR(state_->CheckUsable());
  const rocksdb::Status status = state_->db->SyncWAL();
  if (status.ok()) return Ok{};
  state_->poisoned = true;
  return MakeError(state_->Name(), "syncing", status);
}

Status Store::Reopen() {
  state_->poisoned = true;
  state_->Close();
  Status opened = state_->Open(Access::kWrite);
  if (opened) {
    state_->poisoned = false;
  } else if (opened.error().code == ErrorCode::kExhausted) {
    static_cast<void>(state_->Open(Access::kRead));  // where that fails too, nothing is open
  }
  return opened;
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

View Store::Now() const { return View(std::make_unique<View::State>(*state_)); }

uint32_t Store::format() const { return state_->format; }

Status Store::SetFormat(uint32_t format) {
  RETURN_IF_ERROR(state_->CheckUsable());
  return state_->WriteFormat(format);
}

Status Store::Checkpoint(const std::string& directory) const {
  RETURN_IF_ERROR(state_->CheckUsable());
  // RocksDB wants to make the directory itself.
  if (rmdir(directory.c_str()) != 0 && errno != ENOENT)
    return Error{ErrorCode::kInvalid, directory + " exists and is not an empty directory"};
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(state_->db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(directory);
  if (!status.ok()) return MakeError(state_->Name(), "copying to " + directory, status);
  if (chmod(directory.c_str(), 0700) != 0)
    return Error{ErrorCode::kUnavailable,
                 "cannot close " + directory + " to others: " + std::strerror(errno)};
  return Ok{};
}

Status Store::Compact(Family family) {
  RETURN_IF_ERROR(state_->CheckUsable());
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForceOptimized;
  const rocksdb::Status status = state_->db->CompactRange(options, state_->At(family), nullptr, nullptr);
  if (!status.ok()) return MakeError(state_->Name(), "compacting", status);
  return Ok{};
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
