#include "collector/intake/conversation.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "shared/base/log.h"

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

constexpr auto kTick = 200ms;       // how often reminders are looked for
constexpr int kFramesAtOnce = 256;  // received before the outbox and changes have their turn

void Count(std::atomic<uint64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

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
    if (last) return;
    if (stopping_.load(std::memory_order_acquire)) {
      // What waits to be received stays there, so the bus's own Wait would not wait.
      std::this_thread::sleep_for(1ms);
      continue;
    }
    TellChanges();
    if (shared_.restored.load(std::memory_order_acquire)) TellRestored();
    if (const BootTime now = BootClock::now(); now >= next_round_) OnTime(now);
    OnDepartures();
    Receive();
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
  server_->Wait(kTick);
  for (int i = 0; i < kFramesAtOnce; ++i) {
    const auto incoming = server_->Receive();
    if (!incoming) return;
    OnFrame(*incoming);
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
  if (message.has_hello()) return OnHello(session, message.hello());
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
    default: return;
  }
}

void Conversation::OnHello(Session& session, const wire::Hello& hello) {
  Count(shared_.presence.counters.hellos);
  session.greeting = 0;
  // What was changed before this Hello came is what it is answered by.
  if (changed_.exchange(false, std::memory_order_acq_rel)) OnChanges();
  if (!session.hellos.Take(BootClock::now())) {
    return Reject(session, "busy", "this agent says Hello too often");
  }
  TellChanges();  // it is judged by the newest record
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
    presence.revision = hello.revision();
  });
  if (const Status noted = shared_.directory.agents().NoteVersion(session.agent, hello.agent_version());
      !noted) {
    LOG_LIMITED(1s, Level::kWarning, "an agent's version could not be noted",
                {{"error", noted.error().message}});
  }
  wire::FromCollector message;
  *message.mutable_welcome() = std::move(welcome);
  Send(session, std::move(message));
  SendAll(session, informer_.Greet(session, BootClock::now()));
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
    presence.revision = std::max(presence.revision, heartbeat.revision());
  });
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

void Conversation::OnSeen(Session& session, const wire::Seen& seen) {
  session.subscriptions.Seen(seen.revision());
  shared_.presence.Update(session.agent, [&](AgentPresence& presence) {
    presence.revision = std::max(presence.revision, seen.revision());
  });
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

// ── what goes out ──────────────────────────────────────────────────────────────────────────────────────────

void Conversation::TellChanges() {
  if (changed_.exchange(false, std::memory_order_acq_rel)) OnChanges();
}

void Conversation::OnChanges() {
  for (bool more = true; more;) {
    auto round = informer_.NextRound();
    if (!round) {
      LOG_LIMITED(1s, Level::kError, "changes of the directory can't be read",
                  {{"error", round.error().message}});
      changed_.store(true, std::memory_order_release);  // with the next turn of the loop
      return;
    }
    more = round->changes.more;
    for (const std::string& id : round->changes.agents) OnAgentChanged(id);
    if (shared_.restored.load(std::memory_order_acquire)) continue;
    const BootTime now = BootClock::now();
    for (auto& [peer, session] : sessions_) {
      if (session.greeting != 0) SendAll(session, informer_.Push(session, *round, now));
    }
  }
}

void Conversation::OnAgentChanged(const std::string& id) {
  const auto record = shared_.directory.agents().Find(id);
  if (!record) return;
  const auto before = shared_.agents.Find(id);
  Admit(*record);
  const bool other_state = before && before->record.state() != record->state();
  const auto chain = shared_.store.FindChain(id, record->incarnation());
  const bool closed = chain && *chain && (*chain)->closed;
  // Most changes of the record are of intake's own making and of no consequence here.
  if (!other_state && !closed) return;
  recorder_.ForgetLater(id);
  Session* session = SessionOf(id);
  // That it is quarantined, it hears with whatever it says next.
  if (session == nullptr || session->greeting == 0 || record->state() != wire::AGENT_ACTIVE) return;
  AskForHello(*session, "what this agent may do has been changed");
}

void Conversation::OnDepartures() {
  for (const bus::Departure& departure : server_->TakeDepartures()) {
    const auto found = sessions_.find(departure.peer);
    if (found == sessions_.end()) continue;
    const std::string agent = found->second.agent;
    sessions_.erase(found);
    if (SessionOf(agent) != nullptr) continue;  // a newer connection has taken over
    shared_.presence.Update(agent, [&](AgentPresence& presence) {
      presence.connected = false;
      presence.since = shared_.wall_now();
    });
  }
}

void Conversation::OnTime(BootTime now) {
  next_round_ = now + kTick;
  for (auto& [peer, session] : sessions_) {
    if (!session.backlog.empty()) SendBacklog(session);
    if (session.greeting != 0) SendAll(session, informer_.Remind(session, now));
  }
}

void Conversation::DeliverOutbox() {
  for (Outbox::Letter& letter : shared_.outbox.TakeAll()) {
    const auto found = sessions_.find(letter.peer);
    if (found != sessions_.end()) SendFrame(found->second, std::move(letter.frame));
  }
}

// Once: from then on nobody is greeted, and so nothing is taken.
void Conversation::TellRestored() {
  if (std::exchange(told_restored_, true)) return;
  for (auto& [peer, session] : sessions_) {
    session.greeting = 0;
    wire::FromCollector message;
    message.mutable_rejected()->set_reason("restored");
    message.mutable_rejected()->set_sentence(
        "the collector was restored from a backup and must be recovered first");
    message.mutable_rejected()->set_say_hello(true);
    Send(session, std::move(message));
  }
}

Session& Conversation::SessionOf(const bus::Incoming& incoming) {
  const auto [place, is_new] = sessions_.try_emplace(incoming.peer);
  if (is_new) {
    place->second.peer = incoming.peer;
    place->second.agent = incoming.agent;
    place->second.address = incoming.address;
  }
  return place->second;
}

// The newest, where an older one has not departed yet.
Session* Conversation::SessionOf(const std::string& agent) {
  Session* newest = nullptr;
  for (auto& [peer, session] : sessions_) {
    if (session.agent == agent && (newest == nullptr || session.greeting > newest->greeting))
      newest = &session;
  }
  return newest;
}

void Conversation::SendAll(Session& session, Messages messages) {
  for (wire::FromCollector& message : messages) Send(session, std::move(message));
}

void Conversation::Send(Session& session, wire::FromCollector message) {
  auto frame = wire::Encode(std::move(message));
  if (frame) return SendFrame(session, *std::move(frame));
  LOG_LIMITED(1s, Level::kError, "a message to an agent can't be written",
              {{"error", frame.error().message}});
}

// One connection is one order: nothing overtakes what waits.
void Conversation::SendFrame(Session& session, std::string frame) {
  if (session.backlog.empty()) {
    const Status sent = server_->Send(session.peer, frame);
    if (sent || sent.error().code != ErrorCode::kExhausted) return;  // gone or revoked: a Departure follows
  }
  session.backlog_bytes += frame.size();
  session.backlog.push_back(std::move(frame));
  if (session.backlog_bytes > Session::kMostBacklog)
    server_->Cut(session.peer, "it doesn't read what it is sent");
}

void Conversation::SendBacklog(Session& session) {
  while (!session.backlog.empty()) {
    const Status sent = server_->Send(session.peer, session.backlog.front());
    if (!sent && sent.error().code == ErrorCode::kExhausted) return;
    session.backlog_bytes -= session.backlog.front().size();
    session.backlog.pop_front();
  }
}

void Conversation::Reject(Session& session, const char* reason, const std::string& sentence) {
  wire::FromCollector message;
  message.mutable_rejected()->set_reason(reason);
  message.mutable_rejected()->set_sentence(sentence);
  Send(session, std::move(message));
}

void Conversation::AskForHello(Session& session, const std::string& sentence) {
  if (!session.scoldings.Take(BootClock::now())) return;
  wire::FromCollector message;
  message.mutable_rejected()->set_reason("say_hello");
  message.mutable_rejected()->set_sentence(sentence);
  message.mutable_rejected()->set_say_hello(true);
  Send(session, std::move(message));
}

}  // namespace postern::intake
