#include "collector/intake/greeter.h"

#include <algorithm>
#include <set>
#include <utility>

#include "collector/intake/memory_proof.h"
#include "shared/base/log.h"
#include "shared/limits/wire_form.h"

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

// A state that keeps coming back as another one costs a record each time.
constexpr int kIssuesAtOnce = 16;
constexpr auto kIssueInterval = 1min;

// Beyond this many events it isn't computed whether an older state is a part of what is stored: it takes too
// long for the thread that all agents wait for. The state gets a new incarnation, and is found out as a fork
// as soon as it sends an event of the old one that differs.
constexpr uint64_t kMostHashed = 100'000;

wire::Rejected MakeRejected(const char* reason, const std::string& sentence) {
  wire::Rejected rejected;
  rejected.set_reason(reason);
  rejected.set_sentence(sentence);
  rejected.set_say_hello(true);
  return rejected;
}

}  // namespace

limits::Return ReportOf(const wire::Hello& hello) {
  limits::Return report;
  for (const wire::Holding& holding : hello.holdings()) report.held.push_back(limits::FromWire(holding));
  return report;
}

std::variant<wire::Welcome, wire::Rejected> Greeter::Greet(const std::string& agent,
                                                           const wire::Hello& hello) {
  const auto entry = shared_.agents.Find(agent);
  if (!entry) return MakeRejected("busy", "this agent's enrolment has not been read yet");
  // Who spoke before a forfeit may have been shut off by it.
  if (entry->record.incarnation() == 0) lives_.erase(agent);
  const Acquaintance::Company company = NoteLife(agent, hello.life());
  const auto known = Know(agent, hello, entry->record, company);
  if (shared_.restored.load(std::memory_order_acquire)) {
    return MakeRejected("restored", "the collector was restored from a backup and must be recovered first");
  }
  if (!known) return MakeRejected("busy", "the collector's store fails: " + known.error().message);

  const Judgement judgement = Judge(hello, *known);
  if (!judgement.alarm.empty() && judgement.course != Course::kFork) {
    shared_.alarms.Raise({judgement.alarm, agent, judgement.why, hello.now().incarnation()},
                         BootClock::now());
  }
  uint64_t incarnation = entry->record.incarnation();
  if (judgement.course == Course::kFork) {
    if (const Status done = Quarantine(agent, hello, judgement); !done) {
      return MakeRejected("busy", "the collector's store fails: " + done.error().message);
    }
  }
  if (judgement.course == Course::kIssue) {
    const auto issued = Issue(agent, hello, entry->record);
    if (!issued) return MakeRejected("busy", issued.error().message);
    incarnation = *issued;
  }
  auto welcome = Write(agent, hello, incarnation, judgement);
  if (!welcome) return MakeRejected("busy", "the collector's store fails: " + welcome.error().message);
  return *std::move(welcome);
}

// A life that comes back after another one has come is alive beside it: two machines with the same keys.
Acquaintance::Company Greeter::NoteLife(const std::string& agent, const std::string& life) {
  auto& lives = lives_[agent];
  if (!lives.empty() && lives.back() == life) return Acquaintance::Company::kAlone;
  const auto before = std::find(lives.begin(), lives.end(), life);
  const bool returns = before != lives.end();
  if (returns) {
    lives.erase(before);
    shared_.alarms.Raise(
        {"two_lives", agent, "two processes speak with this agent's keys at the same time", 0},
        BootClock::now());
  }
  lives.push_back(life);
  if (lives.size() > kLivesKept) lives.pop_front();
  return returns ? Acquaintance::Company::kAnotherLife : Acquaintance::Company::kAlone;
}

Result<Acquaintance::Epoch> Greeter::ReadMemory(const std::string& agent, const wire::Hello& hello) {
  if (hello.memory().empty()) return Acquaintance::Epoch::kPresent;
  const auto memory =
      wire::OpenMemory(hello.memory(), hello.memory_signature(), shared_.log_key.public_key());
  if (!memory) {
    shared_.alarms.Raise(
        {"forged_memory", agent, "an agent shows a memory that this collector has not signed", 0},
        BootClock::now());
    return Acquaintance::Epoch::kPresent;
  }
  const uint64_t incarnation = memory->acknowledged().incarnation();
  ASSIGN_OR_RETURN(const auto chain, shared_.store.FindChain(agent, incarnation));
  const store::StoreStats stats = shared_.store.stats();
  Remembered now{.agent = agent,
                 .collector = shared_.collector,
                 .epoch = shared_.epoch,
                 .revision = stats.revision,
                 .log_size = stats.log_size,
                 .place = {incarnation, chain ? chain->sequence : 0, chain ? chain->head : wire::kFirstHead}};
  if (const auto sentence = WhatWasForgotten(*memory, now)) {
    if (!shared_.restored.exchange(true, std::memory_order_acq_rel)) {
      shared_.alarms.Raise({"restored", agent, *sentence, incarnation}, BootClock::now());
    }
    RETURN_IF_ERROR(NoteForgotten(shared_.directory, {.epoch = memory->epoch(),
                                                      .revision = memory->revision(),
                                                      .log_size = memory->log_size(),
                                                      .sentence = *sentence}));
  }
  const bool earlier = memory->collector() == shared_.collector && memory->epoch() < shared_.epoch;
  return earlier ? Acquaintance::Epoch::kEarlier : Acquaintance::Epoch::kPresent;
}

Result<Acquaintance> Greeter::Know(const std::string& agent, const wire::Hello& hello,
                                   const wire::AgentRecord& record, Acquaintance::Company company) {
  Acquaintance known;
  known.company = company;
  ASSIGN_OR_RETURN(known.last_memory, ReadMemory(agent, hello));
  known.record = record;
  const wire::Mark& now = hello.now();
  if (record.incarnation() != 0) {
    ASSIGN_OR_RETURN(known.issued, shared_.store.FindChain(agent, record.incarnation()));
  }
  if (now.incarnation() != record.incarnation()) {
    ASSIGN_OR_RETURN(const auto other, shared_.store.FindChain(agent, now.incarnation()));
    if (other && other->issued) known.origin = Acquaintance::Origin::kIssuedHere;
    const auto offer = offers_.find(agent);
    if (offer != offers_.end() && offer->second.life == hello.life() &&
        offer->second.incarnation == record.incarnation()) {
      known.offer = Acquaintance::Offer::kToThisLife;
    }
  } else {
    if (known.issued && now.sequence() < known.issued->sequence) {
      ASSIGN_OR_RETURN(known.head_at_now, HeadAt(*known.issued, now.sequence()));
    }
    ASSIGN_OR_RETURN(known.money, shared_.treasury.Doubt({agent, now.incarnation()}, ReportOf(hello)));
  }
  return known;
}

// From the digests that are stored; nothing where there is a hole before it, or it is too far.
Result<std::optional<wire::Head>> Greeter::HeadAt(const store::Chain& chain, uint64_t sequence) {
  wire::Head head = wire::kFirstHead;
  if (sequence > kMostHashed || (!chain.holes.empty() && chain.holes.front().first <= sequence)) {
    return std::optional<wire::Head>();
  }
  for (uint64_t done = 0; done < sequence;) {
    ASSIGN_OR_RETURN(const auto digests,
                     shared_.store.Digests(chain.agent, chain.incarnation, done + 1, sequence - done));
    if (digests.empty()) return std::optional<wire::Head>();
    for (const crypto::Digest& digest : digests) head = wire::ExtendBy(head, digest);
    done += digests.size();
  }
  return std::optional(head);
}

Result<uint64_t> Greeter::Issue(const std::string& agent, const wire::Hello& hello,
                                const wire::AgentRecord& record) {
  Allowance& allowance = issues_.try_emplace(agent, kIssuesAtOnce, kIssueInterval).first->second;
  if (!allowance.Take(BootClock::now())) {
    return Error{ErrorCode::kExhausted, "this agent was given too many incarnations in a short time"};
  }
  directory::Agents& agents = shared_.directory.agents();
  ASSIGN_OR_RETURN(const uint64_t incarnation,
                   agents.IssueIncarnation(agent, record.incarnation(), hello.machine()));
  ASSIGN_OR_RETURN(auto changed, agents.Find(agent));
  shared_.agents.Put(std::move(changed));
  offers_[agent] = {hello.life(), incarnation};
  shared_.presence.counters.issued.fetch_add(1, std::memory_order_relaxed);
  return incarnation;
}

Result<wire::Welcome> Greeter::Write(const std::string& agent, const wire::Hello& hello, uint64_t incarnation,
                                     const Judgement& judgement) {
  const auto entry = shared_.agents.Find(agent);
  wire::Welcome welcome;
  welcome.set_life(hello.life());
  welcome.set_collector(shared_.collector);
  welcome.set_epoch(shared_.epoch);
  // One that was never issued any can be quarantined too: it stays with what it has.
  welcome.set_incarnation(incarnation != 0 ? incarnation : hello.now().incarnation());
  welcome.set_why(judgement.why);
  welcome.set_revision(shared_.directory.revision());
  welcome.set_wall_time(shared_.wall_now().time_since_epoch().count());
  welcome.set_state(entry->record.state());
  welcome.set_state_why(entry->record.why());
  welcome.set_log_key(std::string(shared_.log_key.public_key().raw()));
  if (!entry->is_active()) return welcome;  // and nothing is acknowledged
  std::set<uint64_t> named{hello.now().incarnation()};
  for (const wire::Mark& mark : hello.kept()) {
    if (named.size() < static_cast<size_t>(wire::kMaxMarks)) named.insert(mark.incarnation());
  }
  for (const uint64_t one : named) {
    ASSIGN_OR_RETURN(const auto chain, shared_.store.FindChain(agent, one));
    // A closed chain may have another history than the agent's: the agent is told when it sends of it.
    if (chain && chain->closed) continue;
    const wire::Place none{one, 0, wire::kFirstHead};
    *welcome.add_acknowledged() = wire::ToMark(chain ? wire::Place{one, chain->sequence, chain->head} : none);
  }
  return welcome;
}

Status Greeter::Quarantine(const std::string& agent, const wire::Hello& hello, const Judgement& judgement) {
  shared_.presence.counters.forks.fetch_add(1, std::memory_order_relaxed);
  ASSIGN_OR_RETURN(auto record, shared_.directory.agents().Quarantine(agent, judgement.alarm, judgement.why,
                                                                      hello.now().incarnation()));
  shared_.agents.Put(std::move(record));
  return Ok{};
}

}  // namespace postern::intake
