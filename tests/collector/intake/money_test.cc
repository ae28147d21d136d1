// Money over the real bus: what agents demand, give back and spend, and what is left of it after a restart, a
// restored backup, and agents that lie.
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "collector/intake/recovery.h"
#include "shared/limits/table.h"
#include "shared/limits/wire_form.h"
#include "shared/policy/zone.h"
#include "tests/collector/chronicle/flawed_store.h"
#include "tests/collector/intake/keep.h"

namespace postern::intake {
namespace {

using chronicle::Flaw;
using std::chrono::seconds;

constexpr WallTime kNow{seconds(1'795'435'200)};

limits::Limit DayLimit(const char* id, limits::Unit unit, int64_t amount) {
  return {.id = id,
          .scope = limits::Scope::kOrganisation,
          .subject = "",
          .within = "",
          .unit = unit,
          .amount = Amount(amount),
          .span = limits::Span::kDay,
          .raise = {}};
}

std::shared_ptr<const limits::Table> TableOf(int64_t dollars) {
  auto table = limits::Table::Make(
      {DayLimit("usd", limits::Unit::kUsd, dollars), DayLimit("slots", limits::Unit::kConcurrent, 2)},
      policy::Utc());
  return std::make_shared<const limits::Table>(std::move(*table));
}

limits::Window Today() { return TableOf(1)->WindowOf(*TableOf(1)->Find("usd"), kNow); }

limits::Held Holds(int64_t granted, int64_t used, int64_t returned) {
  return {"usd", Today(), {Amount(granted), Amount(used), Amount(returned)}};
}

wire::FromAgent DemandOf(const Host& host, uint64_t number, int64_t amount,
                         const std::string& account = "usd") {
  limits::Claim claim;
  claim.account = account;
  claim.amount = Amount(amount);
  wire::FromAgent message;
  *message.mutable_demand() = limits::ToWire(limits::Demand{number, kNow, {claim}}, host.chain.incarnation());
  return message;
}

wire::FromAgent ReturnOf(const Host& host, uint64_t recall, const limits::Held& held) {
  wire::FromAgent message;
  *message.mutable_returned() = limits::ToWire(limits::Return{recall, {held}}, host.chain.incarnation());
  return message;
}

wire::FromAgent HelloWith(const Host& host, const std::vector<limits::Held>& report) {
  wire::FromAgent message = HelloOf(host);
  message.mutable_hello()->set_at(kNow.time_since_epoch().count());
  for (const limits::Held& held : report) *message.mutable_hello()->add_holdings() = limits::ToWire(held);
  return message;
}

// An exchange that was settled at this.
void Spend(Host& host, int64_t amount, int64_t used) {
  static uint8_t exchanges = 0;
  ++exchanges;
  host.chain.Intent("alice", exchanges);
  wire::Event event;
  event.mutable_outcome()->set_exchange(std::string(16, static_cast<char>(exchanges)));
  event.mutable_outcome()->set_status(200);
  event.mutable_outcome()->set_ending(wire::ENDING_COMPLETE);
  *event.mutable_outcome()->add_charges() =
      limits::ToWire(limits::Charge{"usd", Today(), Amount(amount), Amount(amount), Amount(used)});
  host.chain.Add(event);
}

class Money : public testing::Test {
 protected:
  Money() {
    keep_.Close();
    // A clock that can be put on, and goes on by itself as rounds of recalls need it.
    keep_.wall_now = [this, begin = BootClock::now()] {
      return kNow + seconds(passed_.load()) + (BootClock::now() - begin);
    };
    keep_.decrees.terms = [this]() -> Result<treasury::Terms> {
      return treasury::Terms{.limits = TableOf(dollars_)};
    };
    keep_.Open();
  }

  // "spent 3, left 5, holds 7-0"
  std::string Told(const std::string& account = "usd") {
    const auto statements = keep_.intake->treasury().Statements(account);
    EXPECT_TRUE(statements) << statements.error().message;
    std::string told;
    for (const ledger::Statement& statement : *statements) {
      told += "spent " + std::to_string(statement.spent.units()) + ", left " +
              std::to_string(statement.left.units());
      for (const auto& [holder, counters] : statement.holders)
        told += ", holds " + std::to_string(counters.granted.units()) + "-" +
                std::to_string(counters.returned.units());
    }
    return told;
  }

  // What the next Grant says: "granted 7", "denied", "recall 7".
  std::string HearGrant(Caller& caller) {
    const auto message = caller.Hear(wire::FromCollector::kGrant);
    if (!message) return "nothing";
    last_ = message->grant();
    const std::string granted =
        last_.standings_size() > 0 ? " " + std::to_string(last_.standings(0).granted()) : "";
    switch (last_.word()) {
      case wire::GRANT_GRANTED: return "granted" + granted;
      case wire::GRANT_DENIED: return "denied" + granted;
      default: return "recall" + granted;
    }
  }

  wire::Welcome JoinWith(Caller& caller, Host& host, const std::vector<limits::Held>& report) {
    EXPECT_TRUE(caller.WaitUntilConnected());
    caller.Say(HelloWith(host, report));
    const auto answer = caller.Hear(wire::FromCollector::kWelcome);
    EXPECT_TRUE(answer);
    return answer ? answer->welcome() : wire::Welcome();
  }

  void Restart() {
    keep_.Close();
    keep_.Open();
  }

  std::atomic<int64_t> passed_{0};  // seconds
  int64_t dollars_ = 10;
  chronicle::FlawedStore* disk_ = new chronicle::FlawedStore;  // the keep's
  Keep keep_{std::unique_ptr<store::Store>(disk_)};
  Host host_ = keep_.Enrol("laptop-17");
  Host other_ = keep_.Enrol("laptop-18");
  wire::Grant last_;
};

TEST_F(Money, IsGrantedSpentGivenBackAndStillKnownAfterARestart) {
  {
    Caller caller(keep_, host_);
    Join(caller, host_);
    caller.Say(DemandOf(host_, 1, 7));
    EXPECT_EQ(HearGrant(caller), "granted 7");
    EXPECT_EQ(last_.incarnation(), host_.chain.incarnation());
    Spend(host_, 3, 3);
    caller.Send(host_, host_.chain.Group());
    EXPECT_EQ(Told(), "spent 3, left 3, holds 7-0");
    caller.Say(ReturnOf(host_, 0, Holds(7, 3, 2)));
    EXPECT_TRUE(keep_.Until([&] { return Told() == "spent 3, left 5, holds 7-2"; }));
  }
  Restart();
  EXPECT_EQ(Told(), "spent 3, left 5, holds 7-2");
  Caller caller(keep_, host_);
  JoinWith(caller, host_, {Holds(7, 3, 2)});
  EXPECT_EQ(HearGrant(caller), "granted 7");  // what it holds is said again
}

TEST_F(Money, WhatLiesIdleAtOneHostIsCalledBackForAnother) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 10));
  EXPECT_EQ(HearGrant(caller), "granted 10");
  Caller second(keep_, other_);
  Join(second, other_);
  second.Say(DemandOf(other_, 1, 4));
  EXPECT_EQ(HearGrant(caller), "recall 10");
  caller.Say(ReturnOf(host_, last_.number(), Holds(10, 0, 6)));
  EXPECT_EQ(HearGrant(second), "granted 4");
}

TEST_F(Money, EventsThatComeAgainAreNotChargedAgain) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 7));
  EXPECT_EQ(HearGrant(caller), "granted 7");
  Spend(host_, 9, 9);
  const wire::Group group = host_.chain.Group();
  disk_->flaw = Flaw::kAfter;
  EXPECT_EQ(caller.Send(host_, group), "busy");
  caller.Send(host_, group);
  EXPECT_EQ(Told(), "spent 9, left 1, holds 7-0");
  EXPECT_EQ(keep_.CountStored(host_.agent), host_.chain.now().sequence);
}

TEST_F(Money, EventsWhoseWriteFailedAreChargedOnceTheyAreStored) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 7));
  EXPECT_EQ(HearGrant(caller), "granted 7");
  Spend(host_, 4, 4);
  const wire::Group group = host_.chain.Group();
  disk_->flaw = Flaw::kBefore;
  EXPECT_EQ(caller.Send(host_, group), "busy");
  EXPECT_EQ(Told(), "spent 0, left 3, holds 7-0");
  caller.Send(host_, group);
  EXPECT_EQ(Told(), "spent 4, left 3, holds 7-0");
}

TEST_F(Money, AnotherPolicyCountsAtOnceAndKeepsWhatWasSpent) {
  keep_.Close();
  auto sent = std::make_shared<SentPolicy>();
  sent->version = 1;
  sent->snapshot_sha256 = std::string(32, 's');
  sent->bytes = std::make_shared<const std::string>("a policy");
  sent->sha256 = std::string(crypto::AsBytes(crypto::Sha256(*sent->bytes)));
  auto version = std::make_shared<std::atomic<uint64_t>>(1);
  keep_.decrees.policy = [=]() -> Result<std::shared_ptr<const SentPolicy>> {
    auto present = std::make_shared<SentPolicy>(*sent);
    present->version = *version;
    return std::shared_ptr<const SentPolicy>(present);
  };
  keep_.decrees.terms = [=]() -> Result<treasury::Terms> {
    return treasury::Terms{.limits = TableOf(*version == 1 ? 10 : 100)};
  };
  keep_.Open();
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 7));
  EXPECT_EQ(HearGrant(caller), "granted 7");
  *version = 2;
  keep_.intake->NoteDecree();
  EXPECT_TRUE(keep_.Until([&] { return Told() == "spent 0, left 93, holds 7-0"; }));
}

TEST_F(Money, AHeartbeatRenewsALeaseAndSilenceEndsIt) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 2, "slots"));
  EXPECT_EQ(HearGrant(caller), "granted 2");
  passed_ += 40;
  caller.Say(HeartbeatOf(host_));
  ASSERT_TRUE(caller.Hear(wire::FromCollector::kHeartbeatAnswer));
  passed_ += 40;
  EXPECT_EQ(Told("slots"), "spent 0, left 0, holds 2-0");
  passed_ += 25;
  EXPECT_TRUE(keep_.Until([&] { return Told("slots") == "spent 0, left 2, holds 2-2"; }));
}

// ── copies of hosts ────────────────────────────────────────────────────────────────────────────────────────

TEST_F(Money, AStateWhoseWalletIsOlderThanWhatItOnceSaidGetsANewIncarnation) {
  {
    Caller caller(keep_, host_);
    Join(caller, host_);
    caller.Say(DemandOf(host_, 1, 7));
    EXPECT_EQ(HearGrant(caller), "granted 7");
    caller.Say(ReturnOf(host_, 0, Holds(7, 0, 4)));
    EXPECT_TRUE(keep_.Until([&] { return Told() == "spent 0, left 7, holds 7-4"; }));
  }
  Caller caller(keep_, host_);
  const wire::Welcome welcome = JoinWith(caller, host_, {Holds(7, 0, 0)});
  EXPECT_NE(welcome.incarnation(), host_.chain.incarnation());
  EXPECT_TRUE(keep_.HasAlarm("wallet"));
  EXPECT_EQ(Told(), "spent 0, left 7, holds 7-4");  // what it held stays held
}

TEST_F(Money, AClonedMachineGetsAnIncarnationOfItsOwnAndNothingWithIt) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 7));
  EXPECT_EQ(HearGrant(caller), "granted 7");
  Host clone = host_;
  clone.machine = std::string(32, 'c');
  clone.life = std::string(16, 'c');
  Caller second(keep_, clone);
  const wire::Welcome welcome = JoinWith(second, clone, {Holds(7, 0, 0)});
  EXPECT_NE(welcome.incarnation(), host_.chain.incarnation());
  // Of what it was given as a copy it may say nothing; as the new one it has what is granted to it.
  second.Say(ReturnOf(clone, 0, Holds(7, 0, 7)));
  clone.chain = HostChain(clone.seal_key, welcome.incarnation());
  second.Say(DemandOf(clone, 1, 3));
  EXPECT_EQ(HearGrant(second), "granted 3");
  EXPECT_EQ(Told(), "spent 0, left 0, holds 7-0, holds 3-0");
}

TEST_F(Money, AForfeitedAgentComesBackWithNothingAndWhatItHeldIsFree) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 7));
  EXPECT_EQ(HearGrant(caller), "granted 7");
  Spend(host_, 3, 3);
  caller.Send(host_, host_.chain.Group());
  ASSERT_TRUE(keep_.directory->agents().Forfeit(keep_.administrator, host_.agent));
  ASSERT_TRUE(keep_.intake->treasury().Forfeit(host_.agent));
  EXPECT_EQ(Told(), "spent 3, left 7, holds 7-4");
  caller.Say(DemandOf(host_, 2, 2));
  Caller again(keep_, host_);
  const wire::Welcome welcome = JoinWith(again, host_, {Holds(7, 3, 0)});
  EXPECT_NE(welcome.incarnation(), host_.chain.incarnation());
  EXPECT_EQ(Told(), "spent 3, left 7, holds 7-4");
}

// ── lies ───────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(Money, AClaimToHoldWhatWasNeverGrantedHoldsUpNobodyElse) {
  Caller liar(keep_, host_);
  Join(liar, host_);
  Caller honest(keep_, other_);
  Join(honest, other_);
  liar.Say(ReturnOf(host_, 0, Holds(1'000'000, 0, 0)));
  const auto rejected = liar.Hear(wire::FromCollector::kRejected);
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->rejected().reason(), "say_hello");
  EXPECT_TRUE(keep_.HasAlarm("ungranted"));
  const wire::Welcome welcome = JoinWith(liar, host_, {Holds(1'000'000, 0, 0)});
  EXPECT_NE(welcome.incarnation(), host_.chain.incarnation());
  honest.Say(DemandOf(other_, 1, 10));
  EXPECT_EQ(HearGrant(honest), "granted 10");
  EXPECT_FALSE(keep_.intake->stats().restored);
}

TEST_F(Money, WhoHasSpentMoreThanItWasGrantedIsNamed) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  Spend(host_, 12, 12);
  caller.Send(host_, host_.chain.Group());
  EXPECT_TRUE(keep_.HasAlarm("overspent"));
  EXPECT_EQ(Told(), "spent 12, left -2, holds 0-0");
}

TEST_F(Money, AFloodOfDemandsHoldsUpNobodyElse) {
  Caller flood(keep_, host_);
  Join(flood, host_);
  Caller honest(keep_, other_);
  Join(honest, other_);
  for (uint64_t i = 1; i <= 5'000; ++i) flood.Say(DemandOf(host_, i, 11));
  honest.Say(DemandOf(other_, 1, 5));
  EXPECT_EQ(HearGrant(honest), "granted 5");
  EXPECT_GT(keep_.presence().counters.busy, 0u);
}

TEST_F(Money, AQuarantinedAgentIsGrantedNothing) {
  Caller caller(keep_, host_);
  Join(caller, host_);
  caller.Say(DemandOf(host_, 1, 7));
  EXPECT_EQ(HearGrant(caller), "granted 7");
  ASSERT_TRUE(keep_.directory->agents().Quarantine(host_.agent, "fork", "a test", 0));
  EXPECT_TRUE(keep_.Until([&] {
    caller.Say(HeartbeatOf(host_));
    const auto answer = caller.Hear(wire::FromCollector::kHeartbeatAnswer);
    return answer && answer->heartbeat_answer().state() == wire::AGENT_QUARANTINED;
  }));
  caller.Say(ReturnOf(host_, 0, Holds(7, 0, 7)));
  const auto rejected = caller.Hear(wire::FromCollector::kRejected);
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->rejected().reason(), "quarantined");
  EXPECT_EQ(Told(), "spent 0, left 3, holds 7-0");
}

// ── backups ────────────────────────────────────────────────────────────────────────────────────────────────

// The keep's store is a backup of a moment at which 3 were granted; then its epoch is raised.
TEST_F(Money, AfterARestoreNothingIsGrantedThatTheLostCollectorMayHaveGranted) {
  {
    Caller caller(keep_, host_);
    Join(caller, host_);
    caller.Say(DemandOf(host_, 1, 3));
    EXPECT_EQ(HearGrant(caller), "granted 3");
  }
  keep_.Close();
  auto begun = chronicle::Chronicle::Open(
      *keep_.store, *keep_.log_key,
      {.beginning = chronicle::Beginning::kNewIncarnation, .program = "recover", .version = "", .host = ""});
  ASSERT_TRUE(begun);
  {
    directory::Directory directory(*keep_.store, **begun, *keep_.master_key, {.organisation = "acme"});
    const auto recovered = Recover(*keep_.store, directory);
    ASSERT_TRUE(recovered) << recovered.error().message;
    EXPECT_EQ(recovered->epoch, 2u);
  }
  begun->reset();
  keep_.Open();
  EXPECT_EQ(Told(), "spent 0, left 0, holds 3-0");
  // The lost one had granted 7 in all to this agent, which says so, and gives them back.
  Caller caller(keep_, host_);
  const wire::Welcome welcome = JoinWith(caller, host_, {Holds(7, 0, 0)});
  EXPECT_EQ(welcome.incarnation(), host_.chain.incarnation());
  EXPECT_EQ(Told(), "spent 0, left 0, holds 7-0");
  caller.Say(ReturnOf(host_, 0, Holds(7, 0, 7)));
  EXPECT_TRUE(keep_.Until([&] { return Told() == "spent 0, left 7, holds 7-7"; }));
  ASSERT_TRUE(keep_.intake->treasury().Reset("usd"));
  EXPECT_EQ(Told(), "spent 0, left 10, holds 7-7");
}

}  // namespace
}  // namespace postern::intake
