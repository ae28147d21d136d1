// What happens: requests, and everything that can befall a machine.
#include <algorithm>

#include "tests/model/simulation.h"

namespace postern::model {

using limits::Frame;
using limits::Limit;
using limits::Scope;
using limits::Span;
using limits::Unit;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr WallTime kBegin{seconds(1'795'434'000)};  // some minutes before midnight, UTC
constexpr int64_t kBetweenMs = 300;                 // exchanges of the whole fleet, on average

}  // namespace

Simulation::Simulation(const Plan& plan) : plan_(plan), random_(plan.seed), time_(kBegin) {
  is_strict_ = random_.OneIn(4);
  MakeLimits();
  SetLimits();
  StartKeep();
  const int64_t hosts = random_.Between(2, 5);
  for (int64_t i = 0; i < hosts; ++i) Start(AddHost());
}

// So that in some runs nothing is ever short, in most something is now and then, in some everything always.
void Simulation::MakeLimits() {
  const auto about = [&](int64_t usual) { return Amount(usual * random_.Between(30, 220) / 100 + 1); };
  const auto exchanges_in = [&](int64_t window_seconds) {
    const auto all = static_cast<int64_t>(plan_.exchanges);
    return std::min(all, window_seconds * 1000 / kBetweenMs);
  };
  const auto limit = [&](const char* id, Scope scope, Unit unit, Amount amount, Span span, Frame frame) {
    limits_.push_back({id, scope, "", "", unit, amount, span, frame,
                       is_strict_ ? limits::Admission::kStrict : limits::Admission::kEstimated,
                       std::nullopt});
  };
  limit("org", Scope::kOrganisation, Unit::kUsd, about(exchanges_in(3'600) * 6'000), Span::kHour,
        Frame::kCalendar);
  limit("team", Scope::kTeam, Unit::kUsd, about(exchanges_in(86'400) * 3'000), Span::kDay, Frame::kCalendar);
  limit("tokens", Scope::kOrganisation, Unit::kTokens, about(exchanges_in(60) * 700), Span::kMinute,
        Frame::kCalendar);
  limit("rate", Scope::kOrganisation, Unit::kRequests, about(exchanges_in(60)), Span::kMinute,
        Frame::kRolling);
  limit("slots", Scope::kOrganisation, Unit::kConcurrent, about(12), Span::kDay, Frame::kCalendar);
}

void Simulation::SetLimits() {
  auto table = limits::Table::Make(limits_, policy::Utc());
  CHECK(table.has_value());
  table_ = std::make_shared<const limits::Table>(std::move(*table));
}

Host& Simulation::AddHost() {
  Host& host = *hosts_.emplace_back(std::make_unique<Host>());
  host.index = hosts_.size() - 1;
  host.agent = "host" + std::to_string(host.index);
  host.machine = ++next_id_;
  host.accounts = {{"org", Unit::kUsd},
                   {host.index % 2 == 0 ? "team/a" : "team/b", Unit::kUsd},
                   {"tokens", Unit::kTokens},
                   {"rate", Unit::kRequests},
                   {"slots", Unit::kConcurrent}};
  return host;
}

Host* Simulation::AnyHost() {
  Host& host = *hosts_[static_cast<size_t>(random_.Between(0, static_cast<int64_t>(hosts_.size()) - 1))];
  return host.is_up && !Sleeps(host) ? &host : nullptr;
}

Result Simulation::Run() {
  NextPhase();
  NextExchange();
  NextFault();
  while (made_ < plan_.exchanges && result_.violations.size() < 5 && time_.Step())
    if (time_.steps() % 1'000 == 0) CheckEverything();
  Quieten();
  // One in thousands may happen where a slot is passed on all the time; more would be a ledger that can't
  // prove.
  if (result_.unproven > 2 + result_.judged / 5'000) Violated("I3 too many refusals have no proof");
  result_.steps = time_.steps();
  return result_;
}

// Calm and storm by turns. In the calm nothing is lost, though order is never kept.
void Simulation::NextPhase() {
  if (is_quiet_) return;
  has_faults_ = random_.OneIn(3);
  loss_ = has_faults_ ? random_.Between(0, 200) : 0;
  repeats_ = random_.OneIn(2) ? random_.Between(0, 150) : 0;
  delay_us_ = has_faults_ && random_.OneIn(3) ? random_.Between(1'000, 300'000) : random_.Between(200, 6'000);
  time_.After(seconds(random_.Between(10, 60)), [this] { NextPhase(); });
}

void Simulation::NextExchange() {
  if (is_quiet_ || made_ >= plan_.exchanges) return;
  // In bursts, as subagents come.
  const int64_t burst = random_.OneIn(6) ? random_.Between(2, 12) : 1;
  if (Host* host = AnyHost())
    for (int64_t i = 0; i < burst && host->is_up; ++i) Request(*host);
  time_.After(milliseconds(random_.Between(1, 2 * kBetweenMs * burst)), [this] { NextExchange(); });
}

void Simulation::NextFault() {
  if (is_quiet_) return;
  if (has_faults_) {
    if (random_.OneIn(5)) {
      BefallKeep();
    } else if (Host* host = AnyHost()) {
      Befall(*host);
    }
  }
  time_.After(milliseconds(random_.Between(500, 12'000)), [this] { NextFault(); });
}

// A machine that goes on from somebody's disk: its own of some time ago, or another's.
void Simulation::Copy(Host& host, const HostDisk& disk) {
  ++result_.copies;
  host.synced = host.written = disk;
  host.is_blind = true;
  host.share.clear();
}

void Simulation::ComeBackSoon(Host& host) {
  time_.After(milliseconds(random_.Between(10, 3'000)), [this, &host] {
    if (!host.is_up && !host.is_dead) Start(host);
  });
}

// Its disk is lost; once in a while the machine is gone for good.
void Simulation::LoseDisk(Host& host) {
  Stop(host, true);
  if (!host.is_blind) Freeze(host);
  Unshare(host);
  host.is_blind = false;
  host.snapshot.reset();
  host.synced = host.written = HostDisk{};
  ++result_.copies;
  const bool shared_name = std::count_if(hosts_.begin(), hosts_.end(),
                                         [&](const auto& other) { return other->agent == host.agent; }) > 1;
  if (shared_name || hosts_.size() >= 12 || !random_.OneIn(3)) return ComeBackSoon(host);
  host.is_dead = true;
  Start(AddHost());
  if (random_.OneIn(2) && keep_.is_up) {
    ledger::Output output;
    keep_.ledger->Forfeit(host.agent, time_.now(), output);
    truth_.ForgetWatches();
    ActKeep(output);
  }
}

// A laptop that is shut: nothing is lost, and everything stands still but the clock. Whoever opens it asks at
// once.
void Simulation::Sleep(Host& host) {
  ++result_.sleeps;
  host.wakes = time_.now() + milliseconds(random_.Between(200, 120'000));
  AtHost(host, seconds(0), [this, &host, life = host.life] {
    if (host.is_up && host.life == life && !is_quiet_) Request(host);
  });
}

void Simulation::Befall(Host& host) {
  switch (random_.Between(1, 10)) {
    case 1:
    case 2:  // killed: what was written is there
      Stop(host, false);
      return ComeBackSoon(host);
    case 3:
    case 4:  // without power: what wasn't synced may be lost
      Stop(host, true);
      return ComeBackSoon(host);
    case 5: host.snapshot = host.synced; return;
    case 6:  // set back to a snapshot
      if (!host.snapshot) return;
      Stop(host, true);
      if (!host.is_blind) Freeze(host);
      Unshare(host);
      Copy(host, *host.snapshot);
      return ComeBackSoon(host);
    case 7: {  // cloned, while it runs on
      if (hosts_.size() >= 12) return;
      Host& clone = AddHost();
      clone.agent = host.agent;
      clone.accounts = host.accounts;
      Copy(clone, host.synced);
      return Start(clone);
    }
    case 8: return LoseDisk(host);
    case 9: return Sleep(host);
    default:
      host.is_cut_off = true;
      time_.After(milliseconds(random_.Between(200, 90'000)), [&host, this] {
        host.is_cut_off = false;
        host.impaired = time_.now();
      });
  }
}

void Simulation::BefallKeep() {
  switch (random_.Between(1, 6)) {
    case 1:
    case 2: {  // crashed
      if (!keep_.is_up) return;
      StopKeep();
      time_.After(milliseconds(random_.Between(50, 4'000)), [this] {
        if (!keep_.is_up) StartKeep();
      });
      return;
    }
    case 3: {
      keep_.backup = keep_.disk;
      time_.After(seconds(60), [this] { keep_.backup.reset(); });
      return;
    }
    case 4: {  // lost, and restored from the backup, by the book: recover, then run
      if (!keep_.is_up || !keep_.backup || !random_.OneIn(2)) return;
      StopKeep();
      ++result_.recoveries;
      keep_.disk = *keep_.backup;
      keep_.backup.reset();
      ++keep_.disk.epoch;
      keep_.disk.recovered = time_.now();
      StartKeep();
      ledger::Output output;
      keep_.ledger->Recover(time_.now(), output);
      ActKeep(output);
      truth_.ForgetWatches();
      return;
    }
    case 5: return ChangeLimits();
    default: return;
  }
}

// A limit is lowered, raised or given another length of time, or what was spent of it is forgiven.
void Simulation::ChangeLimits() {
  if (!keep_.is_up) return;
  for (auto& [account, pools] : truth_.pools())
    for (Pool& pool : pools) NoteMost(pool);
  truth_.ForgetWatches();
  ledger::Output output;
  if (random_.OneIn(4)) {
    const char* account = random_.OneIn(2) ? "tokens" : "org";
    std::map<limits::Window, Amount> unreported;  // of it some was spent, and is forgiven with the rest
    for (const ledger::Statement& statement : keep_.ledger->Statements(account, time_.now()))
      unreported[statement.window] = statement.unreported;
    keep_.ledger->Reset(account, time_.now(), output);
    for (const ledger::Statement& statement : keep_.ledger->Statements(account, time_.now())) {
      Pool& pool = truth_.At(account, statement.window);
      pool.forgiven = statement.amount - LimitOf(account) + unreported[statement.window];
      NoteMost(pool);
    }
  } else {
    Limit& limit = limits_[static_cast<size_t>(random_.Between(0, 4))];
    limit.amount = Amount(limit.amount.units() * random_.Between(70, 140) / 100 + 1);
    // Another length of time, too, now and then; slots have none.
    if (limit.unit != Unit::kConcurrent && random_.OneIn(3))
      limit.span = limit.span == Span::kMinute ? Span::kHour : Span::kMinute;
    SetLimits();
    keep_.ledger->SetLimits(table_, time_.now(), output);
  }
  ActKeep(output);
}

}  // namespace postern::model
