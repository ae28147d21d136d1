#include "collector/intake/committer.h"

#include <thread>
#include <utility>

#include "shared/base/log.h"

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

void Count(std::atomic<uint64_t>& counter, uint64_t more = 1) {
  counter.fetch_add(more, std::memory_order_relaxed);
}

}  // namespace

void Committer::Run() {
  for (HandOver::Work work = shared_.hand_over.Take(); !work.ended; work = shared_.hand_over.Take()) {
    for (const Alarm& alarm : work.alarms) Record(alarm);
    if (work.batch) Commit(*work.batch);
  }
}

void Committer::Commit(Batch& batch) {
  if (shared_.restored.load(std::memory_order_acquire)) return;  // the conversation thread says so to all
  if (batch.generation != shared_.progress.generation.load(std::memory_order_acquire)) {
    return Fail(batch, {ErrorCode::kUnavailable, "it rests on a batch that wasn't stored"});
  }
  const BootTime begin = BootClock::now();
  const store::StoreStats stats = batch.change.empty() ? shared_.store.stats() : store::StoreStats{};
  auto receipt = batch.change.empty() ? store::Receipt{.log_size = stats.log_size, .revision = stats.revision}
                                      : shared_.store.Commit(batch.change);
  if (!receipt) {
    shared_.progress.generation.fetch_add(1, std::memory_order_acq_rel);
    Fail(batch, receipt.error());
    if (receipt.error().code != ErrorCode::kDenied) std::this_thread::sleep_for(kPauseAfterFailure);
    return;
  }
  Finish(batch, *receipt, BootClock::now() - begin);
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
