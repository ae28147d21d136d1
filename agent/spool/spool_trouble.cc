// What becomes of the record, and of what arrives, while it can't be kept: full, stalled or failing.
#include <algorithm>
#include <utility>

#include "agent/spool/gaps.h"
#include "agent/spool/spool.h"
#include "shared/base/log.h"

namespace postern::spool {
namespace {

constexpr auto kTrimEvery = std::chrono::minutes(1);
constexpr auto kTrimEveryWhileFull = std::chrono::seconds(10);
constexpr auto kLongestGapInterval = std::chrono::minutes(10);
constexpr auto kFirstRetry = std::chrono::milliseconds(50);
constexpr auto kLongestRetry = std::chrono::seconds(5);

// Space below max_bytes that only outcomes and gap records may use.
uint64_t Reserve(uint64_t max_bytes) { return std::min<uint64_t>(max_bytes / 16, 16 << 20); }

int64_t BootNow() { return BootClock::now().time_since_epoch().count(); }

}  // namespace

// Runs a piece of disk work. False when it failed: then the spool is failing until Recover succeeds.
bool Spool::Guard(std::string_view deed, const std::function<Status()>& work) {
  busy_since_ = BootNow();
  const Status status = work();
  const bool stalled = BootNow() - busy_since_ > options_.stall_after.count();
  busy_since_ = 0;
  if (status) {
    if (stalled)
      LOG_LIMITED(std::chrono::seconds(10), Level::kWarning, "the record's disk is slow", {{"while", deed}});
    return true;
  }
  LOG_LIMITED(std::chrono::seconds(10), Level::kError, "the record can't be written",
              {{"while", deed}, {"error", status.error().message}});
  counters_.failures.fetch_add(1, std::memory_order_relaxed);
  failing_ = true;
  retry_after_ = kFirstRetry;
  retry_due_ = Clock::now() + retry_after_;
  Progress();
  return false;
}

void Spool::Recover() {
  if (Clock::now() < retry_due_ && !closing_) return;
  const Status status = journal_->Reopen();
  if (!status) {
    counters_.failures.fetch_add(1, std::memory_order_relaxed);
    LOG_LIMITED(std::chrono::seconds(10), Level::kError, "the record still can't be written",
                {{"error", status.error().message}});
    if (closing_) last_error_ = status.error();
    retry_after_ = std::min<Clock::duration>(retry_after_ * 2, kLongestRetry);
    retry_due_ = Clock::now() + retry_after_;
    return;
  }
  Log(Level::kInfo, "the record can be written again");
  failing_ = false;
  written_.store(PassedTicket(), std::memory_order_release);
  UpdateCounters();
  AllSynced();
}

// While failing, with kGap: what arrives is counted instead. Outcomes of recorded intents stay: they must not
// be lost; neither must rows, of which only the newest is kept. The watermarks stay before both.
void Spool::DropItems() {
  std::vector<Item> kept;
  for (Item& item : taken_) {
    if (!item.rows.empty()) {
      apart_first_ = std::min(apart_first_, item.ticket);
      kept_rows_.Take(std::exchange(item.rows, {item.rows.incarnation, {}, {}}));
    }
    taken_ticket_ = std::max(taken_ticket_, item.ticket);
    if (item.event.body_case() == wire::Event::BODY_NOT_SET) continue;
    const auto id =
        item.event.has_outcome() ? wire::ParseExchange(item.event.outcome().exchange()) : std::nullopt;
    if (id && journal_->IsOpen(*id)) {
      apart_first_ = std::min(apart_first_, item.ticket);
      kept.push_back(std::move(item));
    } else {
      Drop(item.event, gap_, Name(Condition::kFailing));
    }
  }
  taken_ = std::move(kept);
  if (options_.full != FullPolicy::kGap || written_ >= PassedTicket()) return;
  written_.store(PassedTicket(), std::memory_order_release);
  synced_.store(PassedTicket(), std::memory_order_release);
  Progress();
}

// At the end nothing can wait any longer.
void Spool::FinishHeldBack() {
  for (const Item& item : held_back_) Drop(item.event, gap_, Name(Condition::kFull));
  held_back_.clear();
}

void Spool::Drop(const wire::Event& event, wire::Gap& gap, std::string_view why) {
  const int64_t now = options_.journal.wall_now().time_since_epoch().count();
  if (IsEmpty(gap)) {
    gap.set_reason(std::string(why));
    gap.set_first_wall_time(now);
  }
  gap.set_last_wall_time(now);
  if (event.has_intent()) {
    gap.set_intents(gap.intents() + 1);
  } else if (event.has_outcome()) {
    gap.set_outcomes(gap.outcomes() + 1);
  } else if (event.has_refusal()) {
    gap.set_refusals(gap.refusals() + 1);
  } else {
    gap.set_others(gap.others() + 1);
  }
  counters_.dropped.fetch_add(1, std::memory_order_relaxed);
}

void Spool::StageGap() {
  if (IsEmpty(gap_)) return;
  const auto now = Clock::now();
  const bool lasts = full_;
  if (lasts && now < gap_due_ && !closing_) return;
  wire::Event event;
  *event.mutable_gap() = std::exchange(gap_, {});
  journal_->Stage(event);
  ++staged_events_;
  sync_due_ = now;
  gap_interval_ =
      lasts ? std::min<Clock::duration>(gap_interval_ * 2, kLongestGapInterval) : kFirstGapInterval;
  gap_due_ = now + gap_interval_;
}

bool Spool::IsFull() const {
  return journal_->kept_bytes() >= options_.max_bytes - Reserve(options_.max_bytes);
}

void Spool::TrimIfDue() {
  const auto now = Clock::now();
  if (failing_ || closing_) return;
  MakeRoom();
  if (failing_ || now < trim_due_) return;
  trim_due_ = now + (full_ ? Clock::duration(kTrimEveryWhileFull) : Clock::duration(kTrimEvery));
  const WallTime before = options_.journal.wall_now() - options_.keep;
  if (!Guard("trimming", [&] { return journal_->Trim(before); })) return;
  const bool was_full = full_;
  full_ = IsFull();
  UpdateCounters();
  if (was_full != full_) Progress();
}

}  // namespace postern::spool
