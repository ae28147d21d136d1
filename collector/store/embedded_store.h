// The embedded engine itself. Others use it through OpenRocksStore.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "collector/store/group_commit.h"
#include "collector/store/rocks_store.h"
#include "collector/store/staging.h"
#include "collector/store/store.h"
#include "shared/base/guarded.h"
#include "shared/kv/store.h"

namespace postern::store {

// One thread writes at a time (GroupCommit's, or RemoveBodies'); any number read beside it, each in a view of
// one moment. Thread-safe.
class EmbeddedStore : public Store {
 public:
  static Result<std::unique_ptr<Store>> Open(RocksStoreOptions options);

  Result<Receipt> Commit(const Change& change) override;
  Result<std::vector<Entry>> Entries(Leaf first, size_t limit) override;
  Result<std::vector<StoredEvent>> Events(const std::vector<Leaf>& leaves) override;
  Result<Leaf> Locate(const std::string& agent, uint64_t incarnation, uint64_t sequence) override;
  Result<uint64_t> RemoveBodies(WallTime before, const std::vector<std::string>& kinds) override;
  Result<std::optional<Chain>> FindChain(const std::string& agent, uint64_t incarnation) override;
  Result<std::vector<Chain>> Chains(const std::string& agent) override;
  Result<std::vector<crypto::Digest>> Digests(const std::string& agent, uint64_t incarnation, uint64_t first,
                                              size_t limit) override;
  Result<std::vector<SetAside>> ListSetAside(const std::string& agent, size_t limit) override;
  Result<EventPage> Find(const EventFilter& filter, const std::optional<Cursor>& cursor,
                         size_t limit) override;
  Result<std::vector<SumRow>> Sum(const SumQuery& query) override;
  Result<std::optional<Record>> Get(RecordKind kind, const std::string& id) override;
  Result<RecordPage> List(RecordKind kind, const std::optional<std::string>& label,
                          const std::optional<Cursor>& cursor, size_t limit) override;
  Result<std::vector<Record>> ChangedSince(uint64_t revision, size_t limit) override;
  Result<LedgerPage> ListLedger(const std::optional<Cursor>& cursor, size_t limit) override;
  StoreStats stats() override;
  Status Backup(const std::string& directory) override;
  Result<std::vector<std::string>> Check(const std::function<void(uint64_t, uint64_t)>& progress) override;

 private:
  explicit EmbeddedStore(std::unique_ptr<kv::Store> store);

  template <class F>
  auto Read(F&& read) {
    std::unique_lock turn(turn_);
    const std::shared_lock open(open_);
    turn.unlock();
    return std::forward<F>(read)();
  }

  std::vector<Result<Receipt>> WriteGroup(const GroupCommit::Changes& changes);
  Status WriteChanges(const GroupCommit::Changes& changes, std::vector<Result<Receipt>>& results);
  Status EnsureUsable();
  Status Reopen();
  Status LoadTotals();
  Result<uint64_t> RemoveBodiesOf(const std::string& kind, WallTime before, kv::Batch& batch);

  const std::unique_ptr<kv::Store> store_;
  Guarded<Totals> totals_;  // of what was committed

  // Whoever holds it is the writer.
  std::mutex writing_;
  kv::Batch batch_;  // filled again by each write: its memory is got once
  BootTime next_reopening_{};
  std::chrono::milliseconds reopening_pause_;

  // Readers share `open_`; reopening needs it alone, and takes `turn_` first so that new readers wait.
  std::mutex turn_;
  std::shared_mutex open_;
  std::atomic<bool> wants_reopening_{false};  // long readers give up

  GroupCommit commits_;
};

}  // namespace postern::store
