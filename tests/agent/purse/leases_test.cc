// Slots (`concurrent`) from both ends: real purses with real records, and the real treasury that grants to
// them. The collector's clock stands until it is set forward; the agents' clocks are set forward with it, by
// steps that pass for drift.
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "shared/limits/wire_form.h"
#include "tests/agent/purse/ports.h"
#include "tests/agent/spool/events.h"
#include "tests/collector/treasury/desk.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::purse {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using treasury::Desk;
using treasury::Holder;

constexpr int64_t kSlots = 4;  // as the desk's policy has it
constexpr seconds kStep{1};    // a clock that is off by more was set, and its leases are over
constexpr seconds kHeartbeat{5};

// A host that is a member.
class Member {
 public:
  Member(http::Loop& loop, Desk& desk, std::string name, std::string state)
      : loop_(loop), desk_(desk), name_(std::move(name)), state_(std::move(state)) {
    Start();
  }
  ~Member() { End(); }

  void Start() {
    spool::Options options;
    options.journal.directory = state_;
    options.lazy_sync = milliseconds(20);
    options.on_progress = [this] {
      loop_.Post([this] {
        if (purse) purse->OnProgress();
      });
    };
    auto opened = spool::Spool::Open(std::move(options));
    CHECK(opened.has_value());
    spool = *std::move(opened);
    clock.emplace(desk_.now, BootClock::now());
    purse.emplace(loop_, *clock, PortsOf(loop_, *spool, [this](const auto& message) { Say(message); }),
                  wallet::Options(), spool->wallet_rows());
    purse->OnLoss([this](const ExchangeId& id, Loss loss) { lost.emplace_back(id, loss); });
  }

  // The conversation begins: what is on the disk is reported. False where the collector wants another
  // incarnation.
  bool Greet() {
    limits::Return report;
    for (const wallet::HoldingRecord& row : spool->SyncedHoldings(holder().incarnation))
      report.held.push_back({row.account, row.window, row.counters});
    const auto doubt = desk_.treasury->Doubt(holder(), report);
    if (!doubt || doubt->has_value()) return false;
    desk_.treasury->Greet(holder(), holder().incarnation, std::move(report), desk_.now);
    is_heard = true;
    return true;
  }

  // kill -9: nothing more is written, and what the kernel has is what the next life finds.
  void Kill() {
    const std::string left = state_ + ".killed";
    std::filesystem::copy(state_, left, std::filesystem::copy_options::recursive);
    End();
    std::filesystem::remove_all(state_);
    std::filesystem::rename(left, state_);
  }

  void Settle(uint64_t exchange) {
    limits::Amounts spent;
    spent[limits::Unit::kConcurrent] = Amount(1);
    EXPECT_TRUE(purse->Settle(spool::Exchange(exchange), spent, spool::Outcome(exchange)));
  }

  Holder holder() const { return {name_, spool->incarnation()}; }

  std::unique_ptr<spool::Spool> spool;
  std::optional<AgentClock> clock;
  std::optional<Purse> purse;
  bool is_heard = false;  // there is a connection
  bool sleeps = false;
  std::vector<std::pair<ExchangeId, Loss>> lost;

 private:
  void Say(const wire::FromAgent& message) {
    if (!is_heard) return;
    if (message.has_demand()) desk_.treasury->Ask(holder(), limits::FromWire(message.demand()));
    if (message.has_returned()) desk_.treasury->GiveBack(holder(), limits::FromWire(message.returned()));
  }
  void End() {
    is_heard = false;
    purse.reset();
    spool.reset();
  }

  http::Loop& loop_;
  Desk& desk_;
  const std::string name_;
  const std::string state_;
};

// Open to the coroutines of its tests.
class Leases : public testing::Test {
 public:
  Leases() {
    const limits::Limit slots = limits::DayLimit("slots", limits::Unit::kConcurrent, kSlots);
    auto table = limits::Table::Make({slots}, policy::Utc());
    CHECK(table.has_value());
    table_ = std::make_shared<const limits::Table>(*std::move(table));
    table_->Match({}, met_);
    for (const char* name : {"a", "b"})
      members_.push_back(std::make_unique<Member>(*loop_, desk_, name, directory_ / name));
  }
  ~Leases() override { loop_->DestroySpawned(); }

  Member& a() { return *members_[0]; }
  Member& b() { return *members_[1]; }

  void Run(http::Task<void> task) {
    auto whole = [](http::Loop& loop, http::Task<void> inner) -> http::Task<void> {
      co_await std::move(inner);
      loop.Stop();
    };
    loop_->Spawn(whole(*loop_, std::move(task)));
    loop_->Run();
  }

  // A turn of the collector's; what it says arrives.
  void Turn() {
    const treasury::Proceeds proceeds = desk_.MustTurn();
    EXPECT_TRUE(proceeds.alarms.empty());
    for (const ledger::Message& message : proceeds.messages)
      for (const auto& member : members_)
        if (member->is_heard && member->holder() == message.to)
          member->purse->Receive(limits::ToWire(message.answer, message.to.incarnation));
  }

  http::Task<void> Until(http::Strand& strand, std::function<bool()> holds) {
    while (!holds()) {
      Turn();
      strand.SetDeadlineIn(milliseconds(1));
      co_await strand.Wait();
    }
    strand.ClearDeadline();
  }

  // Sets all clocks forward. Who has a connection is heard, and hears.
  http::Task<void> Pass(http::Strand& strand, seconds time) {
    for (seconds passed{}; passed < time; passed += kStep) {
      desk_.now += kStep;
      for (const auto& member : members_) {
        if (!member->purse || member->sleeps) continue;
        const BootTime now = loop_->now();
        const bool beats = member->is_heard && passed % kHeartbeat == seconds(0);
        if (beats) desk_.treasury->Hear(member->holder(), desk_.now);
        member->purse->OnHeard({now, now, member->clock->At(now) + kStep, beats});
      }
      Turn();
      strand.SetDeadlineIn(milliseconds(1));
      co_await strand.Wait();
    }
    strand.ClearDeadline();
  }

  // Nothing happens there, until its clock is found to have gone on.
  http::Task<void> Sleep(Member& member, http::Strand& strand, seconds time) {
    member.sleeps = true;
    co_await Pass(strand, time);
    member.sleeps = false;
  }
  void Wake(Member& member, seconds after) {
    const BootTime now = loop_->now();
    member.clock->Take({now, now, member.clock->At(now) + after, false});
  }

  http::Task<void> Ask(Member& member, http::Strand& strand, uint64_t exchange,
                       std::optional<Decision>& made) {
    made = co_await member.purse->Reserve(strand, spool::Exchange(exchange), met_, estimate_);
  }

  // One slot, with the intent in the record.
  http::Task<Verdict> Reserve(Member& member, http::Strand& strand, uint64_t exchange) {
    http::Strand own(*loop_);
    std::optional<Decision> made;
    loop_->Spawn(Ask(member, own, exchange, made));
    co_await Until(strand, [&] { return made.has_value(); });
    if (made->verdict == Verdict::kAdmitted) {
      EXPECT_TRUE(member.spool->Append(spool::Intent(exchange)));
    }
    co_return made->verdict;
  }

  http::Task<void> TakeAll(Member& member, http::Strand& strand, uint64_t first) {
    for (uint64_t exchange = first; exchange < first + kSlots; ++exchange) {
      const Verdict verdict = co_await Reserve(member, strand, exchange);
      EXPECT_EQ(verdict, Verdict::kAdmitted) << exchange;
    }
    EXPECT_EQ(member.purse->in_flight(), static_cast<size_t>(kSlots));
    // The intents are in the kernel's hands.
    const auto last = member.spool->AppendQuietly(spool::WalletRows{}, spool::Haste::kSynced);
    member.spool->Wake();
    co_await Until(strand, [&] { return member.spool->written() >= last; });
  }

  // However often it asks: a denial has to be proven, and 250 ms may be too short for that.
  http::Task<void> UntilAdmitted(Member& member, http::Strand& strand, uint64_t exchange) {
    Verdict verdict = Verdict::kExhausted;
    while (verdict != Verdict::kAdmitted) verdict = co_await Reserve(member, strand, exchange);
  }

  TemporaryDirectory directory_;
  Desk desk_;
  std::unique_ptr<http::Loop> loop_ = *http::Loop::Make();
  std::shared_ptr<const limits::Table> table_;
  std::vector<limits::Match> met_;
  Estimate estimate_ = {OneSlot(), OneSlot()};
  std::vector<std::unique_ptr<Member>> members_;

 private:
  static limits::Amounts OneSlot() {
    limits::Amounts amounts;
    amounts[limits::Unit::kConcurrent] = Amount(1);
    return amounts;
  }
};

TEST_F(Leases, SlotsOfAnAgentThatIsKilledWithAllOfThemInUseAreBackSixtySecondsAfterItsLastWord) {
  Run([](Leases& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_TRUE(test.a().Greet() && test.b().Greet());
    co_await test.TakeAll(test.a(), strand, 1);
    test.a().Kill();
    const Verdict at_once = co_await test.Reserve(test.b(), strand, 100);
    EXPECT_NE(at_once, Verdict::kAdmitted);
    co_await test.Pass(strand, seconds(59));
    const Verdict before = co_await test.Reserve(test.b(), strand, 101);
    EXPECT_NE(before, Verdict::kAdmitted) << "it may still be there, and its exchanges run";
    co_await test.Pass(strand, seconds(1));
    co_await test.TakeAll(test.b(), strand, 200);
    EXPECT_TRUE(test.b().lost.empty());
  }(*this));
}

TEST_F(Leases, AnAgentThatWasKilledAndComesBackAfterItsLeaseHasNoneOfTheSlotsThatOthersUseNow) {
  Run([](Leases& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_TRUE(test.a().Greet() && test.b().Greet());
    co_await test.TakeAll(test.a(), strand, 1);
    test.a().Kill();
    co_await test.Pass(strand, seconds(60));
    co_await test.TakeAll(test.b(), strand, 200);
    test.a().Start();
    EXPECT_EQ(test.a().purse->in_flight(), 0u) << "what ran is settled as interrupted";
    EXPECT_TRUE(test.a().Greet()) << "a lease that is over is no reason for another incarnation";
    const Verdict refused = co_await test.Reserve(test.a(), strand, 300);
    EXPECT_NE(refused, Verdict::kAdmitted);
    test.b().Settle(200);
    co_await test.UntilAdmitted(test.a(), strand, 301);
    EXPECT_EQ(test.a().purse->in_flight() + test.b().purse->in_flight(), static_cast<size_t>(kSlots));
    EXPECT_TRUE(test.b().lost.empty());
  }(*this));
}

TEST_F(Leases, AnAgentThatWasKilledAndComesBackAtOnceHasItsSlotsAgain) {
  Run([](Leases& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_TRUE(test.a().Greet() && test.b().Greet());
    co_await test.TakeAll(test.a(), strand, 1);
    test.a().Kill();
    test.a().Start();
    EXPECT_TRUE(test.a().Greet());
    for (uint64_t exchange = 300; exchange < 300 + kSlots; ++exchange)
      co_await test.UntilAdmitted(test.a(), strand, exchange);
    const Verdict other = co_await test.Reserve(test.b(), strand, 400);
    EXPECT_NE(other, Verdict::kAdmitted);
  }(*this));
}

TEST_F(Leases, AnAgentThatIsNotHeardLosesItsSlotsBeforeOthersGetThem) {
  Run([](Leases& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_TRUE(test.a().Greet() && test.b().Greet());
    co_await test.TakeAll(test.a(), strand, 1);
    test.a().is_heard = false;  // its connection is gone
    co_await test.Pass(strand, seconds(45));
    co_await test.Until(strand, [&] { return test.a().lost.size() == static_cast<size_t>(kSlots); });
    for (const auto& [id, loss] : test.a().lost) EXPECT_EQ(loss, Loss::kSlot);
    const Verdict before = co_await test.Reserve(test.b(), strand, 100);
    EXPECT_NE(before, Verdict::kAdmitted) << "the collector waits longer than the agent";
    for (uint64_t exchange = 1; exchange <= kSlots; ++exchange) test.a().Settle(exchange);
    co_await test.Pass(strand, seconds(15));
    co_await test.TakeAll(test.b(), strand, 200);
    // It is back, and its next ones wait for others' slots like anybody's.
    EXPECT_TRUE(test.a().Greet());
    const Verdict refused = co_await test.Reserve(test.a(), strand, 300);
    EXPECT_NE(refused, Verdict::kAdmitted);
    test.b().Settle(200);
    co_await test.UntilAdmitted(test.a(), strand, 301);
    EXPECT_EQ(test.a().purse->in_flight() + test.b().purse->in_flight(), static_cast<size_t>(kSlots));
  }(*this));
}

TEST_F(Leases, WhoHasSleptThroughItsLeaseTakesNoSlotForItsOwnThoughItIsHeardBeforeItHasLooked) {
  Run([](Leases& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    EXPECT_TRUE(test.a().Greet() && test.b().Greet());
    co_await test.TakeAll(test.a(), strand, 1);
    test.a().Settle(1);
    co_await test.Sleep(test.a(), strand, seconds(60));
    co_await test.TakeAll(test.b(), strand, 200);
    test.Wake(test.a(), seconds(60));
    const BootTime now = test.loop_->now();
    test.a().purse->OnHeard({now, now, test.a().clock->At(now), true});
    const Verdict refused = co_await test.Reserve(test.a(), strand, 300);
    EXPECT_NE(refused, Verdict::kAdmitted);
    if (refused == Verdict::kAdmitted) co_return;
    // What ran there has no slot any more, and is ended.
    co_await test.Until(strand, [&] { return test.a().lost.size() == static_cast<size_t>(kSlots) - 1; });
    for (uint64_t exchange = 2; exchange <= kSlots; ++exchange) test.a().Settle(exchange);
    test.b().Settle(200);
    co_await test.Pass(strand, seconds(1));
    co_await test.UntilAdmitted(test.a(), strand, 301);
    EXPECT_EQ(test.a().purse->in_flight() + test.b().purse->in_flight(), static_cast<size_t>(kSlots));
    EXPECT_TRUE(test.b().lost.empty());
  }(*this));
}

}  // namespace
}  // namespace postern::purse
