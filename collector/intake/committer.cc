#include "collector/intake/committer.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "collector/directory/names.h"
#include "shared/base/log.h"
#include "shared/limits/wire_form.h"

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

// A store that fails isn't asked again and again without a breath.
constexpr auto kPauseAfterFailure = 100ms;

void Add(std::vector<Outbox::Letter>& letters, bus::Peer peer, wire::FromCollector message) {
  auto frame = wire::Encode(std::move(message));
  if (!frame)
    return Log(Level::kError, "a message to an agent can't be written", {{"error", frame.error().message}});
  letters.push_back({peer, *std::move(frame)});
}

constexpr size_t kStandingsInAGrant = 1000;

std::vector<limits::Answer> InParts(limits::Answer answer) {
  std::vector<limits::Answer> parts;
  auto standings = std::exchange(answer.standings, {});
  size_t next = 0;
  do {
    const size_t end = std::min(next + kStandingsInAGrant, standings.size());
    limits::Answer& part = parts.emplace_back(answer);
    for (; next < end; ++next) part.standings.push_back(std::move(standings[next]));
  } while (next < standings.size());
  return parts;
}

const char* ReasonOf(ledger::Trouble trouble) {
  switch (trouble) {
    case ledger::Trouble::kUnsound: return "absurd";
    case ledger::Trouble::kBeyond: return "overspent";
    case ledger::Trouble::kRestored: return "ungranted";
  }
  return "absurd";
}

Alarm ToAlarm(const ledger::Alarm& alarm) {
  std::string sentence = alarm.sentence;
  if (!alarm.account.empty()) sentence += ": " + directory::Presentable(alarm.account);
  return {ReasonOf(alarm.trouble), alarm.holder.agent, std::move(sentence), alarm.holder.incarnation};
}

}  // namespace

void Committer::Run() {
  treasury::Treasury& treasury = shared_.treasury;
  bool ended = false;
  while (!ended) {
    HandOver::Work work = shared_.hand_over.Take(treasury.patience());
    ended = work.ended;
    for (const Alarm& alarm : work.alarms) Record(alarm);
    if (shared_.restored.load(std::memory_order_acquire)) {  // the conversation thread says so to all
      treasury.Refuse(
          {ErrorCode::kUnavailable, "the collector was restored from a backup and must be recovered first"});
    } else {
      Turn(std::move(work.batch));
    }
  }
  treasury.Close();
}

// One change of the store: a batch of events, if there is one, and all that has come of money.
void Committer::Turn(std::optional<Batch> events) {
  const bool is_stale =
      events && events->generation != shared_.progress.generation.load(std::memory_order_acquire);
  if (is_stale) {
    Fail(*events, {ErrorCode::kUnavailable, "it rests on a batch that wasn't stored"});
    events.reset();
  }
  const bool has_events = events.has_value();
  Batch batch = has_events ? *std::move(events) : Batch();
  const BootTime begin = BootClock::now();
  const auto receipt = Commit(batch, has_events);
  if (receipt) {
    treasury::Proceeds proceeds = shared_.treasury.Committed(*receipt);
    if (has_events) Finish(batch, *receipt, BootClock::now() - begin);
    return Deliver(std::move(proceeds));
  }
  if (has_events) {
    shared_.progress.generation.fetch_add(1, std::memory_order_acq_rel);
    Fail(batch, receipt.error());
  }
  if (receipt.error().code != ErrorCode::kDenied) std::this_thread::sleep_for(kPauseAfterFailure);
}

Result<store::Receipt> Committer::Commit(Batch& batch, bool has_events) {
  RETURN_IF_ERROR(shared_.treasury.Prepare(batch.settlements, batch.change));
  if (!batch.change.empty()) {
    auto receipt = shared_.store.Commit(batch.change);
    if (!receipt) shared_.treasury.Failed(receipt.error());
    return receipt;
  }
  if (!has_events) return store::Receipt{};
  const store::StoreStats stats = shared_.store.stats();
  return store::Receipt{.log_size = stats.log_size, .revision = stats.revision};
}

void Committer::Finish(Batch& batch, const store::Receipt& receipt, std::chrono::nanoseconds took) {
  shared_.progress.committed.store(batch.number, std::memory_order_release);
  Counters& counters = shared_.presence.counters;
  Count(counters.commits);
  Count(counters.commit_nanoseconds, static_cast<uint64_t>(took.count()));
  Count(counters.events, batch.change.events.size());
  for (const store::NewEvent& event : batch.change.events) Count(counters.event_bytes, event.bytes.size());
  // Before the agents hear of it: who is told of a fork must find itself quarantined when it asks again.
  for (const Alarm& fork : batch.forks) Quarantine(fork);
  std::vector<Outbox::Letter> letters;
  for (const Reply& reply : batch.replies) {
    if (!reply.marks.empty()) letters.push_back(Acknowledge(reply, receipt));
    Reject(letters, reply);
  }
  shared_.outbox.Put(std::move(letters));
  wake_();
  for (Alarm& alarm : batch.alarms) shared_.alarms.Raise(std::move(alarm), BootClock::now());
}

void Committer::Deliver(treasury::Proceeds proceeds) {
  std::vector<Outbox::Parcel> parcels;
  for (ledger::Message& message : proceeds.messages) {
    // Everything that an agent holds may be more than a frame has room for.
    for (limits::Answer& part : InParts(std::move(message.answer))) {
      wire::FromCollector grant;
      *grant.mutable_grant() = limits::ToWire(part, message.to.incarnation);
      auto frame = wire::Encode(std::move(grant));
      if (frame) parcels.push_back({message.to, *std::move(frame)});
      else Log(Level::kError, "a grant can't be written", {{"error", frame.error().message}});
    }
  }
  for (ledger::Holder& stranger : proceeds.strangers) parcels.push_back({std::move(stranger), ""});
  for (const ledger::Alarm& alarm : proceeds.alarms) shared_.alarms.Raise(ToAlarm(alarm), BootClock::now());
  if (parcels.empty()) return;
  shared_.outbox.Put(std::move(parcels));
  wake_();
}

void Committer::Fail(Batch& batch, const Error& error) {
  Count(shared_.presence.counters.failed_commits);
  LOG_LIMITED(1s, Level::kError, "a batch of events was not stored",
              {{"code", Name(error.code)}, {"error", error.message}});
  std::vector<Outbox::Letter> letters;
  for (const Reply& reply : batch.replies) {
    wire::FromCollector message;
    message.mutable_rejected()->set_reason("busy");
    message.mutable_rejected()->set_sentence("the collector could not store these events");
    Add(letters, reply.peer, std::move(message));
  }
  shared_.outbox.Put(std::move(letters));
  wake_();
}

void Committer::Quarantine(const Alarm& fork) {
  auto record =
      shared_.directory.agents().Quarantine(fork.agent, fork.reason, fork.sentence, fork.incarnation);
  if (record) return shared_.agents.Put(*std::move(record));
  // Its events are refused all the same, each time that they come.
  Log(Level::kError, "an agent could not be quarantined",
      {{"agent", fork.agent}, {"error", record.error().message}});
}

void Committer::Record(const Alarm& alarm) {
  const auto receipt = shared_.chronicle.Record(ToEvent(alarm));
  if (receipt) return;
  Log(Level::kError, "an alarm could not be recorded",
      {{"alarm", alarm.reason}, {"agent", alarm.agent}, {"error", receipt.error().message}});
}

Outbox::Letter Committer::Acknowledge(const Reply& reply, const store::Receipt& receipt) const {
  wire::FromCollector message;
  wire::Acknowledged& acknowledged = *message.mutable_acknowledged();
  for (const wire::Place& mark : reply.marks) *acknowledged.add_marks() = wire::ToMark(mark);
  wire::Memory memory;
  memory.set_agent(reply.agent);
  memory.set_collector(shared_.collector);
  memory.set_epoch(shared_.epoch);
  *memory.mutable_acknowledged() = wire::ToMark(reply.marks.back());
  memory.set_revision(receipt.revision);
  memory.set_log_size(receipt.log_size);
  wire::SignedMemory written = wire::SignMemory(memory, shared_.log_key);
  acknowledged.set_memory(std::move(written.bytes));
  acknowledged.set_memory_signature(std::move(written.signature));
  acknowledged.set_revision(receipt.revision);

  shared_.presence.Update(reply.agent, [&](AgentPresence& presence) {
    for (const wire::Place& mark : reply.marks) {
      if (mark.incarnation == presence.stored.incarnation) presence.stored = mark;
    }
  });
  std::vector<Outbox::Letter> letters;
  Add(letters, reply.peer, std::move(message));
  CHECK(!letters.empty());  // all of it is ours, and bounded
  return std::move(letters.front());
}

void Committer::Reject(std::vector<Outbox::Letter>& letters, const Reply& reply) const {
  for (const wire::Rejected& rejected : reply.rejections) {
    wire::FromCollector message;
    *message.mutable_rejected() = rejected;
    Add(letters, reply.peer, std::move(message));
  }
}

}  // namespace postern::intake
