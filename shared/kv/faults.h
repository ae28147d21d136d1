// A disk that misbehaves on request. For tests; the programs never make one.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

namespace rocksdb {
class FileSystem;
}  // namespace rocksdb

namespace postern::kv {

// Hand it to Options::faults and turn its knobs while the store is open.
//
// With `hold_unsynced` the bytes of a file stay in this process until they are synced. Killing the process
// then does what a power cut does to a machine: only what was synced is left. Cut does the same to a store in
// this process. What this doesn't imitate: names of new files that were not synced, and bytes of files that
// were closed unsynced. Thread-safe.
class Faults : public std::enable_shared_from_this<Faults> {
 public:
  explicit Faults(bool hold_unsynced) : hold_unsynced_(hold_unsynced) {}

  // From here on every sync fails, or none does.
  void FailSyncs(bool fail) { fail_syncs_ = fail; }

  // From here on each sync takes this long, one that is under way as well.
  void DelaySyncs(std::chrono::milliseconds delay) { sync_delay_ms_ = delay.count(); }

  // How many more bytes fit onto the disk; negative: any number.
  void SetSpace(int64_t bytes) { space_ = bytes; }

  // The power is cut: what was not synced is gone and nothing reaches the disk any more. Close the store and
  // open it without faults.
  void Cut();

  uint64_t syncs() const { return syncs_; }

  // The environment for RocksDB. Inside shared/kv only.
  std::shared_ptr<rocksdb::FileSystem> MakeFileSystem();

 private:
  friend class FaultyFile;
  friend class FaultyFileSystem;

  const bool hold_unsynced_;
  std::atomic<bool> fail_syncs_{false};
  std::atomic<bool> cut_{false};
  std::atomic<int64_t> sync_delay_ms_{0};
  std::atomic<int64_t> space_{-1};
  std::atomic<uint64_t> syncs_{0};
};

}  // namespace postern::kv
