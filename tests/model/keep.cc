// The collector: the ledger, its disk, and as much of the conversation as money needs.
#include <algorithm>

#include "tests/model/simulation.h"

namespace postern::model {

using std::chrono::microseconds;
using std::chrono::milliseconds;

void Simulation::StartKeep() {
  keep_.life = ++next_id_;
  keep_.is_up = true;
  keep_.working = keep_.disk;
  std::vector<ledger::PoolRecord> pools;
  for (const auto& [key, record] : keep_.disk.pools) pools.push_back(record);
  std::vector<ledger::HoldingRecord> holdings;
  for (const auto& [key, record] : keep_.disk.holdings) holdings.push_back(record);
  // Hosts are away for minutes here, not for days.
  ledger::Options options;
  options.keep_slots = std::chrono::seconds(90);
  keep_.ledger = ledger::Ledger::Restore(options, table_, pools, holdings, keep_.disk.recovered, time_.now());
}

void Simulation::StopKeep() {
  ++result_.crashes;
  keep_.is_up = false;
  keep_.impaired = time_.now();
  keep_.welcomed.clear();
  keep_.outbox.clear();
  keep_.unsynced.clear();
  keep_.touched.clear();
  keep_.ledger.reset();
  for (const auto& host : hosts_) Disconnect(*host);
}

void Simulation::ActKeep(ledger::Output& output) {
  for (const ledger::Alarm& alarm : output.alarms) {
    if (alarm.trouble == ledger::Trouble::kUnsound)
      Violated("the ledger finds a number absurd: " + alarm.account);
    if (alarm.trouble == ledger::Trouble::kBeyond) {
      bool excused = result_.recoveries > 0;
      for (const auto& pool : truth_.pools()[alarm.account]) excused = excused || pool.blind > Amount();
      // Forfeited, with an event still under way: that is what whoever forfeits takes upon himself.
      for (const auto& host : hosts_)
        excused = excused || (host->is_dead && host->agent == alarm.holder.agent);
      if (!excused) Violated("I1 the ledger finds more used than was granted: " + alarm.account);
    }
    if (alarm.trouble == ledger::Trouble::kRestored) Violated("the ledger finds that it was restored");
  }
  if (FreesWhatWasOutOfReach(output)) truth_.ForgetWatches();
  if (!output.pools.empty() || !output.holdings.empty())
    PutKeep([pools = std::move(output.pools), holdings = std::move(output.holdings)](KeepDisk& disk) {
      for (const ledger::PoolRecord& record : pools) {
        if (record.erased) {
          disk.pools.erase({record.account, record.window});
        } else {
          disk.pools[{record.account, record.window}] = record;
        }
      }
      for (const ledger::HoldingRecord& record : holdings) {
        const std::pair<ledger::Holder, RowKey> key{record.holder, {record.account, record.window}};
        if (record.erased) {
          const auto row = disk.holdings.find(key);
          if (row != disk.holdings.end() && record.window == limits::kAlways)
            disk.swept[key] = row->second.counters.granted;
          disk.holdings.erase(key);
        } else {
          disk.holdings[key] = record;
        }
      }
    });
  for (ledger::Message& message : output.messages) {
    const auto host = std::find_if(hosts_.begin(), hosts_.end(), [&](const auto& one) {
      const auto welcomed = keep_.welcomed.find(one->index);
      return one->agent == message.to.agent && welcomed != keep_.welcomed.end() &&
             welcomed->second.life == one->life && welcomed->second.incarnation == message.to.incarnation;
    });
    if (host == hosts_.end()) continue;
    keep_.outbox.push_back([this, &to = **host, answer = std::move(message.answer)] {
      ToHost(to, [this, &to, answer] {
        wallet::Output said;
        to.wallet.Receive(answer, time_.now(), said);
        CheckGranted(to, answer);
        Act(to, said, std::nullopt);
      });
    });
  }
  if (!keep_.syncs) {
    keep_.syncs = true;
    time_.After(microseconds(random_.Between(200, 1'500)), [this, life = keep_.life] {
      keep_.syncs = false;
      if (keep_.is_up && keep_.life == life) Commit();
    });
  }
  TickKeepSoon();
}

void Simulation::PutKeep(std::function<void(KeepDisk&)> write) {
  write(keep_.working);
  keep_.unsynced.push_back(std::move(write));
}

// What was worked out is synced; only then is it said.
void Simulation::Commit() {
  for (const auto& write : keep_.unsynced) write(keep_.disk);
  keep_.unsynced.clear();
  std::vector<std::function<void()>> outbox = std::move(keep_.outbox);
  keep_.outbox.clear();
  for (const auto& say : outbox) say();
  for (const auto& key : keep_.touched) {
    const auto row = keep_.disk.holdings.find(key);
    const auto sum = keep_.disk.sums.find(key);
    if (row != keep_.disk.holdings.end() && sum != keep_.disk.sums.end() &&
        row->second.counters.used != sum->second)
      Violated("I2 the collector's counter isn't the sum of the events");
  }
  keep_.touched.clear();
}

// Every 3 ms while something waits; every half second in any case.
void Simulation::TickKeepSoon() {
  const bool waits = keep_.ledger->waits();
  bool& ticks = waits ? keep_.ticks : keep_.rests;
  if (ticks) return;
  ticks = true;
  time_.After(milliseconds(waits ? 3 : 500), [this, &ticks, life = keep_.life] {
    ticks = false;
    if (!keep_.is_up || keep_.life != life) return;
    ledger::Output output;
    keep_.ledger->Tick(time_.now(), output);
    ActKeep(output);
  });
}

void Simulation::TakeHello(Host& host, uint64_t incarnation, uint64_t sequence,
                           const std::vector<std::pair<uint64_t, uint64_t>>& salts,
                           const limits::Return& report) {
  if (!keep_.is_up) return;
  const auto known = keep_.welcomed.find(host.index);
  if (known != keep_.welcomed.end() && known->second.connection == host.connection) {
    // One that is repeated says what was so at the beginning, and is answered as it was then.
    SayWelcome(host, known->second.incarnation);
    ledger::Output nothing;
    ActKeep(nothing);
    return;
  }
  const uint64_t machine = host.machine;
  const ledger::Holder holder{host.agent, incarnation};
  const auto found = keep_.working.chains.find(holder);
  ledger::Output output;
  bool is_good = incarnation != 0;
  if (is_good && found == keep_.working.chains.end()) {
    is_good = keep_.working.epoch > 1;  // issued by the collector that was lost
    if (is_good) PutKeep([holder, machine](KeepDisk& disk) { disk.chains[holder].machine = machine; });
  } else if (is_good) {
    const Chain& chain = found->second;
    is_good = chain.machine == machine && sequence >= chain.watermark &&
              keep_.working.issued[{host.agent, machine}] == incarnation;
    for (const auto& [number, salt] : salts)
      if (number <= chain.watermark && chain.salts[number - 1] != salt) is_good = false;
    if (is_good && keep_.ledger->IsOlder(holder, report, time_.now())) is_good = false;
  }
  uint64_t next = incarnation;
  if (!is_good) {
    // A Hello that comes again after a connection was lost is answered as before.
    uint64_t& issued = keep_.issued[host.life];
    if (issued == 0 || issued == incarnation) issued = random_.Next() | 1;
    next = issued;
    PutKeep([agent = host.agent, next, machine](KeepDisk& disk) {
      disk.chains[{agent, next}].machine = machine;
    });
  }
  const Chain& chain = keep_.working.chains.at({host.agent, next});
  const uint64_t epoch = keep_.working.epoch;
  if (is_good && chain.epoch < epoch && epoch > 1) {
    keep_.ledger->Merge(holder, report, time_.now(), output);
    if (host.is_blind)  // both sides have forgotten: nobody can know what it had given back
      for (const limits::Held& held : report.held)
        truth_.At(held.account, held.window).blind += held.counters.granted;
  }
  PutKeep([agent = host.agent, machine, next, epoch](KeepDisk& disk) {
    disk.chains.at({agent, next}).epoch = epoch;
    disk.issued[{agent, machine}] = next;
  });
  keep_.welcomed[host.index] = {host.life, host.connection, next};
  SayWelcome(host, next);
  keep_.ledger->Resend({host.agent, next}, next == incarnation ? report : limits::Return(), time_.now(),
                       output);
  ActKeep(output);
}

void Simulation::SayWelcome(Host& host, uint64_t incarnation) {
  const uint64_t watermark = keep_.working.chains.at({host.agent, incarnation}).watermark;
  keep_.outbox.push_back(
      [this, &host, connection = host.connection, incarnation, watermark, keep_life = keep_.life] {
        const auto deliver = [this, &host, connection, incarnation, watermark, keep_life] {
          const bool is_same =
              keep_.is_up && keep_.life == keep_life && host.is_up && host.connection == connection;
          // A second Welcome of the same connection says nothing new.
          if (is_same && host.keep_life != keep_life) Welcomed(host, keep_life, incarnation, watermark);
        };
        Carry(host, [this, &host, deliver] { WhenAwake(host, deliver); });
      });
}

void Simulation::TakeEvents(Host& host, const std::vector<Event>& events) {
  for (const Event& event : events)
    if (!TakeEvent(host, event)) break;
  const ledger::Holder holder{host.agent, keep_.welcomed.at(host.index).incarnation};
  const uint64_t watermark = keep_.working.chains.at(holder).watermark;
  keep_.outbox.push_back([this, &host, watermark] {
    ToHost(host, [&host, watermark] { host.acknowledged = std::max(host.acknowledged, watermark); });
  });
  ledger::Output nothing;
  ActKeep(nothing);
}

bool Simulation::TakeEvent(Host& host, const Event& event) {
  const ledger::Holder holder{host.agent, keep_.welcomed.at(host.index).incarnation};
  const Chain& chain = keep_.working.chains.at(holder);
  if (event.sequence <= chain.watermark) {
    if (chain.salts[event.sequence - 1] == event.salt) return true;
    Disconnect(host);  // a fork: it says Hello, and takes another incarnation
    host.impaired = time_.now();
    return false;
  }
  if (event.sequence != chain.watermark + 1) return false;
  if (keep_.working.exchanges.contains(event.exchange)) Violated("I4 an exchange was counted twice");
  ledger::Output output;
  keep_.ledger->Apply(holder, event.charges, time_.now(), output);
  PutKeep([holder, event](KeepDisk& disk) {
    Chain& own = disk.chains.at(holder);
    ++own.watermark;
    own.salts.push_back(event.salt);
    for (const limits::Charge& charge : event.charges)
      disk.sums[{holder, {charge.account, charge.window}}] += charge.amount;
    disk.exchanges.insert(event.exchange);
  });
  for (const limits::Charge& charge : event.charges)
    keep_.touched.push_back({holder, {charge.account, charge.window}});
  ActKeep(output);
  return true;
}

}  // namespace postern::model
