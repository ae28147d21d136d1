#include "agent/spool/spool.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <utility>

#include "agent/spool/gaps.h"

namespace postern::spool {
namespace {

constexpr size_t kMostInABatch = 1024;
constexpr uint64_t kMostUnsyncedBytes = 1 << 20;  // they are kept in memory until they are synced
constexpr std::chrono::milliseconds kLongestRest{5};
constexpr size_t kMostSpent = 256;

}  // namespace

const char* Name(Condition condition) {
  switch (condition) {
    case Condition::kGood: return "good";
    case Condition::kFull: return "full";
    case Condition::kStalled: return "stalled";
    case Condition::kFailing: return "failing";
  }
  return "unknown";
}

Result<std::unique_ptr<Spool>> Spool::Open(Options options) {
  ASSIGN_OR_RETURN(auto journal, Journal::Open(options.journal));
  return std::unique_ptr<Spool>(new Spool(std::move(options), std::move(journal)));
}

Spool::Spool(Options options, std::unique_ptr<Journal> journal)
    : options_(std::move(options)),
      journal_(std::move(journal)),
      incarnation_(journal_->incarnation()),
      wallet_rows_(journal_->wallet_rows()),
      public_key_(journal_->public_key()) {
  full_ = IsFull();
  UpdateCounters();
  Publish();
  thread_ = std::thread([this] { Run(); });
}

Spool::~Spool() { static_cast<void>(Close().has_value()); }

Status Spool::Close() {
  {
    const std::lock_guard lock(mutex_);
    inbox_.closing = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
  if (last_error_) return *last_error_;
  return Ok{};
}

Stats Spool::stats() const {
  const auto read = [](const auto& counter) { return counter.load(std::memory_order_relaxed); };
  Stats stats;
  stats.condition = condition(BootClock::now());
  stats.queued = read(counters_.queued);
  stats.events = read(counters_.events);
  stats.batches = read(counters_.batches);
  for (size_t i = 0; i < stats.batch_sizes.size(); ++i) stats.batch_sizes[i] = read(counters_.batch_sizes[i]);
  stats.seals = read(counters_.seals);
  stats.syncs = read(counters_.syncs);
  stats.sync_nanoseconds = read(counters_.sync_nanoseconds);
  stats.failures = read(counters_.failures);
  stats.turned_away = read(counters_.turned_away);
  stats.dropped = read(counters_.dropped);
  stats.open_exchanges = read(counters_.open_exchanges);
  stats.kept_bytes = read(counters_.kept_bytes);
  stats.unacknowledged = read(counters_.unacknowledged);
  stats.max_bytes = options_.max_bytes;
  stats.oldest = WallTime(std::chrono::nanoseconds(read(counters_.oldest)));
  return stats;
}

void Spool::Run() {
  while (!closing_) {
    WaitForWork();
    Work();
  }
  ServeRequests();
}

void Spool::WaitForWork() {
  const bool at_once = !failing_ && !taken_.empty();
  const Clock::time_point deadline = NextDeadline();
  std::unique_lock lock(mutex_);
  const auto has_work = [&] {
    return inbox_.closing || !inbox_.requests.empty() ||
           (MayTake() && (!inbox_.items.empty() || !IsEmpty(inbox_.unrecorded) || !inbox_.overflow.empty()));
  };
  while (!at_once && !has_work() && Clock::now() < deadline) {
    inbox_.sleeping = true;
    wake_.wait_until(lock, deadline);
  }
  inbox_.sleeping = false;
  closing_ = inbox_.closing;
  requests_.swap(inbox_.requests);
  if (!MayTake() && !closing_) return;
  if (taken_.empty()) {
    taken_.swap(inbox_.items);
  } else {
    std::move(inbox_.items.begin(), inbox_.items.end(), std::back_inserter(taken_));
    inbox_.items.clear();
  }
  if (!inbox_.overflow.empty()) {  // newer than all rows that were taken so far
    apart_first_ = std::min(apart_first_, inbox_.overflow_first);
    taken_.push_back({wire::Event(), inbox_.overflow_ticket, inbox_.overflow.TakeAll(), Haste::kWritten});
  }
  if (inbox_.spent.empty()) inbox_.spent.swap(spent_);
  Merge(inbox_.unrecorded, gap_);
  inbox_.unrecorded.Clear();
  counters_.queued.store(0, std::memory_order_relaxed);
}

Spool::Clock::time_point Spool::NextDeadline() const {
  if (failing_) return retry_due_;
  Clock::time_point deadline = trim_due_;
  if (sync_due_) deadline = std::min(deadline, SyncTime());
  if (journal_->unsealed() > 0) deadline = std::min(deadline, SealDue());
  if (!IsEmpty(gap_)) deadline = std::min(deadline, gap_due_);
  return deadline;
}

void Spool::Work() {
  if (failing_) Recover();
  if (failing_) {
    if (options_.full == FullPolicy::kGap || closing_) DropItems();
  } else {
    StageKeptRows();
    StageItems();
    if (closing_) FinishHeldBack();
    StageGap();
    WriteStaged();
    SealIfDue();
    SyncIfDue();
    TrimIfDue();
  }
  if (closing_ && failing_ && !last_error_)
    last_error_ = Error{ErrorCode::kUnavailable, "the record could not be finished"};
  ServeRequests();
}

void Spool::StageItems() {
  if (!full_ && !held_back_.empty()) {
    held_back_.insert(held_back_.end(), std::make_move_iterator(taken_.begin()),
                      std::make_move_iterator(taken_.end()));
    taken_ = std::exchange(held_back_, {});
  }
  size_t done = 0;
  while (done < taken_.size() && !failing_) {
    Item& item = taken_[done];
    taken_ticket_ = std::max(taken_ticket_, item.ticket);
    if (!StageOrKeep(item)) held_back_.push_back(std::move(item));
    else if (spent_.size() < kMostSpent) spent_.push_back(std::move(item.event));
    ++done;
    if (staged_events_ >= kMostInABatch && apart_first_ == kNone) WriteStaged();
  }
  taken_.erase(taken_.begin(), taken_.begin() + static_cast<ptrdiff_t>(done));
  if (taken_.empty()) apart_first_ = kNone;
}

// False when the event has to wait for room.
bool Spool::StageOrKeep(Item& item) {
  wire::Event& event = item.event;
  if (event.body_case() == wire::Event::BODY_NOT_SET) {
    StageRows(std::move(item.rows), item.haste);
    return true;
  }
  if (event.has_key_first_used() && journal_->HasSeenKey(event.key_first_used().key_id())) return true;
  if (full_ && MayBeTurnedAway(event)) {
    if (options_.full == FullPolicy::kBlock) return false;
    if (options_.full == FullPolicy::kGap) {
      Drop(event, gap_, Name(Condition::kFull));
      return true;
    }
  }
  // The outcome of an intent that a gap counts is counted by it too: an outcome alone would look like a
  // missing event.
  if (event.has_outcome()) {
    const auto id = wire::ParseExchange(event.outcome().exchange());
    if (!id || !journal_->IsOpen(*id)) {
      Drop(event, gap_, "no intent");
      StageRows(std::move(item.rows), Haste::kNone);
      return true;
    }
  }
  const bool somebody_waits = event.has_intent() && options_.sync == SyncMode::kAtOnce;
  if (somebody_waits) ++waiting_for_sync_;
  NeedSync(somebody_waits ? Clock::time_point{} : Clock::now() + options_.lazy_sync);
  journal_->Stage(event, std::move(item.rows));
  ++staged_events_;
  full_ = IsFull();
  return true;
}

void Spool::NeedSync(Clock::time_point due) { sync_due_ = std::min(sync_due_.value_or(due), due); }

void Spool::StageRows(WalletRows&& rows, Haste haste) {
  if (rows.empty() && haste != Haste::kSynced) return;
  if (haste == Haste::kSynced) ++waiting_for_sync_;
  NeedSync(haste == Haste::kSynced ? Clock::time_point{} : Clock::now() + options_.lazy_sync);
  journal_->Stage(std::move(rows));
  staged_rows_ = true;
}

// Somebody may wait until they are synced.
void Spool::StageKeptRows() {
  if (!kept_rows_.empty()) StageRows(kept_rows_.TakeAll(), Haste::kSynced);
}

std::vector<wallet::HoldingRecord> Spool::SyncedHoldings(uint64_t incarnation) const {
  return synced_holdings_.With([&](const RowBook& book) { return book.Holdings(incarnation); });
}

void Spool::WriteStaged() {
  const uint64_t events = std::exchange(staged_events_, 0);
  const bool any = std::exchange(staged_rows_, false) || events > 0;
  if (failing_) return;
  if (any && !Guard("writing", [&] { return journal_->Write(); })) return;
  if (events > 0) {
    last_write_ = Clock::now();
    if (journal_->unsealed() <= events) first_unsealed_ = last_write_;
    counters_.events.fetch_add(events, std::memory_order_relaxed);
    counters_.batches.fetch_add(1, std::memory_order_relaxed);
    const size_t bucket =
        std::min<size_t>(static_cast<size_t>(std::bit_width(events)) - 1, counters_.batch_sizes.size() - 1);
    counters_.batch_sizes[bucket].fetch_add(1, std::memory_order_relaxed);
  }
  UpdateCounters();
  if (written_ == PassedTicket()) return;
  written_.store(PassedTicket(), std::memory_order_release);
  if (!sync_due_) synced_.store(written_, std::memory_order_release);  // all that is new was dropped
  Progress();
}

// A signature costs as much as writing ten events, and nobody waits for it: a busy spool seals many batches
// at once, a quiet one each of them as soon as nothing follows.
Spool::Clock::time_point Spool::SealDue() const {
  return std::min(last_write_ + options_.seal_when_quiet, first_unsealed_ + options_.seal_at_least);
}

void Spool::SealIfDue() {
  if (failing_ || journal_->unsealed() == 0) return;
  const auto now = Clock::now();
  if (now < SealDue() && !closing_) return;
  if (!Guard("sealing", [&] { return journal_->Seal(); })) return;
  if (!sync_due_) sync_due_ = now + options_.lazy_sync;
}

// A sync that was shared is followed by a rest of its own length. Who comes in the meantime shares the next
// one; otherwise a busy spool would always sync, each time for the few that came during the last one.
Spool::Clock::time_point Spool::SyncTime() const { return std::max(*sync_due_, rested_); }

void Spool::SyncIfDue() {
  if (failing_ || !sync_due_) return;
  const auto begin = Clock::now();
  if (begin < SyncTime() && journal_->unsynced_bytes() < kMostUnsyncedBytes && !closing_) return;
  if (!Guard("syncing", [&] { return journal_->Sync(); })) return;
  const auto end = Clock::now();
  if (std::exchange(waiting_for_sync_, 0) > 1)
    rested_ = end + std::min<Clock::duration>(end - begin, kLongestRest);
  counters_.syncs.fetch_add(1, std::memory_order_relaxed);
  counters_.sync_nanoseconds.fetch_add(static_cast<uint64_t>((end - begin).count()),
                                       std::memory_order_relaxed);
  AllSynced();
}

void Spool::AllSynced() {
  sync_due_.reset();
  Publish();  // first: what was given back is said once the watermark has passed it, and Hello must know of
              // it
  synced_.store(written_, std::memory_order_release);
  Progress();
}

// Everything up to this ticket is staged, or an event that was dropped.
uint64_t Spool::PassedTicket() const {
  uint64_t next = std::min(taken_ticket_ + 1, apart_first_);
  if (!held_back_.empty()) next = std::min(next, held_back_.front().ticket);
  return next - 1;
}

void Spool::UpdateCounters() {
  counters_.open_exchanges.store(journal_->open_exchanges(), std::memory_order_relaxed);
  counters_.kept_bytes.store(journal_->kept_bytes(), std::memory_order_relaxed);
  counters_.seals.store(journal_->seals(), std::memory_order_relaxed);
  counters_.unacknowledged.store(journal_->chains().CountUnacknowledged(), std::memory_order_relaxed);
  counters_.oldest.store(journal_->oldest().time_since_epoch().count(), std::memory_order_relaxed);
}

void Spool::Progress() const {
  if (options_.on_progress) options_.on_progress();
}

}  // namespace postern::spool
