// What other threads put down for the spool's, and what they are told of how far it has got.
#include <iterator>
#include <utility>

#include "agent/spool/gaps.h"
#include "agent/spool/spool.h"

namespace postern::spool {
namespace {

constexpr size_t kOutcomesPerIntent = 4;  // how many times longer the queue may get by what is always taken

// Why an event found no room in memory: the disk's trouble, or simply too many at once.
const char* Why(Condition condition) { return condition == Condition::kGood ? "too many" : Name(condition); }

}  // namespace

Result<Ticket> Spool::Append(wire::Event event) {
  auto ticket = AppendQuietly(std::move(event));
  if (ticket) Wake();
  return ticket;
}

void Spool::Wake() {
  {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(inbox_.sleeping, false)) return;
  }
  wake_.notify_one();
}

void Spool::TakeSpent(std::vector<wire::Event>& spent) {
  const std::lock_guard lock(mutex_);
  if (spent.empty()) return spent.swap(inbox_.spent);
  std::move(inbox_.spent.begin(), inbox_.spent.end(), std::back_inserter(spent));
  inbox_.spent.clear();
}

Result<Ticket> Spool::AppendQuietly(wire::Event&& event) { return AppendQuietly(std::move(event), {}); }

Result<Ticket> Spool::AppendQuietly(wire::Event&& event, WalletRows&& rows) {
  const bool may_be_turned_away = MayBeTurnedAway(event);
  const Condition now = may_be_turned_away ? condition(BootClock::now()) : Condition::kGood;
  const std::lock_guard lock(mutex_);
  if (inbox_.closing) return Error{ErrorCode::kUnavailable, "the record is closed"};
  const size_t most = options_.max_queued * (may_be_turned_away ? 1 : kOutcomesPerIntent);
  const bool no_room = inbox_.items.size() >= most;
  if (no_room && (options_.full == FullPolicy::kGap || !may_be_turned_away)) {
    Drop(event, inbox_.unrecorded, Why(now));
    return rows.empty() ? Ticket{inbox_.last_ticket} : Overflow(std::move(rows));
  }
  if (no_room || (now != Condition::kGood && options_.full == FullPolicy::kRefuse)) {
    counters_.turned_away.fetch_add(1, std::memory_order_relaxed);
    // An intent that is turned away sends nothing upstream: nothing is missing. What else is turned away has
    // happened.
    if (!event.has_intent()) Drop(event, inbox_.unrecorded, Why(now));
    if (no_room || now == Condition::kFull) return Error{ErrorCode::kExhausted, "the record is full"};
    return Error{ErrorCode::kUnavailable, "the record can't be written now"};
  }
  const Ticket ticket{++inbox_.last_ticket};
  Item& item = inbox_.items.emplace_back(std::move(event), inbox_.last_ticket);
  KeepOrder(std::move(rows), item);
  counters_.queued.store(inbox_.items.size(), std::memory_order_relaxed);
  return ticket;
}

Ticket Spool::AppendQuietly(WalletRows&& rows, Haste haste) {
  const std::lock_guard lock(mutex_);
  if (inbox_.closing) return Ticket{kNone};
  if (inbox_.items.size() >= options_.max_queued * kOutcomesPerIntent) return Overflow(std::move(rows));
  Item& item = inbox_.items.emplace_back(wire::Event(), ++inbox_.last_ticket);
  item.haste = haste;
  KeepOrder(std::move(rows), item);
  return Ticket{inbox_.last_ticket};
}

// Rows replace each other, so they must not overtake each other.
void Spool::KeepOrder(WalletRows&& rows, Item& item) {
  if (inbox_.overflow.empty()) {
    item.rows = std::move(rows);
  } else {
    item.rows.incarnation = rows.incarnation;
    if (!rows.empty()) Overflow(std::move(rows));
  }
}

Ticket Spool::Overflow(WalletRows&& rows) {
  ++inbox_.last_ticket;
  if (inbox_.overflow.empty()) inbox_.overflow_first = inbox_.last_ticket;
  inbox_.overflow.Take(std::move(rows));
  return Ticket{inbox_.overflow_ticket = inbox_.last_ticket};
}

bool Spool::TakesIntents(BootTime now) const {
  return options_.full != FullPolicy::kRefuse || condition(now) == Condition::kGood;
}

Condition Spool::condition(BootTime now) const {
  if (failing_) return Condition::kFailing;
  const int64_t since = busy_since_;
  if (since != 0 && now.time_since_epoch().count() - since > options_.stall_after.count())
    return Condition::kStalled;
  return full_ ? Condition::kFull : Condition::kGood;
}

Standing Spool::StandingOf(Ticket ticket, Wanted wanted, BootTime now) const {
  if (ticket <= (wanted == Wanted::kWritten ? written() : synced())) return Standing::kDone;
  const Condition how = condition(now);
  if (how == Condition::kGood || how == Condition::kFull) return Standing::kWaiting;
  switch (options_.full) {
    case FullPolicy::kRefuse: return Standing::kRefused;
    case FullPolicy::kBlock: return Standing::kWaiting;
    case FullPolicy::kGap: return Standing::kUnrecorded;
  }
  return Standing::kRefused;
}

}  // namespace postern::spool
