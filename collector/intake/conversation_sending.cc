// What the conversation thread sends: changes of the directory, the policy, freezes, last words; and whom
// they have reached.
#include <algorithm>
#include <utility>

#include "collector/intake/conversation.h"
#include "shared/base/log.h"

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

constexpr auto kFarewell = 2s;  // that a revoked agent has to say that it has understood

}  // namespace

// What can't be read now is read with the next turn of the loop. The directory first: nothing that comes
// after it is of a later revision than what it was told up to.
void Conversation::TellChanges() {
  if (!changed_.exchange(false, std::memory_order_acq_rel)) return;
  if (!OnChanges() || !TellDecrees()) changed_.store(true, std::memory_order_release);
}

bool Conversation::OnChanges() {
  for (bool more = true; more;) {
    auto round = informer_.NextRound();
    if (!round) {
      LOG_LIMITED(1s, Level::kError, "changes of the directory can't be read",
                  {{"error", round.error().message}});
      return false;
    }
    more = round->changes.more;
    for (const std::string& id : round->changes.agents) OnAgentChanged(id);
    if (shared_.restored.load(std::memory_order_acquire)) continue;
    const BootTime now = BootClock::now();
    for (auto& [peer, session] : sessions_) {
      if (session.greeting == 0) continue;
      Informer::Push push = informer_.Tell(session, *round, now);
      SendAll(session, std::move(push.messages));
      if (push.frames == nullptr) continue;
      for (const std::string& frame : *push.frames) SendFrame(session, frame);
    }
  }
  return true;
}

bool Conversation::TellDecrees() {
  const BootTime now = BootClock::now();
  const auto changed = informer_.AskFreeze();
  if (!changed) {
    LOG_LIMITED(1s, Level::kError, "it can't be read whether everything is frozen",
                {{"error", changed.error().message}});
    return false;
  }
  const bool told = TellPolicy(now);
  if (!*changed || shared_.restored.load(std::memory_order_acquire)) return told;
  for (auto& [peer, session] : sessions_) {
    if (session.greeting != 0) SendAll(session, informer_.TellFreeze(session, now));
  }
  return told;
}

bool Conversation::TellPolicy(BootTime now) {
  const auto policy = shared_.decrees.policy();
  if (policy && (*policy == nullptr || (*policy)->version == packed_policy_)) return true;
  auto packed =
      policy ? Consignment::Pack(**policy) : Result<std::shared_ptr<const Consignment>>(policy.error());
  if (!packed) {
    LOG_LIMITED(1s, Level::kError, "the policy can't be sent", {{"error", packed.error().message}});
    return false;
  }
  // The ledger knows a limit before anybody is sent it.
  auto terms = shared_.decrees.terms();
  if (!terms) {
    LOG_LIMITED(1s, Level::kError, "the policy's limits can't be read", {{"error", terms.error().message}});
    return false;
  }
  shared_.treasury.SetTerms(*std::move(terms));
  packed_policy_ = (*policy)->version;
  courier_.Use(*std::move(packed), now);
  return true;
}

void Conversation::OnAgentChanged(const std::string& id) {
  const auto record = shared_.directory.agents().Find(id);
  if (!record) return;
  const auto before = shared_.agents.Find(id);
  if (record->state() == wire::AGENT_REVOKED) return Dismiss(*record);
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

// Shut out for ever. A host that is connected is told so before its connection is cut, so that it refuses and
// ends what is under way at once.
void Conversation::Dismiss(const wire::AgentRecord& record) {
  shared_.agents.Put(record);
  const auto key = bus::CurveKeyFromBytes(record.curve_key());
  Session* session = SessionOf(record.id());
  if (session != nullptr && session->dismissed) return;
  recorder_.ForgetLater(record.id());
  if (!key || session == nullptr || session->greeting == 0) return Admit(record);
  admission_.Dismiss(*key);
  courier_.Leave(session->peer);
  session->greeting = 0;
  session->dismissed = {*key, informer_.told(), BootClock::now() + kFarewell};
  wire::FromCollector message;
  message.mutable_rejected()->set_reason("revoked");
  message.mutable_rejected()->set_sentence(record.why().empty() ? "this host was revoked" : record.why());
  message.mutable_rejected()->set_revision(informer_.told());
  Send(*session, std::move(message));
}

void Conversation::CutOff(Session& session) {
  admission_.Revoke(session.dismissed->key);
  server_->Cut(session.peer, "its agent was revoked");
}

// ── whom it has reached ────────────────────────────────────────────────────────────────────────────────────

void Conversation::AnswerQuestions() {
  if (!shared_.acknowledgements.asked()) return questions_.clear();
  for (auto& question : shared_.acknowledgements.TakeNew()) questions_.push_back(std::move(question));
  std::erase_if(questions_, [&](const Acknowledgements::Question& question) {
    const bool is_policy = question.concern.kind == Concern::Kind::kPolicy;
    if (question.revision > (is_policy ? packed_policy_ : informer_.told()))
      return false;  // still to be told
    for (const auto& [peer, session] : sessions_) {
      if (session.greeting != 0 || session.dismissed)
        shared_.acknowledgements.Note(question.number, session.agent, HoldingOf(session, question));
    }
    shared_.acknowledgements.Answered(question.number);
    return true;
  });
}

void Conversation::NoteProgress(const Session& session) {
  if (!shared_.acknowledgements.asked()) return;
  for (const auto& question : shared_.acknowledgements.Open())
    shared_.acknowledgements.Note(question.number, session.agent, HoldingOf(session, question));
}

Acknowledgements::Holding Conversation::HoldingOf(const Session& session,
                                                  const Acknowledgements::Question& question) const {
  using Holding = Acknowledgements::Holding;
  const auto seen_if = [](bool seen) { return seen ? Holding::kSeen : Holding::kNotSeen; };
  const Subscriptions& subscriptions = session.subscriptions;
  const std::string& id = question.concern.id;
  switch (question.concern.kind) {
    case Concern::Kind::kKey:
      return subscriptions.Watches(id) ? seen_if(subscriptions.HasSeen(id)) : Holding::kNot;
    case Concern::Kind::kUser: return subscriptions.HoldingOf({id}, {});
    case Concern::Kind::kTeam: return subscriptions.HoldingOf({}, {id});
    case Concern::Kind::kAgent: return session.agent == id ? Holding::kNotSeen : Holding::kNot;
    case Concern::Kind::kEverybody: return seen_if(session.seen >= question.revision);
    case Concern::Kind::kPolicy:
      if (courier_.InForce(session.peer) >= question.revision) return Holding::kSeen;
      return courier_.Refuses(session.peer) ? Holding::kRefuses : Holding::kNotSeen;
  }
  return Holding::kNotSeen;
}

int64_t Conversation::Seconds() const {
  return std::chrono::ceil<std::chrono::seconds>(shared_.wall_now()).time_since_epoch().count();
}

Status Conversation::NoteContacts() {
  const auto due = shared_.contacts.TakeDue(Seconds());
  if (due.empty()) return Ok{};
  Status noted = shared_.directory.agents().NoteContacts(due);
  if (noted) return noted;
  LOG_LIMITED(1s, Level::kError, "it could not be noted when agents were heard",
              {{"error", noted.error().message}});
  shared_.contacts.Return(due);
  return noted;
}

// This end stops: nobody is heard any more.
void Conversation::TakeLeave() {
  for (const auto& [peer, session] : sessions_) shared_.contacts.Leave(session.agent);
  if (const Status noted = NoteContacts(); !noted) return;  // what is noted is a later time, and as good
}

// ── departures, reminders, frames ──────────────────────────────────────────────────────────────────────────

void Conversation::OnDepartures() {
  for (const bus::Departure& departure : server_->TakeDepartures()) {
    const auto found = sessions_.find(departure.peer);
    if (found == sessions_.end()) continue;
    const std::string agent = found->second.agent;
    if (found->second.dismissed) admission_.Revoke(found->second.dismissed->key);
    courier_.Leave(departure.peer);
    sessions_.erase(found);
    if (SessionOf(agent) != nullptr) continue;  // a newer connection has taken over
    shared_.contacts.Leave(agent);
    shared_.acknowledgements.Leave(agent);
    shared_.presence.Update(agent, [&](AgentPresence& presence) {
      presence.connected = false;
      presence.since = shared_.wall_now();
    });
  }
}

void Conversation::OnTime(BootTime now) {
  next_round_ = now + kTick;
  static_cast<void>(NoteContacts());  // it has said what is to be said, and comes again
  for (auto& [peer, session] : sessions_) {
    if (!session.backlog.empty()) SendBacklog(session);
    if (session.dismissed && now >= session.dismissed->end) CutOff(session);
    if (session.greeting != 0) SendAll(session, informer_.Remind(session, now));
  }
}

void Conversation::DeliverOutbox() {
  for (const Outbox::Letter& letter : shared_.outbox.TakeAll()) {
    const auto found = sessions_.find(letter.peer);
    if (found != sessions_.end()) SendFrame(found->second, letter.frame);
  }
  DeliverParcels();
}

// Once: from then on nobody is greeted, and so nothing is taken.
void Conversation::TellRestored() {
  if (std::exchange(told_restored_, true)) return;
  for (auto& [peer, session] : sessions_) {
    session.greeting = 0;
    courier_.Leave(peer);
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
  if (frame) return SendFrame(session, *frame);
  LOG_LIMITED(1s, Level::kError, "a message to an agent can't be written",
              {{"error", frame.error().message}});
}

// One connection is one order: nothing overtakes what waits.
void Conversation::SendFrame(Session& session, std::string_view frame) {
  if (session.backlog.empty()) {
    const Status sent = server_->Send(session.peer, frame);
    if (sent || sent.error().code != ErrorCode::kExhausted) return;  // gone or revoked: a Departure follows
  }
  session.backlog_bytes += frame.size();
  session.backlog.emplace_back(frame);
  if (session.backlog_bytes > Session::kMostBacklog)
    server_->Cut(session.peer, "it doesn't read what it is sent");
}

// A piece of a policy: it waits for its turn with the courier, and not here.
Status Conversation::SendShared(bus::Peer peer, const std::shared_ptr<const std::string>& frame,
                                const bus::Server::Waiting& waiting) {
  const auto found = sessions_.find(peer);
  if (found == sessions_.end()) return Error{ErrorCode::kNotFound, "the connection is no more"};
  if (!found->second.backlog.empty())
    return Error{ErrorCode::kExhausted, "the peer doesn't take what waits for it"};
  return server_->SendShared(peer, frame, waiting);
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
