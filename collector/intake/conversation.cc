#include "collector/intake/conversation.h"

#include <thread>
#include <utility>

#include "shared/base/log.h"

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

constexpr auto kHurriedTick = 5ms;  // while pieces of a policy wait for room
constexpr int kFramesAtOnce = 256;  // received before the outbox has its turn

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
