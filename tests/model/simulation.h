// A fleet in one thread: hosts that run the real wallet, a collector that runs the real ledger, a network
// that loses, repeats, delays and reorders, disks that lose what wasn't synced, and everything that can
// befall a machine. After every step the four promises of money are held against the truth. README.md says
// what is simulated and what each promise means here.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/wallet/wallet.h"
#include "collector/ledger/ledger.h"
#include "tests/model/random.h"
#include "tests/model/timeline.h"
#include "tests/model/truth.h"

namespace postern::model {

struct Plan {
  uint64_t seed = 1;
  uint64_t exchanges = 2'000;
};

struct Result {
  std::vector<std::string> violations;  // the first of each kind
  uint64_t steps = 0;
  uint64_t admitted = 0;
  uint64_t exhausted = 0;
  uint64_t unavailable = 0;
  uint64_t cut = 0;     // an extension was refused
  uint64_t judged = 0;  // refusals that were held against I3
  uint64_t unproven =
      0;  // of these, of what was short and went from hand to hand too fast to prove it in time
  uint64_t crashes = 0;  // of hosts and of the collector
  uint64_t copies = 0;   // clones, old snapshots, lost states
  uint64_t sleeps = 0;
  uint64_t recoveries = 0;
  int64_t spent = 0;
  int64_t overspent = 0;
};

// What an outcome's event is here.
struct Event {
  uint64_t sequence = 0;
  uint64_t salt = 0;  // two events are the same when it is
  uint64_t exchange = 0;
  WallTime at{};
  std::vector<limits::Charge> charges;
};

struct RowKey {
  std::string account;
  limits::Window window;
  friend auto operator<=>(const RowKey&, const RowKey&) = default;
};

// A host's disk as a reader finds it.
struct HostDisk {
  uint64_t incarnation = 0;
  uint64_t sequence = 0;  // of the last event
  std::map<RowKey, wallet::HoldingRecord> holdings;
  std::map<ExchangeId, wallet::ReservationRecord> reservations;
  std::vector<Event> events;      // of this incarnation, the newest ones
  std::map<RowKey, Amount> sums;  // of the charges of all its events
};

struct HostWrite {
  std::vector<wallet::HoldingRecord> holdings;
  std::vector<wallet::ReservationRecord> reservations;
  std::optional<Event> event;
  std::optional<uint64_t> begin;  // another incarnation
};

struct Exchange {
  uint64_t number = 0;
  Amount spent;
  Amount reserved;
  Amount target;  // what the answer will have cost
  Amount extending_to;
  bool is_running = false;
};

struct Host {
  size_t index = 0;
  std::string agent;
  uint64_t machine = 0;
  std::vector<std::pair<std::string, limits::Unit>> accounts;

  HostDisk synced;
  HostDisk written;
  std::vector<HostWrite> unsynced;
  std::optional<HostDisk> snapshot;

  uint64_t life = 0;
  bool is_up = false;
  bool is_dead = false;   // for good
  bool is_blind = false;  // a copy that has not met the collector yet
  wallet::Wallet wallet;
  std::map<uint64_t, Exchange> exchanges;
  std::map<Pool*, std::pair<Amount, Amount>> share;  // its part of the truth: used, reserved

  uint64_t keep_life = 0;  // of the collector that has welcomed it; 0: none
  uint64_t connection = 0;
  uint64_t acknowledged = 0;
  uint64_t sent = 0;
  std::vector<limits::Return> returns;  // wait for a sync
  bool syncs = false;
  bool ticks = false;
  bool is_cut_off = false;
  WallTime wakes{};  // until then it sleeps, and its clock goes on
  WallTime impaired{};
};

struct Chain {
  uint64_t machine = 0;
  uint64_t watermark = 0;
  std::vector<uint64_t> salts;  // of each event
  uint64_t epoch = 0;           // its agent's counters were merged in
};

struct KeepDisk {
  uint64_t epoch = 1;
  WallTime recovered = WallTime::min();
  std::map<std::pair<std::string, limits::Window>, ledger::PoolRecord> pools;
  std::map<std::pair<ledger::Holder, RowKey>, ledger::HoldingRecord> holdings;
  std::map<std::pair<ledger::Holder, RowKey>, Amount> swept;  // of slots: what had been granted
  std::map<ledger::Holder, Chain> chains;
  // The last incarnation that an agent's machine was issued: those before it are closed.
  std::map<std::pair<std::string, uint64_t>, uint64_t> issued;
  std::map<std::pair<ledger::Holder, RowKey>, Amount> sums;
  std::set<uint64_t> exchanges;  // whose event was taken
};

struct Welcome {
  uint64_t life = 0;  // of the host
  uint64_t connection = 0;
  uint64_t incarnation = 0;
};

// The collector.
struct Keep {
  KeepDisk disk;
  KeepDisk working;  // with what isn't synced yet
  std::vector<std::function<void(KeepDisk&)>> unsynced;
  std::optional<KeepDisk> backup;
  std::optional<ledger::Ledger> ledger;
  uint64_t life = 0;
  bool is_up = false;
  std::map<size_t, Welcome> welcomed;         // by host
  std::map<uint64_t, uint64_t> issued;        // to a life: an incarnation
  std::vector<std::function<void()>> outbox;  // waits for a sync
  std::vector<std::pair<ledger::Holder, RowKey>> touched;
  bool syncs = false;
  bool ticks = false;
  bool rests = false;
  WallTime impaired{};
};

class Simulation {
 public:
  explicit Simulation(const Plan& plan);
  Result Run();

 private:
  // scenario.cc: what happens
  void MakeLimits();
  void SetLimits();
  void NextPhase();
  void NextExchange();
  void NextFault();
  void ComeBackSoon(Host& host);
  void LoseDisk(Host& host);
  void Sleep(Host& host);
  void Befall(Host& host);
  void BefallKeep();
  void ChangeLimits();
  Host* AnyHost();
  Host& AddHost();
  void Copy(Host& host, const HostDisk& disk);
  void Quieten();
  void Probe();

  // hosts.cc
  void Start(Host& host);
  void Stop(Host& host, bool loses_unsynced);
  void AtHost(Host& host, Timeline::Duration delay, std::function<void()> what);
  void WhenAwake(Host& host, const std::function<void()>& what);
  bool Sleeps(const Host& host) const { return time_.now() < host.wakes; }
  void Request(Host& host);
  void Act(Host& host, wallet::Output& output, std::optional<Event> event);
  void Decide(Host& host, const wallet::Decision& decision);
  void Stream(Host& host, uint64_t life, uint64_t exchange);
  void Finish(Host& host, Exchange& exchange);
  void Write(Host& host, HostWrite write);
  void Sync(Host& host);
  void SendEvents(Host& host, bool again);
  void Beat(Host& host, uint64_t life);
  void Look(Host& host, uint64_t life);
  void TickSoon(Host& host);
  void Disconnect(Host& host);
  void Hello(Host& host);
  void Welcomed(Host& host, uint64_t keep_life, uint64_t incarnation, uint64_t watermark);
  Event EventOf(Host& host, uint64_t exchange, const std::vector<limits::Charge>& charges);
  static void Apply(HostDisk& disk, const HostWrite& write);
  ledger::Holder HolderOf(const Host& host) const { return {host.agent, host.written.incarnation}; }

  // keep.cc: the collector
  void StartKeep();
  void StopKeep();
  void TakeHello(Host& host, uint64_t incarnation, uint64_t sequence,
                 const std::vector<std::pair<uint64_t, uint64_t>>& salts, const limits::Return& report);
  void SayWelcome(Host& host, uint64_t incarnation);
  void TakeEvents(Host& host, const std::vector<Event>& events);
  bool TakeEvent(Host& host, const Event& event);
  void Commit();
  void PutKeep(std::function<void(KeepDisk&)> write);
  void ActKeep(ledger::Output& output);
  void TickKeepSoon();

  // network.cc
  void ToKeep(Host& host, std::function<void()> deliver);
  void ToHost(Host& host, std::function<void()> deliver);
  void Carry(Host& host, const std::function<void()>& deliver);

  // promises.cc
  void Violated(const std::string& what);
  void Share(Host& host);  // its part of the truth, from its disk
  void Unshare(Host& host);
  void Freeze(Host& host);  // instead: what its incarnation has spent, as far as anybody will ever know
  void Thaw(const ledger::Holder& holder);  // an incarnation goes on that was thought to have ended
  void Count(Host& host, const wallet::Output& output);
  void CheckSpent(Pool& pool);                                  // I1
  void CheckSlots();                                            // I1, of leases
  void CheckGranted(Host& host, const limits::Answer& answer);  // I2
  Amount GrantedTo(const Host& host, const RowKey& key) const;  // as far as it is synced
  void CheckEverything();
  void CheckHost(Host& host);
  void CheckRefusal(Host& host, const wallet::Decision& decision, const Watch& watch);  // I3
  std::optional<Amount> LeastFree(const Host& host, const wallet::Decision& decision,
                                  const Watch::Wanted& wanted);
  void WatchReservation(Host& host, uint64_t exchange, const std::vector<wallet::Part>& parts);
  void WatchExtension(Host& host, uint64_t exchange, const limits::Amounts& in_all);
  bool IsImpaired(WallTime since) const;
  bool IsHere(const ledger::Holder& holder) const;
  Amount HeldByOthers(const ledger::Statement& statement) const;
  bool FreesWhatWasOutOfReach(const ledger::Output& output) const;
  Amount LimitOf(const std::string& account) const;
  limits::Span SpanOf(const std::string& account) const;
  bool IsOfItsLimit(const Pool& pool) const;
  void NoteMost(Pool& pool);

  Plan plan_;
  Random random_;
  Timeline time_;
  Result result_;
  std::vector<limits::Limit> limits_;
  std::shared_ptr<const limits::Table> table_;
  std::vector<std::unique_ptr<Host>> hosts_;
  Keep keep_;
  Truth truth_;
  std::map<ledger::Holder, std::map<Pool*, Amount>> frozen_;  // by incarnations that have ended
  uint64_t made_ = 0;                                         // exchanges
  uint64_t next_id_ = 0;
  bool is_strict_ = false;
  bool is_quiet_ = false;
  int64_t loss_ = 0;     // of a thousand messages
  int64_t repeats_ = 0;  // of a thousand
  int64_t delay_us_ = 500;
  bool has_faults_ = false;
  std::set<std::string> kinds_;  // of violations that were reported
};

ExchangeId IdOf(uint64_t exchange);
uint64_t NumberOf(const ExchangeId& id);

inline constexpr Amount kStep{2'000};        // of an extension
inline constexpr Amount kInputError{1'000};  // of an estimate
inline constexpr int64_t kPerToken = 10;

}  // namespace postern::model
