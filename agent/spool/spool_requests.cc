// What is asked of the spool thread: pages, groups for the collector, acknowledgements, incarnations.
#include <utility>

#include "agent/spool/spool.h"
#include "shared/base/log.h"

namespace postern::spool {
namespace {

constexpr auto kMakeRoomEvery = std::chrono::seconds(1);

}  // namespace

void Spool::Ask(Request request) {
  std::unique_lock lock(mutex_);
  if (inbox_.closing) {
    lock.unlock();
    return request(Error{ErrorCode::kUnavailable, "the record is closed"});
  }
  inbox_.requests.push_back(std::move(request));
  const bool wake = std::exchange(inbox_.sleeping, false);
  lock.unlock();
  if (wake) wake_.notify_one();
}

void Spool::ServeRequests() {
  for (const Request& request : std::exchange(requests_, {})) {
    Status usable = Ok{};
    if (failing_) usable = Error{ErrorCode::kUnavailable, "the record's disk is failing"};
    request(usable);
  }
}

void Spool::Read(PageRequest request, std::function<void(Result<std::string>)> done) {
  Ask([this, request, done = std::move(done)](const Status& usable) {
    if (!usable) return done(usable.error());
    auto page = journal_->Read(request);
    if (!page) return done(page.error());
    done(EncodePage(*page));
  });
}

void Spool::ReadGroups(Mark after, size_t max_bytes,
                       std::function<void(Result<std::vector<SealedGroup>>)> done) {
  Ask([this, after, max_bytes, done = std::move(done)](const Status& usable) {
    if (!usable) return done(usable.error());
    done(journal_->ReadGroups(after, max_bytes));
  });
}

void Spool::Acknowledge(std::vector<Mark> marks, Claim claim, std::function<void(Status)> done) {
  Ask([this, marks = std::move(marks), claim, done = std::move(done)](const Status& usable) {
    if (!usable) return done(usable.error());
    DoAcknowledge(marks, claim, done);
  });
}

void Spool::DoAcknowledge(const std::vector<Mark>& marks, Claim claim,
                          const std::function<void(Status)>& done) {
  if (const Status checked = journal_->CheckMarks(marks); !checked) return done(checked);
  Status acknowledged = Ok{};
  const bool written =
      Guard("acknowledging", [&] { return acknowledged = journal_->Acknowledge(marks, claim); });
  if (written && !sync_due_) sync_due_ = Clock::now() + options_.lazy_sync;
  if (written) MakeRoom();
  UpdateCounters();
  Publish();
  done(acknowledged);
}

void Spool::BeginIncarnation(uint64_t incarnation, std::function<void(Status)> done) {
  Ask([this, incarnation, done = std::move(done)](const Status& usable) {
    if (!usable) return done(usable.error());
    DoBeginIncarnation(incarnation, done);
  });
}

void Spool::DoBeginIncarnation(uint64_t incarnation, const std::function<void(Status)>& done) {
  if (const Status possible = journal_->CheckIncarnation(incarnation); !possible) return done(possible);
  Status begun = Ok{};
  if (Guard("beginning an incarnation", [&] { return begun = journal_->BeginIncarnation(incarnation); })) {
    UpdateCounters();
    AllSynced();
  }
  done(begun);
}

// Acknowledged events are kept as long as there is room: more than three quarters in use, and what is
// acknowledged goes until a half is left.
void Spool::MakeRoom() {
  if (failing_ || options_.journal.retention != Retention::kAcknowledged) return;
  if (journal_->kept_bytes() < options_.max_bytes / 4 * 3) return;
  const auto now = Clock::now();
  if (now < room_due_ || journal_->acknowledged_bytes() < options_.max_bytes / 16) return;
  room_due_ = now + kMakeRoomEvery;
  if (!Guard("trimming", [&] { return journal_->TrimTo(options_.max_bytes / 2); })) return;
  const bool was_full = full_;
  full_ = IsFull();
  UpdateCounters();
  Publish();
  if (was_full != full_) Progress();
}

Standpoint Spool::standpoint() const {
  return standpoint_.With([](const Standpoint& standpoint) { return standpoint; });
}

void Spool::OnSealed(std::function<void()> call) {
  on_sealed_.With([&](std::function<void()>& present) { present = std::move(call); });
}

void Spool::PublishHoldings() {
  synced_holdings_.With([&](RowBook& book) {
    book.Take(journal_->TakeSyncedHoldings());
    book.ForgetErased();
  });
}

// Only when all that is sealed is synced, or the marks of what is would be ahead of the disk.
void Spool::Publish() {
  const bool changed = standpoint_.With([&](Standpoint& standpoint) {
    const Chains& chains = journal_->chains();
    const uint64_t unacknowledged = chains.CountUnacknowledged();
    if (!journal_->all_sealed_is_synced()) return false;
    const bool same = standpoint.now == chains.present().end &&
                      standpoint.kept.size() == chains.all().size() &&
                      standpoint.unacknowledged == unacknowledged;
    if (same) return false;
    standpoint = {chains.present().end, chains.Ends(), unacknowledged};
    return true;
  });
  PublishHoldings();
  incarnation_.store(journal_->incarnation(), std::memory_order_relaxed);
  if (!changed) return;
  on_sealed_.With([](const std::function<void()>& call) {
    if (call) call();
  });
}

}  // namespace postern::spool
