#include "collector/store/embedded_store.h"

#include <algorithm>
#include <chrono>

#include "collector/store/auditor.h"
#include "collector/store/directory_reader.h"
#include "collector/store/finder.h"
#include "collector/store/log_reader.h"
#include "collector/store/migration.h"
#include "collector/store/page_cursor.h"
#include "collector/store/rules.h"
#include "collector/store/summer.h"
#include "shared/base/clock.h"
#include "shared/base/log.h"

namespace postern::store {
namespace {

constexpr std::chrono::milliseconds kFirstPause{50};
constexpr std::chrono::milliseconds kLongestPause{5000};

// A batch that has grown beyond this isn't kept for the next write.
constexpr size_t kMostKept = size_t{8} << 20;

// RemoveBodies removes at most so many at once, so that commits don't wait long for it.
constexpr size_t kRemovedAtOnce = 10'000;

}  // namespace

EmbeddedStore::EmbeddedStore(std::unique_ptr<kv::Store> store)
    : store_(std::move(store)),
      reopening_pause_(kFirstPause),
      commits_([this](const GroupCommit::Changes& changes) { return WriteGroup(changes); }) {}

Result<std::unique_ptr<Store>> EmbeddedStore::Open(RocksStoreOptions options) {
  ASSIGN_OR_RETURN(auto opened, kv::Store::Open(options.directory, StoreOptions(std::move(options.faults))));
  RETURN_IF_ERROR(Migrate(*opened, kFormat, MigrationSteps()));
  std::unique_ptr<EmbeddedStore> store(new EmbeddedStore(std::move(opened)));
  RETURN_IF_ERROR(store->LoadTotals());
  return std::unique_ptr<Store>(std::move(store));
}

Status EmbeddedStore::LoadTotals() {
  const kv::View view = store_->Now();
  Totals totals;
  ASSIGN_OR_RETURN(totals.log_size, LogSize(view));
  ASSIGN_OR_RETURN(totals.revision, Revision(view));
  ASSIGN_OR_RETURN(totals.set_aside, CountSetAside(view));
  ASSIGN_OR_RETURN(totals.ledger, LedgerVersion(view));
  totals_.With([&](Totals& present) { present = totals; });
  return Ok{};
}

// ── writing ────────────────────────────────────────────────────────────────────────────────────────────────

Result<Receipt> EmbeddedStore::Commit(const Change& change) {
  RETURN_IF_ERROR(CheckRules(change));
  return commits_.Commit(change);
}

std::vector<Result<Receipt>> EmbeddedStore::WriteGroup(const GroupCommit::Changes& changes) {
  const std::lock_guard writer(writing_);
  std::vector<Result<Receipt>> results;
  Status written = EnsureUsable();
  if (written) written = WriteChanges(changes, results);
  if (written) return results;
  // What was refused was refused, whatever became of the others.
  for (Result<Receipt>& result : results) {
    if (result) result = written.error();
  }
  results.resize(changes.size(), written.error());
  return results;
}

Status EmbeddedStore::WriteChanges(const GroupCommit::Changes& changes,
                                   std::vector<Result<Receipt>>& results) {
  Staging staging(*store_, totals_.With([](const Totals& totals) { return totals; }), batch_);
  for (const Change* change : changes) {
    results.push_back(staging.Add(*change));
    if (!results.back() && results.back().error().code != ErrorCode::kDenied) return results.back().error();
  }
  RETURN_IF_ERROR(staging.Finish());
  if (batch_.empty()) return Ok{};
  RETURN_IF_ERROR(store_->Write(batch_, kv::Durability::kSynced));
  totals_.With([&](Totals& totals) { totals = staging.totals(); });
  if (batch_.bytes() > kMostKept) batch_ = kv::Batch();
  return Ok{};
}

Status EmbeddedStore::EnsureUsable() {
  if (!store_->poisoned()) return Ok{};
  if (BootClock::now() < next_reopening_) {
    return Error{ErrorCode::kUnavailable,
                 "the collector's store could not be written to and is opened again in a moment"};
  }
  Status reopened = Reopen();
  if (reopened) {
    Log(Level::kInfo, "the store was opened again after an error", {});
    reopening_pause_ = kFirstPause;
  } else {
    next_reopening_ = BootClock::now() + reopening_pause_;
    reopening_pause_ = std::min(reopening_pause_ * 2, kLongestPause);
  }
  return reopened;
}

Status EmbeddedStore::Reopen() {
  wants_reopening_ = true;
  const std::lock_guard turn(turn_);
  const std::lock_guard alone(open_);
  wants_reopening_ = false;
  RETURN_IF_ERROR(store_->Reopen());
  return LoadTotals();
}

Result<uint64_t> EmbeddedStore::RemoveBodies(WallTime before, const std::vector<std::string>& kinds) {
  const std::lock_guard writer(writing_);
  RETURN_IF_ERROR(EnsureUsable());
  uint64_t removed = 0;
  kv::Batch batch;
  for (const std::string& kind : kinds) {
    ASSIGN_OR_RETURN(const uint64_t some, RemoveBodiesOf(kind, before, batch));
    removed += some;
  }
  if (!batch.empty()) RETURN_IF_ERROR(store_->Write(batch, kv::Durability::kSynced));
  return removed;
}

Result<uint64_t> EmbeddedStore::RemoveBodiesOf(const std::string& kind, WallTime before, kv::Batch& batch) {
  if (kind.empty()) return uint64_t{0};
  const kv::View view = store_->Now();
  const uint64_t size = totals_.With([](const Totals& totals) { return totals.log_size; });
  EventFilter filter = Cut(EventFilter{.kind = kind, .order = Order::kOldestFirst});
  ASSIGN_OR_RETURN(const uint64_t next, NextBody(view, *filter.kind));
  if (next > 0) filter.after = Leaf{next - 1};
  ASSIGN_OR_RETURN(const auto leaves, Finder(view, filter, size).Find({}, kRemovedAtOnce));
  LogReader reader(view);
  uint64_t removed = 0;
  uint64_t after = next;
  for (const uint64_t leaf : leaves) {
    ASSIGN_OR_RETURN(const Entry entry, reader.EntryAt(leaf));
    if (entry.received_at >= before) break;
    batch.Delete(kBodies, LeafKey(leaf));
    after = leaf + 1;
    ++removed;
  }
  if (removed > 0) batch.Put(kMeta, RemovedKey(*filter.kind), LeafKey(after));
  return removed;
}

// ── the log ────────────────────────────────────────────────────────────────────────────────────────────────

Result<std::vector<Entry>> EmbeddedStore::Entries(Leaf first, size_t limit) {
  return Read([&]() -> Result<std::vector<Entry>> {
    const uint64_t size = totals_.With([](const Totals& totals) { return totals.log_size; });
    const kv::View view = store_->Now();
    LogReader reader(view);
    std::vector<Entry> entries;
    for (auto leaf = static_cast<uint64_t>(first); leaf < size && entries.size() < std::min(limit, kMaxPage);
         ++leaf) {
      ASSIGN_OR_RETURN(Entry entry, reader.EntryAt(leaf));
      entries.push_back(std::move(entry));
    }
    return entries;
  });
}

Result<std::vector<StoredEvent>> EmbeddedStore::Events(const std::vector<Leaf>& leaves) {
  return Read([&]() -> Result<std::vector<StoredEvent>> {
    const uint64_t size = totals_.With([](const Totals& totals) { return totals.log_size; });
    std::vector<uint64_t> numbers;
    for (const Leaf leaf : leaves) {
      numbers.push_back(static_cast<uint64_t>(leaf));
      if (numbers.back() >= size) return Error{ErrorCode::kNotFound, "the log has no such entry"};
    }
    const kv::View view = store_->Now();
    return LogReader(view).Events(numbers);
  });
}

Result<EventPage> EmbeddedStore::Find(const EventFilter& asked, const std::optional<Cursor>& cursor,
                                      size_t limit) {
  RETURN_IF_ERROR(CheckRules(asked));
  std::optional<Leaf> last;
  if (cursor) {
    ASSIGN_OR_RETURN(last, ReadCursor(asked, *cursor));
  }
  return Read([&]() -> Result<EventPage> {
    EventPage page;
    const size_t rows = std::min(limit, kMaxPage);
    if (rows == 0) return page;
    const uint64_t size = totals_.With([](const Totals& totals) { return totals.log_size; });
    const kv::View view = store_->Now();
    const EventFilter filter = Cut(asked);
    // One more than asked for tells whether there are more.
    ASSIGN_OR_RETURN(std::vector<uint64_t> leaves, Finder(view, filter, size).Find(last, rows + 1));
    if (leaves.size() > rows) {
      leaves.pop_back();
      page.next = MakeCursor(asked, Leaf{leaves.back()});
    }
    ASSIGN_OR_RETURN(page.events, LogReader(view).Events(leaves));
    return page;
  });
}

Result<std::vector<SumRow>> EmbeddedStore::Sum(const SumQuery& query) {
  RETURN_IF_ERROR(CheckRules(query));
  return Read([&] {
    const kv::View view = store_->Now();
    return Summer(view, query).Sum();
  });
}

// ── chains and the directory ───────────────────────────────────────────────────────────────────────────────

Result<Leaf> EmbeddedStore::Locate(const std::string& agent, uint64_t incarnation, uint64_t sequence) {
  return Read([&] { return store::Locate(store_->Now(), agent, incarnation, sequence); });
}

Result<std::optional<Chain>> EmbeddedStore::FindChain(const std::string& agent, uint64_t incarnation) {
  return Read([&]() -> Result<std::optional<Chain>> {
    const std::string key = ChainKey(agent, incarnation);
    ASSIGN_OR_RETURN(const auto value, store_->Get(kChains, key));
    if (!value) return std::optional<Chain>();
    ASSIGN_OR_RETURN(Chain chain, DecodeChain(key, *value));
    return std::optional(std::move(chain));
  });
}

Result<std::vector<Chain>> EmbeddedStore::Chains(const std::string& agent) {
  return Read([&] { return store::Chains(store_->Now(), agent); });
}

Result<std::vector<crypto::Digest>> EmbeddedStore::Digests(const std::string& agent, uint64_t incarnation,
                                                           uint64_t first, size_t limit) {
  return Read(
      [&] { return store::Digests(store_->Now(), agent, incarnation, first, std::min(limit, kMaxPage)); });
}

Result<std::vector<SetAside>> EmbeddedStore::ListSetAside(const std::string& agent, size_t limit) {
  return Read([&] { return store::ListSetAside(store_->Now(), agent, std::min(limit, kMaxPage)); });
}

Result<std::optional<Record>> EmbeddedStore::Get(RecordKind kind, const std::string& id) {
  return Read([&] { return GetRecord(store_->Now(), kind, id); });
}

Result<RecordPage> EmbeddedStore::List(RecordKind kind, const std::optional<std::string>& label,
                                       const std::optional<Cursor>& cursor, size_t limit) {
  std::optional<std::string> last;
  if (cursor) {
    ASSIGN_OR_RETURN(last, ReadCursor(kind, label, *cursor));
  }
  return Read([&] { return ListRecords(store_->Now(), kind, label, last, std::min(limit, kMaxPage)); });
}

Result<std::vector<Record>> EmbeddedStore::ChangedSince(uint64_t revision, size_t limit) {
  return Read([&] { return store::ChangedSince(store_->Now(), revision, std::min(limit, kMaxPage)); });
}

Result<LedgerPage> EmbeddedStore::ListLedger(const std::optional<Cursor>& cursor, size_t limit) {
  return Read([&] { return store::ListLedger(store_->Now(), cursor, std::min(limit, kMaxPage)); });
}

// ── the whole ──────────────────────────────────────────────────────────────────────────────────────────────

StoreStats EmbeddedStore::stats() {
  const Totals totals = totals_.With([](const Totals& present) { return present; });
  StoreStats stats{.log_size = totals.log_size,
                   .revision = totals.revision,
                   .ledger = totals.ledger,
                   .set_aside = totals.set_aside};
  stats.commits_waiting = commits_.waiting();
  return Read([&] {
    for (uint32_t family = 0; family < kFamilies; ++family)
      stats.bytes_on_disk += store_->ApproximateBytes(kv::Family{family});
    return stats;
  });
}

Status EmbeddedStore::Backup(const std::string& directory) {
  return Read([&] { return store_->Checkpoint(directory); });
}

Result<std::vector<std::string>> EmbeddedStore::Check(
    const std::function<void(uint64_t, uint64_t)>& progress) {
  return Read([&] {
    const kv::View view = store_->Now();
    return Auditor(view, progress, wants_reopening_).Check();
  });
}

Result<std::unique_ptr<Store>> OpenRocksStore(RocksStoreOptions options) {
  return EmbeddedStore::Open(std::move(options));
}

Status Compact(const std::string& directory) {
  ASSIGN_OR_RETURN(const auto store, kv::Store::Open(directory, StoreOptions()));
  for (uint32_t family = 0; family < kFamilies; ++family) RETURN_IF_ERROR(store->Compact(kv::Family{family}));
  return Ok{};
}

}  // namespace postern::store
