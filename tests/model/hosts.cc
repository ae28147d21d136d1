// A host: the wallet, its disk, and its conversation with the collector.
#include <algorithm>
#include <cstring>

#include "tests/model/simulation.h"

namespace postern::model {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

ExchangeId IdOf(uint64_t exchange) {
  ExchangeId id;
  for (size_t i = 0; i < 8; ++i) id.bytes[i] = static_cast<uint8_t>(exchange >> (56 - 8 * i));
  return id;
}

uint64_t NumberOf(const ExchangeId& id) {
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) number = number << 8 | id.bytes[i];
  return number;
}

void Simulation::Start(Host& host) {
  host.life = ++next_id_;
  host.is_up = true;
  Disconnect(host);
  host.sent = host.acknowledged = 0;
  host.returns.clear();
  host.exchanges.clear();
  std::vector<wallet::HoldingRecord> holdings;
  for (const auto& [key, record] : host.written.holdings) holdings.push_back(record);
  std::vector<wallet::ReservationRecord> reservations;
  for (const auto& [id, record] : host.written.reservations) reservations.push_back(record);
  host.wallet = wallet::Wallet::Restore({}, holdings, reservations);
  Unshare(host);
  Share(host);
  for (const ExchangeId& id : host.wallet.InFlight()) {
    wallet::Output output;
    if (!host.wallet.SettleAsReserved(id, time_.now(), output)) Violated("a recovered exchange is unknown");
    Act(host, output, EventOf(host, NumberOf(id), output.charges));
  }
  Beat(host, host.life);
  AtHost(host, milliseconds(random_.Between(0, 1'000)),
         [this, &host, life = host.life] { Look(host, life); });
}

void Simulation::Stop(Host& host, bool loses_unsynced) {
  host.is_up = false;
  host.wakes = {};
  host.impaired = time_.now();
  ++result_.crashes;
  // Of what wasn't synced any beginning may have reached the disk.
  const auto kept =
      loses_unsynced ? random_.Between(0, static_cast<int64_t>(host.unsynced.size())) : int64_t{1} << 40;
  for (size_t i = 0; i < host.unsynced.size() && static_cast<int64_t>(i) < kept; ++i)
    Apply(host.synced, host.unsynced[i]);
  host.unsynced.clear();
  host.written = host.synced;
}

void Simulation::AtHost(Host& host, Timeline::Duration delay, std::function<void()> what) {
  time_.After(delay, [this, &host, what = std::move(what)] { WhenAwake(host, what); });
}

// What would have happened to a host while it slept happens when it is awake again, soon or a little later,
// and in no order.
void Simulation::WhenAwake(Host& host, const std::function<void()>& what) {
  if (!Sleeps(host)) return what();
  const microseconds late(random_.OneIn(3) ? random_.Between(0, 1'000'000) : random_.Between(0, 5'000));
  AtHost(host, host.wakes - time_.now() + late, what);
}

void Simulation::Apply(HostDisk& disk, const HostWrite& write) {
  if (write.begin) {
    disk = HostDisk();
    disk.incarnation = *write.begin;
  }
  for (const wallet::HoldingRecord& record : write.holdings) {
    if (record.erased) {
      disk.holdings.erase({record.account, record.window});
    } else {
      disk.holdings[{record.account, record.window}] = record;
    }
  }
  for (const wallet::ReservationRecord& record : write.reservations) {
    if (record.parts.empty()) {
      disk.reservations.erase(record.exchange);
    } else {
      disk.reservations[record.exchange] = record;
    }
  }
  if (!write.event) return;
  disk.sequence = write.event->sequence;
  for (const limits::Charge& charge : write.event->charges)
    disk.sums[{charge.account, charge.window}] += charge.amount;
  disk.events.push_back(*write.event);
  // Older ones have long been acknowledged, and no backup is as old.
  if (disk.events.size() > 2'000 && disk.events.front().at + seconds(120) < write.event->at)
    disk.events.erase(disk.events.begin(), disk.events.begin() + 1'000);
}

void Simulation::Write(Host& host, HostWrite write) {
  Apply(host.written, write);
  host.unsynced.push_back(std::move(write));
  if (host.syncs) return;
  host.syncs = true;
  AtHost(host, microseconds(random_.Between(500, 3'000)), [this, &host, life = host.life] {
    host.syncs = false;
    if (host.is_up && host.life == life) Sync(host);
  });
}

// Now, and not before, the collector may hear of it.
void Simulation::Sync(Host& host) {
  for (const HostWrite& write : host.unsynced) Apply(host.synced, write);
  host.unsynced.clear();
  for (limits::Return& back : host.returns)
    ToKeep(host, [this, holder = HolderOf(host), back = std::move(back)] {
      ledger::Output output;
      keep_.ledger->Receive(holder, back, time_.now(), output);
      ActKeep(output);
    });
  host.returns.clear();
  SendEvents(host, false);
}

void Simulation::SendEvents(Host& host, bool again) {
  if (host.keep_life == 0) return;
  const uint64_t from = again ? host.acknowledged : std::max(host.sent, host.acknowledged);
  std::vector<Event> events;
  for (auto event = host.synced.events.rbegin(); event != host.synced.events.rend(); ++event) {
    if (event->sequence <= from) break;
    events.push_back(*event);
  }
  if (events.empty()) return;
  std::reverse(events.begin(), events.end());
  if (events.size() > 200) events.resize(200);
  host.sent = events.back().sequence;
  ToKeep(host, [this, &host, events = std::move(events)] { TakeEvents(host, events); });
}

void Simulation::Beat(Host& host, uint64_t life) {
  if (!host.is_up || host.life != life) return;
  if (host.keep_life == 0) {
    Hello(host);
  } else {
    ToKeep(host, [this, &host, holder = HolderOf(host), at = time_.now()] {
      keep_.ledger->Heard(holder, at, time_.now());
      ToHost(host, [this, &host, at] {
        wallet::Output lapsed;
        host.wallet.Heard(at, time_.now(), lapsed);
        Act(host, lapsed, std::nullopt);
      });
    });
    SendEvents(host, true);
    // Now and then a connection is lost without any other reason.
    if (has_faults_ && random_.OneIn(100)) {
      Disconnect(host);
      host.impaired = time_.now();
    }
  }
  AtHost(host, seconds(1), [this, &host, life] { Beat(host, life); });
}

// Another thread than that of the conversation: which of the two comes first after a sleep is open.
void Simulation::Look(Host& host, uint64_t life) {
  if (!host.is_up || host.life != life) return;
  wallet::Output output;
  host.wallet.Tick(time_.now(), output);
  Act(host, output, std::nullopt);
  for (const ExchangeId& id : host.wallet.Uncovered(time_.now())) {
    const auto found = host.exchanges.find(NumberOf(id));
    if (found != host.exchanges.end() && found->second.is_running) Finish(host, found->second);
  }
  CheckSlots();
  AtHost(host, seconds(1), [this, &host, life] { Look(host, life); });
}

void Simulation::TickSoon(Host& host) {
  if (host.ticks || !host.wallet.waits()) return;
  host.ticks = true;
  AtHost(host, milliseconds(10), [this, &host, life = host.life] {
    host.ticks = false;
    if (!host.is_up || host.life != life) return;
    wallet::Output output;
    host.wallet.Tick(time_.now(), output);
    Act(host, output, std::nullopt);
  });
}

void Simulation::Disconnect(Host& host) {
  host.keep_life = 0;
  ++host.connection;
}

void Simulation::Hello(Host& host) {
  std::vector<std::pair<uint64_t, uint64_t>> salts;
  for (const Event& event : host.synced.events) salts.emplace_back(event.sequence, event.salt);
  Carry(host, [this, &host, connection = host.connection, incarnation = host.synced.incarnation,
               sequence = host.synced.sequence, salts = std::move(salts), report = host.wallet.Report()] {
    if (host.connection == connection) TakeHello(host, incarnation, sequence, salts, report);
  });
}

void Simulation::Welcomed(Host& host, uint64_t keep_life, uint64_t incarnation, uint64_t watermark) {
  if (incarnation != host.written.incarnation) {
    if (host.is_blind) {
      Unshare(host);
    } else {
      Freeze(host);
    }
    wallet::Output output;
    host.wallet.Begin(output);
    host.exchanges.clear();
    HostWrite write{.holdings = {}, .reservations = {}, .event = {}, .begin = incarnation};
    Write(host, std::move(write));
    host.returns.clear();
    for (const HostWrite& pending : host.unsynced) Apply(host.synced, pending);  // persisted before use
    host.unsynced.clear();
  } else if (host.is_blind) {
    // Nothing that it has forgotten was ever known: it goes on as it is.
    Unshare(host);
    Thaw(HolderOf(host));
    host.is_blind = false;
    Share(host);
  }
  host.is_blind = false;
  host.impaired = time_.now();
  host.keep_life = keep_life;
  host.acknowledged = host.sent = watermark;
  SendEvents(host, true);
}

Event Simulation::EventOf(Host& host, uint64_t exchange, const std::vector<limits::Charge>& charges) {
  return {host.written.sequence + 1, random_.Next(), exchange, time_.now(), charges};
}

// In the wallet's order: what is to be persisted, in one write with the event; then what was decided.
void Simulation::Act(Host& host, wallet::Output& output, std::optional<Event> event) {
  Count(host, output);
  if (event || !output.holdings.empty() || !output.reservations.empty() || !output.returns.empty())
    Write(host, {output.holdings, output.reservations, std::move(event), std::nullopt});
  for (limits::Return& back : output.returns) host.returns.push_back(std::move(back));
  for (limits::Demand& demand : output.demands)
    ToKeep(host, [this, holder = HolderOf(host), demand = std::move(demand)] {
      ledger::Output answer;
      keep_.ledger->Receive(holder, demand, time_.now(), answer);
      ActKeep(answer);
    });
  for (const wallet::Decision& decision : output.decisions) Decide(host, decision);
  TickSoon(host);
}

}  // namespace postern::model
