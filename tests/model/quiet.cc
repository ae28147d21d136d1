// When all is over: nothing is reserved, everything is known, and what is left can be had.
#include <algorithm>

#include "tests/model/simulation.h"

namespace postern::model {

using limits::Unit;
using std::chrono::seconds;

// All is well again and nobody asks for anything: then nothing is reserved, and everything is known.
void Simulation::Quieten() {
  is_quiet_ = true;
  has_faults_ = false;
  loss_ = repeats_ = 0;
  delay_us_ = 1'000;
  if (!keep_.is_up) StartKeep();
  for (const auto& host : hosts_) {
    host->is_cut_off = false;
    if (!host->is_up && !host->is_dead) Start(*host);
  }
  const WallTime until = time_.now() + seconds(200);
  while (time_.now() < until && result_.violations.size() < 5 && time_.Step())
    if (time_.steps() % 1'000 == 0) CheckEverything();
  CheckEverything();
  for (const auto& host : hosts_) {
    if (host->is_dead) continue;
    if (host->wallet.waits()) Violated("I3 something waits though all is quiet");
    for (const auto& [account, balance] : host->wallet.Balances()) {
      if (balance.reserved != Amount()) Violated("I3 something is reserved though all is quiet: " + account);
      const auto row = keep_.disk.holdings.find({HolderOf(*host), {account, balance.window}});
      const Amount known = row == keep_.disk.holdings.end() ? Amount() : row->second.counters.used;
      if (balance.window.end > time_.now() && known != balance.counters.used)
        Violated("I2 not all that was spent has come to the collector: " + account);
    }
  }
  Probe();
}

// What is left, wherever it lies, can be had in one piece, to the last unit.
void Simulation::Probe() {
  const auto host =
      std::find_if(hosts_.begin(), hosts_.end(), [](const auto& one) { return one->is_up && !one->is_dead; });
  for (const char* account : {"org", "slots"}) {
    Amount free;
    for (const ledger::Statement& statement : keep_.ledger->Statements(account, time_.now())) {
      if (!statement.window.Contains(time_.now())) continue;
      const Pool& pool = truth_.At(account, statement.window);
      free = statement.amount - statement.unreported - HeldByOthers(statement) - (pool.taken() - pool.frozen);
    }
    if (free <= Amount()) continue;
    const uint64_t number = ++made_;
    const uint64_t admitted = result_.admitted;
    (*host)->exchanges[number].number = number;
    const wallet::Part part{account, account[0] == 's' ? Unit::kConcurrent : Unit::kUsd, free};
    wallet::Output output;
    CHECK((*host)->wallet.Reserve(IdOf(number), std::span(&part, 1), time_.now(), output).has_value());
    Act(**host, output, std::nullopt);
    const WallTime until = time_.now() + seconds(1);
    while (time_.now() < until && time_.Step()) {
    }
    if (result_.admitted == admitted) Violated(std::string("I3 what is left can't be had: ") + account);
  }
}

}  // namespace postern::model
