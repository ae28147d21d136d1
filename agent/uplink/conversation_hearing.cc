// What the collector says, and what follows from it.
#include <algorithm>
#include <utility>

#include "agent/uplink/conversation.h"

namespace postern::uplink {
namespace {

constexpr std::chrono::seconds kBetweenHellos{1};

}  // namespace

void Conversation::OnMessage(const wire::FromCollector& message, BootTime now) {
  if (phase_ == Phase::kAway) return;
  switch (message.body_case()) {
    case wire::FromCollector::kWelcome: OnWelcome(message.welcome(), now); break;
    case wire::FromCollector::kAcknowledged: OnStored(message.acknowledged(), now); break;
    case wire::FromCollector::kDirectory:
      questions_.OnAnswer(message.directory());
      steps_.push_back(Learn{message.directory()});
      break;
    case wire::FromCollector::kHeartbeatAnswer: OnHeartbeatAnswer(message.heartbeat_answer(), now); break;
    case wire::FromCollector::kCredential: steps_.push_back(Open{message.credential()}); break;
    case wire::FromCollector::kRejected: OnRejected(message.rejected(), now); break;
    case wire::FromCollector::kPolicyPart:
      if (phase_ == Phase::kWelcomed) steps_.emplace_back(Assemble{message.policy_part()});
      break;
    case wire::FromCollector::kGrant: steps_.emplace_back(Pay{message.grant()}); break;
    case wire::FromCollector::BODY_NOT_SET: break;  // a newer collector's
  }
  Proceed(now);
}

void Conversation::OnStored(const wire::Acknowledged& acknowledged, BootTime now) {
  if (phase_ != Phase::kWelcomed) return;  // the Welcome that is waited for will say it
  Acknowledge acknowledge{{}, spool::Spool::Claim::kAtLeast};
  for (const wire::Mark& mark : acknowledged.marks()) {
    if (const auto place = wire::ToPlace(mark)) acknowledge.marks.push_back(*place);
  }
  sender_.OnAcknowledged(acknowledge.marks, now);
  if (!acknowledge.marks.empty()) steps_.push_back(std::move(acknowledge));
  if (!acknowledged.memory().empty())
    steps_.push_back(Remember{{acknowledged.memory(), acknowledged.memory_signature()}});
}

void Conversation::OnAcknowledged(const Acknowledge& what, const Status& status, BootTime now) {
  if (status || phase_ != Phase::kWelcomed) return;
  if (what.claim == spool::Spool::Claim::kAtLeast && status.error().code == ErrorCode::kUnavailable)
    return;  // the next acknowledgement or Welcome says it again
  Hold(status.error().message);
  SayHelloAt(now + kTroubled);
}

void Conversation::OnHeartbeatAnswer(const wire::HeartbeatAnswer& answer, BootTime now) {
  const auto beat = std::find_if(beats_.begin(), beats_.end(),
                                 [&](const Beat& one) { return one.nonce == answer.nonce(); });
  if (beat == beats_.end()) return;
  steps_.push_back(Heard{answer, beat->sent});
  steps_.push_back(Clocked{beat->sent, now, WallTime(std::chrono::nanoseconds(answer.wall_time())), true});
  // One connection is one order: what is older than this one has no answer any more.
  beats_.erase(beats_.begin(), beat + 1);
  if (phase_ == Phase::kWelcomed) OnState(answer.state(), answer.state_why(), now);
}

void Conversation::OnState(wire::AgentState state, const std::string& why, BootTime now) {
  if (state == wire::AGENT_REVOKED) {
    OnRevoked(why, 0);
  } else if (state != wire::AGENT_ACTIVE) {
    if (!quarantined_) OnQuarantine(why);
  } else if (quarantined_) {
    quarantined_ = false;
    SayHelloAt(now);
  }
}

void Conversation::OnQuarantine(const std::string& why) {
  quarantined_ = true;
  Hold(why.empty() ? "the collector has set this agent aside" : why);
  steps_.push_back(Quarantined{trouble_});
}

void Conversation::OnRevoked(const std::string& why, uint64_t revision) {
  Hold(why.empty() ? "the collector has revoked this agent" : why);
  steps_.emplace_back(Dismissed{trouble_, revision});
}

void Conversation::OnRejected(const wire::Rejected& rejected, BootTime now) {
  const std::string& reason = rejected.reason();
  if (reason == "restored") {
    if (trouble_ != rejected.sentence()) Hold(rejected.sentence());
  } else if (reason == "missing") {
    sender_.StartAgainAt(now + kSendAgain);
  } else if (reason == "busy") {
    sender_.StartAgainAt(now + kBusy);
  } else if (reason == "unverified" || reason == "closed") {
    sender_.Skip(rejected.incarnation());
    steps_.push_back(Remark{"the collector doesn't take a chain of this record", rejected.sentence()});
    if (reason == "closed") GiveUp(rejected.incarnation());
  } else if (reason == "revoked") {
    OnRevoked(rejected.sentence(), rejected.revision());
  } else if (reason == "fork" || reason == "quarantined") {
    if (reason == "fork") sender_.Skip(rejected.incarnation());
    if (!quarantined_) OnQuarantine(rejected.sentence());
  } else if (reason != "say_hello") {
    steps_.push_back(Remark{"the collector didn't take a message", rejected.sentence()});
  }
  if (rejected.say_hello()) AwaitHello(reason, now);
  // Whatever the reason: a Hello that wasn't taken is said again.
  if (phase_ == Phase::kGreeting) SayHelloAt(now + kTroubled);
}

// An old chain that the collector has closed is never acknowledged, and nothing after it could ever be
// trimmed: from here on it is kept as long as what is.
void Conversation::GiveUp(uint64_t incarnation) {
  const spool::Standpoint standpoint = memory_.standpoint();
  for (const wire::Place& end : standpoint.kept) {
    if (end.incarnation == incarnation && incarnation != standpoint.now.incarnation)
      steps_.push_back(Acknowledge{{end}, spool::Spool::Claim::kAtLeast});
  }
}

// Nothing is taken any more on this connection until there is another Hello.
void Conversation::AwaitHello(const std::string& reason, BootTime now) {
  phase_ = Phase::kGreeting;
  sender_.Stop();
  if (reason == "restored") {
    hello_due_ = now + kTroubled;
  } else {
    SayHelloAt(std::max(now, hello_sent_ + kBetweenHellos));
  }
}

}  // namespace postern::uplink
