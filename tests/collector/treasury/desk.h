// A treasury over a store whose commits can be made to fail, with a committer that works when it is told to
// and a clock that stands.
#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "collector/treasury/treasury.h"
#include "tests/collector/chronicle/flawed_store.h"
#include "tests/collector/store/writer.h"
#include "tests/shared/limits/day_limits.h"

namespace postern::treasury {

inline constexpr WallTime kNow = limits::kSomeDay;

inline Terms TermsOf(int64_t dollars, int64_t slots = 4) {
  return {.limits = limits::TableOf({limits::DayLimit("usd", limits::Unit::kUsd, dollars),
                                     limits::DayLimit("slots", limits::Unit::kConcurrent, slots)})};
}

inline limits::Window Today() {
  const auto table = TermsOf(1).limits;
  return table->WindowOf(*table->Find("usd"), kNow);
}

inline limits::Demand Want(uint64_t number, int64_t amount, const std::string& account = "usd") {
  limits::Claim claim;
  claim.account = account;
  claim.amount = Amount(amount);
  return {number, kNow, {claim}};
}

inline limits::Held Holds(int64_t granted, int64_t used, int64_t returned) {
  return {"usd", Today(), {Amount(granted), Amount(used), Amount(returned)}};
}

inline limits::Charge Cost(int64_t amount, int64_t used, int64_t reserved = 1'000'000) {
  return {"usd", Today(), Amount(amount), Amount(reserved), Amount(used)};
}

class Desk {
 public:
  explicit Desk(int64_t dollars = 10, uint64_t epoch = 1) : dollars_(dollars) { Open(epoch); }

  void Open(uint64_t epoch = 1) {
    treasury.reset();
    auto opened = Treasury::Open(store, epoch, TermsOf(dollars_), {.wall_now = [this] { return now; }});
    ASSERT_TRUE(opened) << opened.error().message;
    treasury = *std::move(opened);
  }

  // One turn of the committer. With a settlement there is an event of its holder's chain.
  Result<Proceeds> Turn(std::vector<Settlement> settlements = {}) {
    store::Change change;
    if (!settlements.empty()) {
      const Holder& holder = settlements.front().holder;
      const auto stored = store.FindChain(holder.agent, holder.incarnation);
      store::Writer writer =
          *stored ? store::Writer(**stored) : store::Writer(holder.agent, holder.incarnation);
      change = writer.Add().Take();
    }
    RETURN_IF_ERROR(treasury->Prepare(settlements, change));
    if (change.empty()) return treasury->Committed({});
    const auto receipt = store.Commit(change);
    if (receipt) return treasury->Committed(*receipt);
    treasury->Failed(receipt.error());
    return receipt.error();
  }
  Proceeds MustTurn(std::vector<Settlement> settlements = {}) {
    auto proceeds = Turn(std::move(settlements));
    EXPECT_TRUE(proceeds) << proceeds.error().message;
    return proceeds ? *std::move(proceeds) : Proceeds();
  }

  void Greet(const Holder& holder, std::vector<limits::Held> report = {}) {
    treasury->Greet(holder, holder.incarnation, {.recall = 0, .held = std::move(report)}, now);
  }

  // What a person is answered, while the committer goes on.
  std::vector<ledger::Statement> Statements(const std::string& account = "usd") {
    auto asked = std::async(std::launch::async, [&] { return treasury->Statements(account); });
    while (asked.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready)
      static_cast<void>(Turn());
    auto statements = asked.get();
    EXPECT_TRUE(statements) << statements.error().message;
    return statements ? *std::move(statements) : std::vector<ledger::Statement>();
  }
  template <class F>
  Status While(F&& act) {
    auto done = std::async(std::launch::async, std::forward<F>(act));
    while (done.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready)
      static_cast<void>(Turn());
    return done.get();
  }
  // "spent 3, left 5, a/1 holds 7-0"
  std::string Told(const std::string& account = "usd") {
    std::string told;
    for (const ledger::Statement& statement : Statements(account)) {
      told += "spent " + std::to_string(statement.spent.units()) + ", left " +
              std::to_string(statement.left.units());
      for (const auto& [holder, counters] : statement.holders)
        told += ", " + holder.agent + "/" + std::to_string(holder.incarnation) + " holds " +
                std::to_string(counters.granted.units()) + "-" + std::to_string(counters.returned.units());
    }
    return told;
  }

  chronicle::FlawedStore store;
  WallTime now = kNow;
  std::unique_ptr<Treasury> treasury;

 private:
  int64_t dollars_;
};

// "granted 7 to a/1" of each message.
inline std::string Said(const Proceeds& proceeds) {
  std::string said;
  for (const ledger::Message& message : proceeds.messages) {
    const limits::Answer& answer = message.answer;
    said += said.empty() ? "" : ", ";
    said += answer.word == limits::Word::kGranted  ? "granted "
            : answer.word == limits::Word::kDenied ? "denied "
                                                   : "recall ";
    if (!answer.standings.empty()) said += std::to_string(answer.standings[0].granted.units()) + " ";
    said += "to " + message.to.agent + "/" + std::to_string(message.to.incarnation);
  }
  return said;
}

}  // namespace postern::treasury
