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
#include <vector>

#include "shared/base/result.h"
#include "shared/kv/batch.h"
#include "shared/kv/cursor.h"

namespace postern::kv {

class Faults;

struct Options {
  std::vector<std::string>
      families;         // a Family is an index into this list; names are for ever, new ones go to the end
  uint32_t format = 1;  // of what the families hold; a store of a newer one is refused
  std::string what = "the store";    // how errors call it: "the agent's state"
  std::shared_ptr<Faults> faults{};  // for tests: a disk that misbehaves
};

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
  // store stays poisoned and this may be tried again. Not while another thread uses the store.
  Status Reopen();

  bool poisoned() const;

  // kCorrupt or kUnavailable when it can't be read; nothing when the key isn't there.
  Result<std::optional<std::string>> Get(Family family, std::string_view key) const;

  // A view of the family as it is now. Cheap to move; holds resources while it lives.
  Cursor NewCursor(Family family) const;

  // Gives the space of [begin, end) back sooner: removes the files that lie wholly within. Only after a
  // DeleteRange of the same range was written; what it doesn't remove stays deleted.
  Status ReclaimRange(Family family, std::string_view begin, std::string_view end);

  // What the family takes on disk and in memory, roughly.
  uint64_t ApproximateBytes(Family family) const;

 private:
  struct State;
  explicit Store(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::kv
