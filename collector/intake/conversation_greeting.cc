// Hello and Welcome: what an agent's first word on a connection comes to.
#include <algorithm>
#include <utility>

#include "collector/intake/conversation.h"
#include "shared/base/log.h"

namespace postern::intake {

using namespace std::chrono_literals;

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

}  // namespace postern::intake
