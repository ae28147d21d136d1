// A purse with a real loop, a real record and a ledger.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "agent/purse/purse.h"
#include "tests/agent/purse/keeper.h"
#include "tests/agent/purse/ports.h"
#include "tests/agent/spool/events.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::purse {

constexpr int64_t kDollar = 1'000'000'000;

inline limits::Limit LimitOf(const std::string& id, limits::Unit unit, int64_t amount) {
  return {.id = id,
          .scope = limits::Scope::kTeam,
          .subject = "ml",
          .within = "",
          .unit = unit,
          .amount = Amount(amount),
          .raise = {}};
}

inline limits::Amounts Dollars(int64_t nano_dollars) {
  limits::Amounts amounts;
  amounts[limits::Unit::kUsd] = Amount(nano_dollars);
  amounts[limits::Unit::kTokens] = Amount(nano_dollars / 1000);
  amounts[limits::Unit::kRequests] = Amount(1);
  amounts[limits::Unit::kConcurrent] = Amount(1);
  return amounts;
}

// Open to the coroutines of its tests.
class Surroundings : public testing::Test {
 public:
  Surroundings() {
    options_.journal.directory = directory_ / "state";
    options_.lazy_sync = std::chrono::milliseconds(20);
    options_.on_progress = [this] {
      loop_->Post([this] {
        if (purse_) purse_->OnProgress();
      });
    };
  }
  ~Surroundings() override { Close(); }

  void Limit(std::vector<limits::Limit> limits) {
    auto made = limits::Table::Make(std::move(limits), policy::Utc());
    CHECK(made.has_value());
    table_ = std::make_shared<const limits::Table>(std::move(*made));
    if (keeper_) keeper_->SetLimits(table_);
    else keeper_.emplace(table_);
  }

  void Open() {
    auto spool = spool::Spool::Open(options_);
    CHECK(spool.has_value());
    spool_ = *std::move(spool);
    Ports ports = PortsOf(*loop_, *spool_, [this](const wire::FromAgent& message) {
      keeper_->Hear(message);
      Deliver();
    });
    purse_.emplace(*loop_, clock_, std::move(ports), wallet::Options(), spool_->wallet_rows());
  }

  void Close() {
    loop_->DestroySpawned();
    purse_.reset();
    if (spool_ != nullptr) {
      EXPECT_TRUE(spool_->Close());
    }
    spool_.reset();
    loop_ = *http::Loop::Make();  // one that was stopped stays so
  }

  // What the ledger has said, in a turn of its own.
  void Deliver() {
    for (const wire::Grant& grant : keeper_->TakeAnswers())
      loop_->Post([this, grant] {
        if (purse_) purse_->Receive(grant);
      });
  }

  // Runs the loop until the task has ended; once between Open and Close.
  void Run(http::Task<void> task) {
    auto whole = [](http::Loop& loop, http::Task<void> inner) -> http::Task<void> {
      co_await std::move(inner);
      loop.Stop();
    };
    loop_->Spawn(whole(*loop_, std::move(task)));
    loop_->Run();
  }

  http::Task<void> Until(http::Strand& strand, std::function<bool()> holds) {
    while (!holds()) {
      keeper_->Tick();
      Deliver();
      strand.SetDeadlineIn(std::chrono::milliseconds(1));
      co_await strand.Wait();
    }
    strand.ClearDeadline();
  }

  std::vector<limits::Match> Met(std::string_view user = "ada") const {
    const std::string_view team = "ml";
    std::vector<limits::Match> met;
    table_->Match({.teams = std::span(&team, 1),
                   .user = user,
                   .key = "k1",
                   .provider = "anthropic",
                   .model = "claude-sonnet-4-5"},
                  met);
    return met;
  }

  // For a coroutine of its own.
  http::Task<void> ReserveInto(http::Strand& strand, uint64_t exchange, int64_t nano_dollars,
                               std::optional<Decision>& made) {
    const std::vector<limits::Match> met = Met();
    const Estimate estimate{Dollars(nano_dollars), Dollars(2 * nano_dollars)};
    made = co_await purse_->Reserve(strand, spool::Exchange(exchange), met, estimate);
  }

  http::Task<Verdict> Reserve(http::Strand& strand, uint64_t exchange, int64_t nano_dollars) {
    const std::vector<limits::Match> met = Met();
    const Estimate estimate{Dollars(nano_dollars), Dollars(2 * nano_dollars)};
    const Decision decision = co_await purse_->Reserve(strand, spool::Exchange(exchange), met, estimate);
    if (decision.verdict == Verdict::kAdmitted) {
      wire::Event intent = spool::Intent(exchange);
      EXPECT_TRUE(spool_->Append(std::move(intent)));
    }
    co_return decision.verdict;
  }

  spool::Ticket Settle(uint64_t exchange, int64_t nano_dollars) {
    const auto ticket =
        purse_->Settle(spool::Exchange(exchange), Dollars(nano_dollars), spool::Outcome(exchange));
    EXPECT_TRUE(ticket);
    return *ticket;
  }

  std::vector<wire::Outcome> Outcomes() {
    std::vector<wire::Outcome> outcomes;
    for (const wire::Event& event : spool::Events(spool::ReadAll(directory_ / "state")))
      if (event.has_outcome()) outcomes.push_back(event.outcome());
    return outcomes;
  }

  Balance BalanceOf(const std::string& account) const {
    for (const Balance& balance : purse_->Balances())
      if (balance.account == account) return balance;
    return {};
  }

  TemporaryDirectory directory_;
  spool::Options options_;
  std::unique_ptr<http::Loop> loop_ = *http::Loop::Make();
  AgentClock clock_{WallNow(), BootClock::now()};
  std::shared_ptr<const limits::Table> table_;
  std::optional<Keeper> keeper_;
  std::unique_ptr<spool::Spool> spool_;
  std::optional<Purse> purse_;
};

}  // namespace postern::purse
