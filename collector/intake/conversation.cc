#include "collector/intake/conversation.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "collector/directory/names.h"
#include "shared/base/log.h"

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

constexpr auto kHurriedTick = 5ms;  // while pieces of a policy wait for room
constexpr int kFramesAtOnce = 256;  // received before the outbox has its turn

void Count(std::atomic<uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

Conversation::Conversation(Shared& shared, FairQueue& queue, Recorder& recorder, Informer::Timing timing,
                           std::chrono::nanoseconds policy_patience)
    : shared_(shared),
      queue_(queue),
      recorder_(recorder),
      greeter_(shared),
      informer_(shared, timing),
      courier_(policy_patience, [this](bus::Peer peer, const auto& frame, const auto& waiting) {
        return SendShared(peer, frame, waiting);
      }) {}

Status Conversation::Start(bus::ServerOptions options) {
  // What changes from here on is told: the agents are read after it.
  informer_.BeginAt(shared_.directory.revision());
  RETURN_IF_ERROR(LetIn());
  ASSIGN_OR_RETURN(server_, bus::Server::Listen(std::move(options), admission_));
  return Ok{};
}

Status Conversation::LetIn() {
  directory::PageRequest request{.cursor = std::nullopt, .limit = store::Store::kMaxPage};
  do {
    ASSIGN_OR_RETURN(auto page, shared_.directory.agents().List(request));
    for (const wire::AgentRecord& record : page.items) Admit(record);
    request.cursor = page.next;
  } while (request.cursor);
  return Ok{};
}

void Conversation::Admit(const wire::AgentRecord& record) {
  shared_.agents.Put(record);
  const auto key = bus::CurveKeyFromBytes(record.curve_key());
  if (!key) return;
  if (record.state() == wire::AGENT_REVOKED) {
    admission_.Revoke(*key);
  } else {
    admission_.Admit(*key, record.id());
  }
}

void Conversation::Run(const std::atomic<bool>& drained) {
  for (;;) {
    const bool last = drained.load(std::memory_order_acquire);
    DeliverOutbox();
    if (last) return TakeLeave();
    if (stopping_.load(std::memory_order_acquire)) {
      // What waits to be received stays there, so the bus's own Wait would not wait.
      std::this_thread::sleep_for(1ms);
      continue;
    }
    TellChanges();
    AnswerQuestions();
    if (shared_.restored.load(std::memory_order_acquire)) TellRestored();
    if (const BootTime now = BootClock::now(); now >= next_round_) OnTime(now);
    OnDepartures();
    hurried_ = courier_.Proceed(BootClock::now());
    Receive();
    GreetAll();
  }
}

void Conversation::NoteChange() {
  changed_.store(true, std::memory_order_release);
  server_->Wake();
}

void Conversation::Stop() {
  stopping_.store(true, std::memory_order_release);
  server_->Wake();
}

// ── what comes in ──────────────────────────────────────────────────────────────────────────────────────────

void Conversation::Receive() {
  // While too much waits nothing is received, and TCP pushes back; the rest of the loop goes on.
  if (!queue_.WaitForRoom(5ms)) return;
  server_->Wait(hurried_ ? kHurriedTick : kTick);
  for (int i = 0; i < kFramesAtOnce; ++i) {
    const auto incoming = server_->Receive();
    if (!incoming) return;
    OnFrame(*incoming);
    // A revocation doesn't wait for what agents have to say.
    if (changed_.load(std::memory_order_acquire)) return;
  }
}

void Conversation::OnFrame(const bus::Incoming& incoming) {
  Count(shared_.presence.counters.frames);
  Session& session = SessionOf(incoming);
  auto message = wire::DecodeFromAgent(incoming.frame);
  if (!message) return OnMalformed(session, message.error());
  OnMessage(session, *message);
}

void Conversation::OnMessage(Session& session, wire::FromAgent& message) {
  if (session.dismissed) {
    if (message.has_seen()) OnLastSeen(session, message.seen());
    return;
  }
  if (message.has_hello()) return OnHello(session, *message.mutable_hello());
  if (message.body_case() == wire::FromAgent::BODY_NOT_SET) return;  // a newer agent's word
  if (session.greeting == 0) {
    Count(shared_.presence.counters.ignored);
    return AskForHello(session, "nothing is taken before a Hello");
  }
  switch (message.body_case()) {
    case wire::FromAgent::kEvents: return OnEvents(session, *message.mutable_events());
    case wire::FromAgent::kQuery: return OnQuery(session, message.query());
    case wire::FromAgent::kHeartbeat: return OnHeartbeat(session, message.heartbeat());
    case wire::FromAgent::kSeen: return OnSeen(session, message.seen());
    case wire::FromAgent::kTombstones: return OnTombstones(session, message.tombstones());
    case wire::FromAgent::kDemand: return OnDemand(session, message.demand());
    case wire::FromAgent::kReturned: return OnReturn(session, message.returned());
    default: return;
  }
}

void Conversation::OnHello(Session& session, wire::Hello& hello) {
  Count(shared_.presence.counters.hellos);
  session.greeting = 0;
  if (!session.hellos.Take(BootClock::now())) {
    return Reject(session, "busy", "this agent says Hello too often");
  }
  hellos_.emplace_back(session.peer, std::move(hello));
}

// Those that came in this turn, after one write of when all of them were heard: it is on the disk before any
// of them may count from this answer. What was changed before a Hello came is what it is answered by.
void Conversation::GreetAll() {
  if (hellos_.empty()) return;
  const auto hellos = std::exchange(hellos_, {});
  TellChanges();
  const int64_t now = Seconds();
  for (const auto& [peer, hello] : hellos) {
    if (const auto found = sessions_.find(peer); found != sessions_.end())
      shared_.contacts.Greet(found->second.agent, hello, now);
  }
  const Status noted = NoteContacts();
  for (const auto& [peer, hello] : hellos) {
    const auto found = sessions_.find(peer);
    if (found == sessions_.end() || found->second.dismissed) continue;
    if (noted && informer_.freeze()) {
      Greet(found->second, hello);
    } else {
      TurnAway(found->second);
    }
  }
}

void Conversation::TurnAway(Session& session) {
  wire::FromCollector message;
  message.mutable_rejected()->set_reason("busy");
  message.mutable_rejected()->set_sentence("the collector's store fails");
  message.mutable_rejected()->set_say_hello(true);
  Send(session, std::move(message));
}

void Conversation::Greet(Session& session, const wire::Hello& hello) {
  auto answer = greeter_.Greet(session.agent, hello);
  if (auto* rejected = std::get_if<wire::Rejected>(&answer)) {
    wire::FromCollector message;
    *message.mutable_rejected() = std::move(*rejected);
    return Send(session, std::move(message));
  }
  auto& welcome = std::get<wire::Welcome>(answer);
  session.greeting = ++greetings_;
  session.incarnation = welcome.incarnation();
  session.subscriptions = {};
  session.credentials.clear();
  session.credentials_due = {};
  session.seen = 0;
  welcome.set_revision(informer_.told());
  welcome.set_policy_key(shared_.decrees.policy_key);
  *welcome.mutable_freeze() = *informer_.freeze();
  wire::Place stored{welcome.incarnation(), 0, wire::kFirstHead};
  for (const wire::Mark& mark : welcome.acknowledged()) {
    const auto place = wire::ToPlace(mark);
    if (place && place->incarnation == stored.incarnation) stored = *place;
  }
  shared_.presence.Update(session.agent, [&](AgentPresence& presence) {
    presence.address = session.address;
    presence.host = hello.host();
    presence.version = hello.agent_version();
    presence.connected = true;
    presence.since = shared_.wall_now();
    presence.stored = stored;
    presence.revision = std::min(hello.revision(), shared_.directory.revision());
    presence.policy = hello.policy();
    presence.refused.clear();
  });
  if (const Status noted = shared_.directory.agents().NoteVersion(session.agent, hello.agent_version());
      !noted) {
    LOG_LIMITED(1s, Level::kWarning, "an agent's version could not be noted",
                {{"error", noted.error().message}});
  }
  if (welcome.state() == wire::AGENT_ACTIVE) {
    shared_.treasury.Greet({session.agent, session.incarnation}, hello.now().incarnation(), ReportOf(hello),
                           WallTime(std::chrono::nanoseconds(hello.at())));
  }
  wire::FromCollector message;
  *message.mutable_welcome() = std::move(welcome);
  Send(session, std::move(message));
  const BootTime now = BootClock::now();
  SendAll(session, informer_.Greet(session, now));
  NoteInForce(session, hello.policy());
  courier_.Greet(session.peer, session.agent, hello.policy(), hello.policy_sha256(), now);
  NoteProgress(session);
}

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

void Conversation::OnMalformed(Session& session, const Error& error) {
  Count(shared_.presence.counters.malformed);
  const BootTime now = BootClock::now();
  shared_.alarms.Raise({"malformed", session.agent, "an agent sends what is no message: " + error.message, 0},
                       now);
  if (!session.malformed.Take(now))
    return server_->Cut(session.peer, "it sends frame after frame that is none");
  Reject(session, "malformed", error.message);
}

}  // namespace postern::intake
