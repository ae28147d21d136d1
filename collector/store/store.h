// The collector's memory: the log, the chains it is made of, the directory, the sums. An interface of few,
// coarse methods, so that an engine over a database elsewhere can stand behind it as well as the embedded
// one: it speaks of changes, filters and cursors, never of iterators, and nothing rests on there being one
// process.
//
//   Commit(change)   all of it, synced, or nothing      ◀── intake (events, money), directory: one order
//   Find, Sum, …     what was committed                 ──▶ api, audit, intake
//
// Every engine passes tests/collector/store/conformance.h. Fails closed: what can't be made sure of is an
// error, and after a failed sync nothing is committed until what the disk holds has been read back.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "collector/store/types.h"
#include "shared/base/result.h"

namespace postern::store {

// Errors of every method: kUnavailable (disk or database fails; may be tried again), kExhausted (the disk is
// full), kCorrupt (what is there is damaged). A list has at most min(limit, kMaxPage) rows. Thread-safe.
class Store {
 public:
  static constexpr size_t kMaxPage = 1000;
  static constexpr uint64_t kMaxSetAsidePerAgent = 1000;  // groups; the oldest go
  static constexpr uint64_t kMaxSetAsideBytesPerAgent = 16 << 20;

  virtual ~Store() = default;

  // Applies the change as a whole and brings it to the disk before it returns. Commits of several threads are
  // applied in one order and may share a sync; whatever any of them could read is on the disk. kDenied where
  // an `expected` doesn't hold any more: nothing of it was applied; read again and decide anew. kInvalid for
  // a change that breaks the rules of types.h. After any other error the whole of it may still have been
  // applied: read again what was expected.
  virtual Result<Receipt> Commit(const Change& change) = 0;

  // The log. Entries are there for ever; bodies until they are removed.
  virtual Result<std::vector<Entry>> Entries(Leaf first, size_t limit) = 0;
  virtual Result<std::vector<StoredEvent>> Events(const std::vector<Leaf>& leaves) = 0;
  // The leaf of an event, by its place in its chain. kNotFound.
  virtual Result<Leaf> Locate(const std::string& agent, uint64_t incarnation, uint64_t sequence) = 0;
  // Removes the bodies of events of these kinds that were received before `before`; chain, entries, indexes
  // and sums stay. It goes through each kind from its oldest and ends at the first that was received later.
  // How many were removed; call again until it is 0.
  virtual Result<uint64_t> RemoveBodies(WallTime before, const std::vector<std::string>& kinds) = 0;

  // Chains. Digests of stored events tell a duplicate from a fork: those of first … first+limit−1, as far as
  // there are.
  virtual Result<std::optional<Chain>> FindChain(const std::string& agent, uint64_t incarnation) = 0;
  virtual Result<std::vector<Chain>> Chains(const std::string& agent) = 0;
  virtual Result<std::vector<crypto::Digest>> Digests(const std::string& agent, uint64_t incarnation,
                                                      uint64_t first, size_t limit) = 0;
  // The newest first.
  virtual Result<std::vector<SetAside>> ListSetAside(const std::string& agent, size_t limit) = 0;

  // Questions. kInvalid for an empty filter value and for a cursor that is not of the same question. A cursor
  // stays good while events are added: who turns pages sees every event that was there when the first page
  // was read, once.
  virtual Result<EventPage> Find(const EventFilter& filter, const std::optional<Cursor>& cursor,
                                 size_t limit) = 0;
  virtual Result<std::vector<SumRow>> Sum(const SumQuery& query) = 0;

  // The directory.
  virtual Result<std::optional<Record>> Get(RecordKind kind, const std::string& id) = 0;
  // In the order of their ids; only those with the label where one is given.
  virtual Result<RecordPage> List(RecordKind kind, const std::optional<std::string>& label,
                                  const std::optional<Cursor>& cursor, size_t limit) = 0;
  // What has changed after `revision`, in the order of revisions. What changed together is never torn apart:
  // where that is more than the limit, the list is longer.
  virtual Result<std::vector<Record>> ChangedSince(uint64_t revision, size_t limit) = 0;

  // The ledger.
  virtual Result<LedgerPage> ListLedger(const std::optional<Cursor>& cursor, size_t limit) = 0;

  virtual StoreStats stats() = 0;

  // A copy that can be opened, of one moment, made while everything goes on. kInvalid where the directory
  // exists and isn't empty.
  virtual Status Backup(const std::string& directory) = 0;

  // Reads everything once and compares what is kept twice: entries against bodies, chains against entries,
  // indexes and sums against events. `progress` is called now and then with done and total. The problems, in
  // sentences; none: it is sound.
  virtual Result<std::vector<std::string>> Check(const std::function<void(uint64_t, uint64_t)>& progress) = 0;
};

}  // namespace postern::store
