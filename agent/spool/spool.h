// The agent's durable record, for many threads: events go in, two watermarks say how far they have got.
//
//   Append ──▶ queue ──▶ spool thread: one batch of all that waits ──▶ written ──▶ sync ──▶ synced
//                                                              survives kill -9    survives a power cut
//
// The event loop never waits here. It appends an intent, keeps the ticket, and goes on when StandingOf says
// so: on_progress tells when to ask again. Where the record can't be kept (the spool is full, the disk is
// slow or broken), FullPolicy decides. Fails closed, except with FullPolicy::kGap, which says so in the
// record.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "agent/spool/event_stream.h"
#include "agent/spool/group_reader.h"
#include "agent/spool/journal.h"
#include "agent/spool/wallet_rows.h"
#include "shared/base/clock.h"
#include "shared/base/guarded.h"
#include "shared/base/result.h"
#include "shared/wire/event.h"

namespace postern::spool {

// The order in which events were appended; the first is 1.
enum class Ticket : uint64_t {};

// When intents are brought to the disk.
enum class SyncMode {
  kAtOnce,  // audit.sync: before_answer and before_forward. Somebody waits, so as soon as they are written
  kLazily,  // audit.sync: os. Within Options::lazy_sync
};

// What happens to new exchanges while the record can't be kept.
enum class FullPolicy {
  kRefuse,  // they are refused
  kBlock,   // they wait
  kGap,     // they go on; a signed record counts them
};

// What an exchange may do that waits for its ticket.
enum class Standing {
  kWaiting,     // ask again after on_progress, or after stall_after at the latest
  kDone,        // go on
  kUnrecorded,  // go on, though it isn't recorded yet and may never be (kGap)
  kRefused,  // give up: the record can't be kept (kRefuse). What was appended may still be written, so append
             // its outcome
};

// Why the record can't be kept, if it can't.
enum class Condition { kGood, kFull, kStalled, kFailing };
const char* Name(Condition condition);  // "good", "full", "stalled", "failing"

struct Options {
  JournalOptions journal;
  SyncMode sync = SyncMode::kAtOnce;
  FullPolicy full = FullPolicy::kRefuse;
  uint64_t max_bytes = uint64_t{1} << 30;  // of records kept; the disk needs about 64 MiB more
  // Older records are trimmed; with Retention::kAcknowledged only what is acknowledged, and that sooner when
  // the space is needed.
  std::chrono::nanoseconds keep = std::chrono::hours(7 * 24);
  std::chrono::nanoseconds stall_after =
      std::chrono::seconds(2);  // a write or sync that takes longer counts as failing
  std::chrono::nanoseconds lazy_sync = std::chrono::seconds(1);              // for what nobody waits for
  std::chrono::nanoseconds seal_when_quiet = std::chrono::milliseconds(20);  // for so long
  std::chrono::nanoseconds seal_at_least =
      std::chrono::milliseconds(200);  // so often, while there is anything to seal
  size_t max_queued = 16 * 1024;       // events in memory that wait for the thread
  // Called by the spool thread after a watermark or the condition has changed. Must be quick and must not
  // call the spool.
  std::function<void()> on_progress;
};

// How many events a batch had: bucket i counts those of 2^i to 2^(i+1)−1.
using BatchSizes = std::array<uint64_t, 16>;

struct Stats {
  Condition condition = Condition::kGood;
  uint64_t queued = 0;  // events that wait for the spool thread
  uint64_t events = 0;  // written since Open
  uint64_t batches = 0;
  BatchSizes batch_sizes{};
  uint64_t seals = 0;
  uint64_t syncs = 0;
  uint64_t sync_nanoseconds = 0;
  uint64_t failures = 0;     // writes and syncs that failed
  uint64_t turned_away = 0;  // events that Append refused
  uint64_t dropped = 0;      // events that gap records count, or will
  uint64_t open_exchanges = 0;
  uint64_t kept_bytes = 0;
  uint64_t max_bytes = 0;
  WallTime oldest{};            // about when the oldest kept event was written
  uint64_t unacknowledged = 0;  // sealed events that the collector doesn't have
};

// Where the record stands, for the collector. All of it is synced: what a power cut could take back is never
// told.
struct Standpoint {
  Mark now;                // the newest sealed event of the present incarnation
  std::vector<Mark> kept;  // the end of each chain of which there are events, the oldest first; the last is
                           // `now`
  uint64_t unacknowledged = 0;  // events
};

// Thread-safe.
class Spool {
 public:
  // Errors as Journal::Open. When this returns, the start of this life is synced.
  static Result<std::unique_ptr<Spool>> Open(Options options);
  ~Spool();  // as Close

  // Queues one event and wakes the thread; takes a lock for a moment and never touches the disk. Head fields
  // are filled in later; a wall_time that is set is kept. Outcomes, starts, stops and gaps are always taken.
  // A key_first_used for a key that was ever recorded here is passed over. Others, while the record can't be
  // kept: kExhausted (full) or kUnavailable (stalled, failing) with kRefuse; with kBlock they are taken until
  // the queue is full.
  Result<Ticket> Append(wire::Event event);

  // As Append, but leaves the thread asleep if it is: for a caller that appends several events and then calls
  // Wake once.
  Result<Ticket> AppendQuietly(wire::Event&& event);
  // The same with rows of the wallet, in one write with the event. Only outcomes have rows; should one have
  // to be counted by a gap, its rows are kept all the same.
  Result<Ticket> AppendQuietly(wire::Event&& event, WalletRows&& rows);
  // Rows without an event are always taken, and are never lost while this process lives. None, with kSynced:
  // what was appended before is synced at once. After Close they are lost, and their ticket is never passed.
  Ticket AppendQuietly(WalletRows&& rows, Haste haste);
  void Wake();

  // Whether Append would take an intent now.
  bool TakesIntents(BootTime now) const;

  // What the wallet begins with, as Open has left it.
  const WalletRows& wallet_rows() const { return wallet_rows_; }
  // The holdings of that incarnation that are on the disk, synced; none of another than the present one.
  std::vector<wallet::HoldingRecord> SyncedHoldings(uint64_t incarnation) const;

  // Adds events that were appended and aren't needed any more: who appends many may fill them again. Each is
  // given back at most once, and not all of them are.
  void TakeSpent(std::vector<wire::Event>& spent);

  // Everything up to this ticket survives the death of this process, or is an event that a gap counts. Rows
  // that wait in memory for a failing disk (kGap) are never passed.
  Ticket written() const { return Ticket{written_.load(std::memory_order_acquire)}; }

  // Everything up to this ticket survives a power cut, or is an event that a gap counts. As written().
  Ticket synced() const { return Ticket{synced_.load(std::memory_order_acquire)}; }

  enum class Wanted { kWritten, kSynced };
  Standing StandingOf(Ticket ticket, Wanted wanted, BootTime now) const;

  Condition condition(BootTime now) const;

  // Reads a page in the spool thread and hands over its bytes (event_stream.h) there. kUnavailable after
  // Close or while failing.
  void Read(PageRequest request, std::function<void(Result<std::string>)> done);

  // What the conversation with the collector (agent/uplink) needs. The callbacks are called once each, in the
  // spool thread, and must be quick; with kUnavailable after Close or while failing.

  // As ReadSealedGroups, with what is synced. A mark with incarnation 0: from the first event that is not
  // acknowledged. No groups: there is nothing new; OnSealed says when there is.
  void ReadGroups(Mark after, size_t max_bytes, std::function<void(Result<std::vector<SealedGroup>>)> done);

  // The collector has stored and synced all up to these marks, one an incarnation: at least (Acknowledged),
  // or exactly (Welcome; where that is less than before, the collector has lost something, and what comes
  // after is unacknowledged again). What is acknowledged may be trimmed, so a mark counts only if it is one
  // of this record's own chain: kInvalid otherwise, and then none of the marks counts. Written, and synced
  // with what comes next: if a power cut takes it back, the next Welcome says it again.
  using Claim = Journal::Claim;
  void Acknowledge(std::vector<Mark> marks, Claim claim, std::function<void(Status)> done);

  // Goes on under an incarnation that the collector issued, which is on the disk, synced, when `done` is
  // called: what was appended before ends the old chain, a start that names the old chain's head begins the
  // new one, what is appended later follows. Nothing happens where it is the present one. kInvalid where it
  // is one that was used here before, or 0; kExhausted where too many chains are kept. After another error
  // it may be repeated.
  void BeginIncarnation(uint64_t incarnation, std::function<void(Status)> done);

  // For Hello and heartbeats. Takes a lock for a moment.
  Standpoint standpoint() const;

  // From now on `call` is called in the spool thread whenever standpoint() has changed; an empty one ends
  // it. It must be quick and not call the spool. No call is under way when this returns.
  void OnSealed(std::function<void()> call);

  Stats stats() const;
  uint64_t incarnation() const { return incarnation_.load(std::memory_order_relaxed); }
  const crypto::PublicKey& public_key() const { return public_key_; }

  // Writes, seals and syncs everything that was appended, then ends the thread. May be called again. The
  // error that stood in the way, if any: the record ends before it.
  Status Close();

 private:
  struct Item {
    wire::Event event;  // without a body: rows alone
    uint64_t ticket = 0;
    WalletRows rows{};
    Haste haste = Haste::kNone;
  };
  // Something to do between two turns of the thread; it is told whether the record can be used now.
  using Request = std::function<void(const Status& usable)>;
  // What Append and Read put down and the thread takes up.
  struct Inbox {
    std::vector<Item> items;
    std::vector<Request> requests;
    std::vector<wire::Event> spent;  // for who wants them
    uint64_t last_ticket = 0;
    bool closing = false;
    bool sleeping = false;  // the thread waits: wake it
    wire::Gap unrecorded;   // what was turned away or dropped before it got into the queue
    RowBook overflow;       // rows that found no room in the queue; while there are any, all later ones too
    uint64_t overflow_ticket = 0;  // of the last of them
    uint64_t overflow_first = 0;   // and of the first
  };
  using Clock = std::chrono::steady_clock;
  static constexpr Clock::duration kFirstGapInterval = std::chrono::seconds(1);
  static constexpr uint64_t kNone = std::numeric_limits<uint64_t>::max();  // is no ticket

  Spool(Options options, std::unique_ptr<Journal> journal);

  void Run();
  void WaitForWork();
  bool MayTake() const { return !failing_ || options_.full == FullPolicy::kGap; }
  Clock::time_point NextDeadline() const;
  void Work();
  void StageItems();
  bool StageOrKeep(Item& item);
  void KeepOrder(WalletRows&& rows, Item& item);
  Ticket Overflow(WalletRows&& rows);
  void StageRows(WalletRows&& rows, Haste haste);
  void StageKeptRows();
  void NeedSync(Clock::time_point due);
  void StageGap();
  void WriteStaged();
  Clock::time_point SealDue() const;
  Clock::time_point SyncTime() const;
  void SealIfDue();
  void SyncIfDue();
  void TrimIfDue();
  void Recover();
  void DropItems();
  void FinishHeldBack();
  void Ask(Request request);
  void ServeRequests();
  void DoAcknowledge(const std::vector<Mark>& marks, Claim claim, const std::function<void(Status)>& done);
  void DoBeginIncarnation(uint64_t incarnation, const std::function<void(Status)>& done);
  void MakeRoom();
  void AllSynced();
  void Publish();
  void PublishHoldings();
  bool Guard(std::string_view deed, const std::function<Status()>& work);
  void Drop(const wire::Event& event, wire::Gap& gap, std::string_view why);
  bool IsFull() const;
  void UpdateCounters();
  uint64_t PassedTicket() const;
  void Progress() const;

  const Options options_;
  std::unique_ptr<Journal> journal_;  // of the spool thread
  std::atomic<uint64_t> incarnation_;
  Guarded<Standpoint> standpoint_;
  Guarded<std::function<void()>> on_sealed_;
  Guarded<RowBook> synced_holdings_;
  const WalletRows wallet_rows_;
  const crypto::PublicKey public_key_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Inbox inbox_;  // under mutex_

  // The spool thread's own.
  std::vector<Item> taken_;
  std::vector<Item> held_back_;  // with kBlock, while full
  std::vector<Request> requests_;
  std::vector<wire::Event> spent_;
  uint64_t taken_ticket_ = 0;   // the last ticket that was staged, held back or dropped
  uint64_t staged_events_ = 0;  // since the last write
  bool staged_rows_ = false;
  RowBook kept_rows_;  // of items that could not stay in memory as they were
  // The first of those whose rows are apart from them, in kept_rows_ or at the end of taken_, or that wait in
  // memory for the disk. What is taken then goes in one batch, or rows and their outcomes could be parted.
  uint64_t apart_first_ = kNone;
  bool closing_ = false;
  std::optional<Error> last_error_;
  wire::Gap gap_;  // dropped and not yet in a gap record
  Clock::time_point gap_due_{};
  Clock::duration gap_interval_ = kFirstGapInterval;
  std::optional<Clock::time_point> sync_due_;  // set while something is written and not synced
  uint64_t waiting_for_sync_ = 0;              // intents since the last sync
  Clock::time_point rested_{};                 // no sync before
  Clock::time_point last_write_{};
  Clock::time_point first_unsealed_{};
  Clock::time_point trim_due_{};
  Clock::time_point room_due_{};  // when making room may be tried again
  Clock::time_point retry_due_{};
  Clock::duration retry_after_{};

  std::atomic<uint64_t> written_{0};
  std::atomic<uint64_t> synced_{0};
  std::atomic<bool> full_{false};
  std::atomic<bool> failing_{false};
  std::atomic<int64_t> busy_since_{0};  // boot time at which the write or sync under way began; 0: none is

  // Counters for Stats.
  struct Counters {
    std::atomic<uint64_t> queued{0}, events{0}, batches{0}, seals{0}, syncs{0}, sync_nanoseconds{0},
        failures{0}, turned_away{0}, dropped{0}, open_exchanges{0}, kept_bytes{0}, unacknowledged{0};
    std::atomic<int64_t> oldest{0};
    std::array<std::atomic<uint64_t>, 16> batch_sizes{};
  } counters_;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace postern::spool
