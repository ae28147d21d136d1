// What the conversation thread hears from agents that it has greeted.
#include <algorithm>
#include <utility>

#include "collector/directory/names.h"
#include "collector/intake/conversation.h"
#include "shared/base/log.h"

namespace postern::intake {

void Conversation::OnEvents(Session& session, wire::Events& events) {
  Submission submission;
  submission.agent = session.agent;
  submission.peer = session.peer;
  submission.greeting = session.greeting;
  submission.events = std::move(events);
  if (queue_.Push(std::move(submission)) == FairQueue::Taken::kFull) {
    Count(shared_.presence.counters.busy);
    if (!session.scoldings.Take(BootClock::now())) return;
    Reject(session, "busy", "more events came than can be held for one agent");
  }
  shared_.presence.counters.queued_bytes.store(queue_.weight(), std::memory_order_relaxed);
  shared_.presence.counters.queued_frames.store(queue_.frames(), std::memory_order_relaxed);
}

void Conversation::OnQuery(Session& session, const wire::Query& query) {
  Count(shared_.presence.counters.queries);
  TellChanges();  // then it isn't told again of what is answered now
  const BootTime now = BootClock::now();
  if (session.queries.Take(now)) return SendAll(session, informer_.Answer(session, query, now));
  Count(shared_.presence.counters.busy);
  if (session.scoldings.Take(now)) Reject(session, "busy", "more queries came than are answered at a time");
}

void Conversation::OnHeartbeat(Session& session, const wire::Heartbeat& heartbeat) {
  const auto agent = shared_.agents.Find(session.agent);
  const auto claimed = wire::ToPlace(heartbeat.now());
  if (!agent || !agent->seal_key || !claimed || !wire::VerifyHeartbeat(heartbeat, *agent->seal_key)) {
    Count(shared_.presence.counters.bad_heartbeats);
    shared_.alarms.Raise(
        {"heartbeat", session.agent, "a heartbeat is not signed with the key that was enrolled", 0},
        BootClock::now());
    return;
  }
  Count(shared_.presence.counters.heartbeats);
  CheckClaim(session, *agent, *claimed);
  shared_.presence.Update(session.agent, [&](AgentPresence& presence) {
    presence.heartbeat = shared_.wall_now();
    presence.heartbeat_boot = BootClock::now();
    presence.claimed = *claimed;
    presence.unsent = heartbeat.unsent();
    presence.revision = std::max(presence.revision, std::min(heartbeat.revision(), informer_.told()));
  });
  shared_.contacts.Hear(session.agent, Seconds());
  shared_.treasury.Hear({session.agent, session.incarnation},
                        WallTime(std::chrono::nanoseconds(heartbeat.at())));
  const auto current = shared_.agents.Find(session.agent);
  wire::FromCollector message;
  wire::HeartbeatAnswer& answer = *message.mutable_heartbeat_answer();
  answer.set_nonce(heartbeat.nonce());
  answer.set_revision(shared_.directory.revision());
  answer.set_wall_time(shared_.wall_now().time_since_epoch().count());
  answer.set_state(current->record.state());
  answer.set_state_why(current->record.why());
  Send(session, std::move(message));
}

// A signed head that contradicts what is stored proves another history; one that is behind it, another state.
void Conversation::CheckClaim(Session& session, const Agent& agent, const wire::Place& claimed) {
  const auto presence = shared_.presence.Find(session.agent);
  if (!presence || !agent.is_active() || claimed.incarnation != presence->stored.incarnation) return;
  const wire::Place& stored = presence->stored;
  if (claimed.sequence == stored.sequence && stored.sequence > 0 && claimed.head != stored.head) {
    Count(shared_.presence.counters.forks);
    auto record = shared_.directory.agents().Quarantine(
        session.agent, "fork", "a heartbeat signs another history than the one that is stored",
        claimed.incarnation);
    if (record) shared_.agents.Put(*std::move(record));
  } else if (claimed.sequence < stored.sequence) {
    AskForHello(session, "a heartbeat is behind what is stored");
  }
}

// No agent is told anything of a later revision than told().
void Conversation::OnSeen(Session& session, const wire::Seen& seen) {
  if (seen.revision() > informer_.told()) {
    Count(shared_.presence.counters.unheard_of);
    return shared_.alarms.Raise(
        {"unheard_of", session.agent, "an agent says that it knows a revision that it was never told", 0},
        BootClock::now());
  }
  session.seen = std::max(session.seen, seen.revision());
  session.subscriptions.Seen(seen.revision());
  shared_.presence.Update(session.agent, [&](AgentPresence& presence) {
    presence.revision = std::max(presence.revision, seen.revision());
  });
  if (seen.policy() != 0) OnPolicySeen(session, seen);
  NoteProgress(session);
}

void Conversation::OnPolicySeen(Session& session, const wire::Seen& seen) {
  Counters& counters = shared_.presence.counters;
  const BootTime now = BootClock::now();
  const std::string version = std::to_string(seen.policy());
  switch (courier_.Hear(session.peer, seen, now)) {
    case Courier::Word::kNothing: return;
    case Courier::Word::kTaken:
      Count(counters.policies);
      NoteInForce(session, seen.policy());
      return shared_.presence.Update(session.agent, [&](AgentPresence& presence) {
        presence.policy = seen.policy();
        presence.refused.clear();
      });
    case Courier::Word::kRefused: {
      Count(counters.refused_policies);
      const std::string why = directory::Presentable(seen.policy_refused());
      shared_.presence.Update(session.agent, [&](AgentPresence& presence) { presence.refused = why; });
      return shared_.alarms.Raise({"policy_refused", session.agent,
                                   "an agent doesn't take version " + version + " of the policy: " + why, 0},
                                  now);
    }
    case Courier::Word::kUnheardOf:
      Count(counters.unheard_of);
      NoteInForce(session, seen.policy());
      return shared_.alarms.Raise(
          {"unheard_of", session.agent,
           "an agent speaks of version " + version + " of the policy, which it was never sent", 0},
          now);
  }
}

// A version beyond all that there are here says that a backup was restored.
void Conversation::NoteInForce(const Session& session, uint64_t version) {
  if (version == 0 || version > packed_policy_ + Courier::kMostVersionsAhead) return;
  shared_.decrees.note_in_force(session.agent, version);
}

void Conversation::OnLastSeen(Session& session, const wire::Seen& seen) {
  if (seen.revision() < session.dismissed->revision) return;
  shared_.contacts.Stop(session.agent, Seconds());
  for (const auto& question : shared_.acknowledgements.Open()) {
    if (question.concern.kind == Concern::Kind::kAgent && question.concern.id == session.agent)
      shared_.acknowledgements.Note(question.number, session.agent, Acknowledgements::Holding::kSeen);
  }
  CutOff(session);
}

void Conversation::OnTombstones(const Session& session, const wire::Tombstones& tombstones) {
  const size_t revoked = informer_.TakeTombstones(tombstones);
  if (revoked == 0) return;
  Log(Level::kWarning, "keys were revoked again that a restored backup had forgotten to be",
      {{"agent", session.agent}, {"keys", revoked}});
}

}  // namespace postern::intake
