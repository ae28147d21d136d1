// Wallets and a ledger that speak with each other at once: their network loses nothing and takes no time.
// What that does to the promises is for the simulator (tests/model).
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "agent/wallet/wallet.h"
#include "collector/ledger/ledger.h"

namespace postern::wallet {

inline constexpr WallTime kFleetBegin{std::chrono::seconds(1'795'435'200)};

class Fleet : public testing::Test {
 protected:
  struct Agent {
    std::string name;
    Wallet wallet;
  };

  void Make(int64_t dollars, size_t agents) {
    limit_ = {.id = "team-month", .subject = "", .within = "", .amount = Amount(dollars), .raise = {}};
    ledger_.emplace(ledger::Options(), TableOf({limit_}));
    for (size_t i = 0; i < agents; ++i) agents_.push_back({"agent" + std::to_string(i), Wallet()});
  }

  static ledger::Ledger::Limits TableOf(std::vector<limits::Limit> limits) {
    auto table = limits::Table::Make(std::move(limits), policy::Utc());
    EXPECT_TRUE(table);
    return std::make_shared<const limits::Table>(std::move(*table));
  }

  // Another policy, known to the ledger and to whoever reserves from now on.
  void Change(const limits::Limit& limit) {
    limit_ = limit;
    SetLimits({limit});
  }
  void SetLimits(std::vector<limits::Limit> limits) {
    ledger::Output said;
    ledger_->SetLimits(TableOf(std::move(limits)), now_, said);
    Deliver(said);
  }

  // Until nobody has anything to say, and nothing waits.
  void Settle() {
    for (int i = 0; i < 200; ++i) {
      now_ += std::chrono::milliseconds(3);
      ledger::Output said;
      ledger_->Tick(now_, said);
      Deliver(said);
      bool waits = false;
      for (Agent& agent : agents_) {
        Output output;
        agent.wallet.Tick(now_, output);
        Take(agent, output);
        waits = waits || agent.wallet.waits();
      }
      if (!waits) return;
    }
  }

  bool Reserve(size_t agent, int64_t amount, uint8_t number) {
    Output output;
    const Part part{"team-month", limits::Unit::kUsd, Amount(amount), limit_.span};
    ExchangeId id;
    id.bytes[14] = static_cast<uint8_t>(agent);
    id.bytes[15] = number;
    EXPECT_TRUE(agents_[agent].wallet.Reserve(id, std::span(&part, 1), now_, output));
    Take(agents_[agent], output);
    Settle();
    const bool is_admitted = admitted_.contains(id);
    return is_admitted;
  }

  Status Finish(size_t agent, int64_t spent, uint8_t number) {
    Output output;
    ExchangeId id;
    id.bytes[14] = static_cast<uint8_t>(agent);
    id.bytes[15] = number;
    limits::Amounts amounts;
    amounts[limits::Unit::kUsd] = Amount(spent);
    const Status status = agents_[agent].wallet.Settle(id, amounts, now_, output);
    Take(agents_[agent], output);
    return status;
  }

  // Of the window of that length that holds now; nothing where there is none.
  std::optional<ledger::Statement> StatementOf(limits::Span span) {
    for (const ledger::Statement& statement : ledger_->Statements("team-month", now_)) {
      if (statement.window.Contains(now_) && limits::IsOf(span, statement.window)) return statement;
    }
    return std::nullopt;
  }

  int64_t Spent() { return ledger_->Statements("team-month", now_)[0].spent.units(); }

  void Take(Agent& agent, Output& output) {
    const ledger::Holder holder{agent.name, 1};
    for (const Decision& decision : output.decisions)
      if (decision.verdict == Verdict::kAdmitted) admitted_.insert(decision.exchange);
    ledger::Output said;
    ledger_->Apply(holder, output.charges, now_, said);
    for (const limits::Demand& demand : output.demands) ledger_->Receive(holder, demand, now_, said);
    for (const limits::Return& back : output.returns) ledger_->Receive(holder, back, now_, said);
    Deliver(said);
  }

  void Deliver(ledger::Output& said) {
    EXPECT_TRUE(said.alarms.empty());
    for (const ledger::Message& message : said.messages)
      for (Agent& agent : agents_) {
        if (agent.name != message.to.agent) continue;
        Output output;
        agent.wallet.Receive(message.answer, now_, output);
        Take(agent, output);
      }
  }

  limits::Limit limit_;
  WallTime now_ = kFleetBegin;
  std::optional<ledger::Ledger> ledger_;
  std::deque<Agent> agents_;
  std::set<ExchangeId> admitted_;
};

}  // namespace postern::wallet
