// An ordered store of bytes that survives what it promised to survive: RocksDB, behind our own type.
//
//   Write, unsynced   the kernel has it when Write returns: it survives the death of this process
//   SyncLog           the disk has all that was written before: it survives a power cut
//   a Batch           is applied whole or not at all, across families, whatever happens
//
// Fails closed: after a failed Write or SyncLog nobody knows what the disk holds (the kernel drops the pages
// of a failed fsync and calls them clean), so the store is poisoned. It refuses to write until Reopen has
// read back what is really there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/kv/batch.h"
#include "shared/kv/cursor.h"
#include "shared/kv/options.h"
#include "shared/kv/view.h"

namespace postern::kv {

enum class Durability { kUnsynced, kSynced };

// Thread-safe, but two writers take turns: give it one. Cursors must be gone before Reopen and before
// destruction.
class Store {
 public:
  // Makes the directory (mode 0700) and the store where there is none.
  // kUnavailable when another process has it open or the disk fails; kExhausted when the disk is full;
  // kInvalid when the format is newer; kCorrupt when what is there is damaged. Each message is a sentence
  // that says what to do.
  static Result<std::unique_ptr<Store>> Open(const std::string& directory, Options options);

  // Reads what the disk holds now, also while another process writes; sees nothing that is written later and
  // writes nothing. kNotFound when there is no store.
  static Result<std::unique_ptr<Store>> OpenReadOnly(const std::string& directory, Options options);

  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // kExhausted when the disk is full, kUnavailable for anything else; either way the store is poisoned, and
  // the batch may or may not be there after Reopen.
  Status Write(const Batch& batch, Durability durability);

  // Brings everything written before to the disk. Errors as Write.
  Status SyncLog();

  // Closes and opens again; what is recovered from the log is synced before this returns. On an error the
  // store stays poisoned and this may be tried again; on a full disk what is there can still be read. Not
  // while another thread uses the store.
  Status Reopen();

  bool poisoned() const;

  // kCorrupt or kUnavailable when it can't be read; nothing when the key isn't there.
  Result<std::optional<std::string>> Get(Family family, std::string_view key) const;

  // A view of the family as it is now. Cheap to move; holds resources while it lives.
  Cursor NewCursor(Family family) const;

  // All families as they are now.
  View Now() const;

  // Of what the families hold; where it is lower than Options::format, what is older is to be brought to it.
  uint32_t format() const;

  // Says so, synced, once it was brought to it. Errors as Write.
  Status SetFormat(uint32_t format);

  // A copy of this moment that can be opened, made while others read and write. Files that never change are
  // shared where the file system can (hard links). kInvalid where the directory exists and isn't empty.
  Status Checkpoint(const std::string& directory) const;

  // Brings a family into its final, smallest form. Reads and writes all of it.
  Status Compact(Family family);

  // Gives the space of [begin, end) back sooner: removes the files that lie wholly within. Only after a
  // DeleteRange of the same range was written; what it doesn't remove stays deleted.
  Status ReclaimRange(Family family, std::string_view begin, std::string_view end);

  // What the family takes on disk and in memory, roughly.
  uint64_t ApproximateBytes(Family family) const;

 private:
  friend class View;
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::kv
