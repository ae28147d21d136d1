// A ledger as the API sees one, without a store: what hosts are granted and spend by the limits in force.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "collector/ledger/ledger.h"
#include "collector/policy/policies.h"
#include "shared/base/check.h"
#include "shared/limits/policy_limits.h"

namespace postern::api {

// Thread-safe.
class Accounts {
 public:
  explicit Accounts(policies::Policies& policies) : policies_(policies) {}

  std::vector<ledger::Statement> Statements(const std::string& account) {
    const std::lock_guard lock(mutex_);
    Follow();
    return account.empty() ? ledger_.AllStatements(WallNow()) : ledger_.Statements(account, WallNow());
  }

  Status Reset(const std::string& account) {
    const std::lock_guard lock(mutex_);
    Follow();
    ledger::Output output;
    ledger_.Reset(account, WallNow(), output);
    return Ok{};
  }

  // The agent is granted as much of it as it asks for, and spends a part.
  void Spend(const std::string& agent, const std::string& account, int64_t granted, int64_t spent) {
    const std::lock_guard lock(mutex_);
    Follow();
    const ledger::Holder holder{agent, 7};
    ledger::Output output;
    const limits::Claim claim{.account = account, .amount = Amount(granted)};
    ledger_.Receive(holder, {.number = ++demands_, .at = WallNow(), .claims = {claim}}, WallNow(), output);
    CHECK(output.messages.size() == 1 && output.messages[0].answer.word == limits::Word::kGranted);
    const limits::Standing& standing = output.messages[0].answer.standings.at(0);
    const Amount used = standing.used + Amount(spent);
    const std::vector<limits::Charge> charges{{account, standing.window, Amount(spent), Amount(spent), used}};
    ledger_.Apply(holder, charges, WallNow(), output);
  }

 private:
  void Follow() {
    auto table = limits::TableOf((*policies_.Current())->policy);
    CHECK(table.has_value());
    ledger::Output output;
    ledger_.SetLimits(std::make_shared<const limits::Table>(*std::move(table)), WallNow(), output);
  }

  static ledger::Ledger::Limits NoLimits() {
    return std::make_shared<const limits::Table>(*limits::Table::Make({}, policy::Utc()));
  }

  policies::Policies& policies_;
  std::mutex mutex_;
  ledger::Ledger ledger_{ledger::Options{}, NoLimits()};
  uint64_t demands_ = 0;
};

}  // namespace postern::api
