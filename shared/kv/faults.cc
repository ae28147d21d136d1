#include "shared/kv/faults.h"

#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <rocksdb/file_system.h>

namespace postern::kv {
namespace {

using rocksdb::FileOptions;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus PowerIsCut() { return IOStatus::IOError("the power is cut"); }

}  // namespace

// Keeps what is appended until it is synced, and fails when told to.
class FaultyFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  FaultyFile(std::unique_ptr<FSWritableFile> file, std::shared_ptr<Faults> faults)
      : FSWritableFileOwnerWrapper(std::move(file)), faults_(std::move(faults)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    if (faults_->cut_) return PowerIsCut();
    const int64_t space = faults_->space_;
    if (space >= 0 && space < static_cast<int64_t>(data.size())) return IOStatus::NoSpace("no space left");
    if (space >= 0) faults_->space_ -= static_cast<int64_t>(data.size());
    if (!faults_->hold_unsynced_) return target()->Append(data, options, debug);
    const std::lock_guard lock(mutex_);
    held_.append(data.data(), data.size());
    return IOStatus::OK();
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const auto begin = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(faults_->sync_delay_ms_))
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ++faults_->syncs_;
    if (faults_->cut_) return PowerIsCut();
    if (faults_->fail_syncs_) return IOStatus::IOError("sync failed");
    if (IOStatus status = Release(options, debug); !status.ok()) return status;
    return target()->Sync(options, debug);
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }
  bool IsSyncThreadSafe() const override { return true; }  // DB::SyncWAL insists

  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    if (!faults_->cut_) {
      if (IOStatus status = Release(options, debug); !status.ok()) return status;
    }
    return target()->Close(options, debug);
  }

  uint64_t GetFileSize(const IOOptions& options, IODebugContext* debug) override {
    const std::lock_guard lock(mutex_);
    return target()->GetFileSize(options, debug) + held_.size();
  }

  IOStatus RangeSync(uint64_t, uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  IOStatus Release(const IOOptions& options, IODebugContext* debug) {
    const std::lock_guard lock(mutex_);
    if (held_.empty()) return IOStatus::OK();
    IOStatus status = target()->Append(held_, options, debug);
    held_.clear();
    return status;
  }

  const std::shared_ptr<Faults> faults_;
  std::mutex mutex_;
  std::string held_;
};

class FaultyFileSystem : public rocksdb::FileSystemWrapper {
 public:
  explicit FaultyFileSystem(std::shared_ptr<Faults> faults)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), faults_(std::move(faults)) {}

  const char* Name() const override { return "FaultyFileSystem"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) override {
    if (faults_->cut_) return PowerIsCut();
    return Wrap(target()->NewWritableFile(name, options, file, debug), file);
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) override {
    if (faults_->cut_) return PowerIsCut();
    return Wrap(target()->ReopenWritableFile(name, options, file, debug), file);
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    if (faults_->cut_) return PowerIsCut();
    return target()->RenameFile(from, to, options, debug);
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) override {
    if (faults_->cut_) return PowerIsCut();
    return target()->DeleteFile(name, options, debug);
  }

 private:
  IOStatus Wrap(IOStatus status, std::unique_ptr<FSWritableFile>* file) {
    if (status.ok()) *file = std::make_unique<FaultyFile>(std::move(*file), faults_);
    return status;
  }

  const std::shared_ptr<Faults> faults_;
};

void Faults::Cut() { cut_ = true; }

std::shared_ptr<rocksdb::FileSystem> Faults::MakeFileSystem() {
  return std::make_shared<FaultyFileSystem>(shared_from_this());
}

}  // namespace postern::kv
