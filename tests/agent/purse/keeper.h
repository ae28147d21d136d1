// The other side of a purse, without a network: a ledger that answers at once, or is out of reach. What it
// says comes back through the purse's front door, as frames would bring it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "agent/purse/purse.h"
#include "collector/ledger/ledger.h"
#include "shared/limits/wire_form.h"

namespace postern::purse {

// Thread-compatible.
class Keeper {
 public:
  explicit Keeper(std::shared_ptr<const limits::Table> table)
      : ledger_({}, std::move(table)), now_(WallNow()) {}

  void Hear(const wire::FromAgent& message) {
    if (!is_reachable) return;
    ledger::Output output;
    if (message.has_demand()) {
      demands.push_back(message.demand());
      ledger_.Receive(HolderOf(message.demand().incarnation()), limits::FromWire(message.demand()), Now(),
                      output);
    } else if (message.has_returned()) {
      returns.push_back(message.returned());
      ledger_.Receive(HolderOf(message.returned().incarnation()), limits::FromWire(message.returned()), Now(),
                      output);
    }
    Keep(output);
  }

  // As the record would bring it.
  void Apply(const wire::Event& event) {
    std::vector<limits::Charge> charges;
    for (const wire::Charge& charge : event.outcome().charges()) charges.push_back(limits::FromWire(charge));
    ledger::Output output;
    ledger_.Apply(HolderOf(event.incarnation()), charges, Now(), output);
    Keep(output);
  }

  void SetLimits(std::shared_ptr<const limits::Table> table) {
    ledger::Output output;
    ledger_.SetLimits(std::move(table), Now(), output);
    Keep(output);
  }

  void Tick() {
    ledger::Output output;
    ledger_.Tick(Now(), output);
    Keep(output);
  }

  std::vector<wire::Grant> TakeAnswers() { return std::exchange(answers_, {}); }

  ledger::Statement StatementOf(const std::string& account) {
    const auto found = ledger_.Statements(account, Now());
    return found.empty() ? ledger::Statement{} : found.front();
  }

  bool is_reachable = true;
  std::vector<wire::Demand> demands;
  std::vector<wire::Return> returns;
  size_t alarms = 0;

 private:
  static ledger::Holder HolderOf(uint64_t incarnation) { return {"agent1", incarnation}; }
  WallTime Now() { return now_ = std::max(now_, WallNow()); }
  void Keep(const ledger::Output& output) {
    alarms += output.alarms.size();
    for (const ledger::Message& message : output.messages)
      if (is_reachable) answers_.push_back(limits::ToWire(message.answer, message.to.incarnation));
  }

  ledger::Ledger ledger_;
  WallTime now_;
  std::vector<wire::Grant> answers_;
};

}  // namespace postern::purse
