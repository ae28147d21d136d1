// What tests of money over the real bus have in common: what agents say of it, and a keep that has limits and
// a clock that can be put on.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "shared/limits/wire_form.h"
#include "tests/collector/chronicle/flawed_store.h"
#include "tests/collector/intake/keep.h"
#include "tests/shared/limits/day_limits.h"

namespace postern::intake {

inline constexpr WallTime kNow = limits::kSomeDay;

inline std::shared_ptr<const limits::Table> TableOf(int64_t dollars) {
  return limits::TableOf({limits::DayLimit("usd", limits::Unit::kUsd, dollars),
                          limits::DayLimit("slots", limits::Unit::kConcurrent, 2)});
}

inline limits::Window Today() { return TableOf(1)->WindowOf(*TableOf(1)->Find("usd"), kNow); }

inline limits::Held Holds(int64_t granted, int64_t used, int64_t returned) {
  return {"usd", Today(), {Amount(granted), Amount(used), Amount(returned)}};
}

inline wire::FromAgent DemandOf(const Host& host, uint64_t number, int64_t amount,
                                const std::string& account = "usd") {
  limits::Claim claim;
  claim.account = account;
  claim.amount = Amount(amount);
  wire::FromAgent message;
  *message.mutable_demand() = limits::ToWire(limits::Demand{number, kNow, {claim}}, host.chain.incarnation());
  return message;
}

inline wire::FromAgent ReturnOf(const Host& host, uint64_t recall, const limits::Held& held) {
  wire::FromAgent message;
  *message.mutable_returned() = limits::ToWire(limits::Return{recall, {held}}, host.chain.incarnation());
  return message;
}

inline wire::FromAgent HelloWith(const Host& host, const std::vector<limits::Held>& report) {
  wire::FromAgent message = HelloOf(host);
  message.mutable_hello()->set_at(kNow.time_since_epoch().count());
  for (const limits::Held& held : report) *message.mutable_hello()->add_holdings() = limits::ToWire(held);
  return message;
}

// An exchange that was settled at this.
inline void Spend(Host& host, int64_t amount, int64_t used) {
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

// A keep with limits: ten of usd a day, two slots.
class Money : public testing::Test {
 protected:
  Money() {
    keep_.Close();
    // A clock that can be put on, and goes on by itself as rounds of recalls need it.
    keep_.wall_now = [this, begin = BootClock::now()] {
      return kNow + std::chrono::seconds(passed_.load()) + (BootClock::now() - begin);
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

}  // namespace postern::intake
