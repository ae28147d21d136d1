#include "agent/uplink/conversation.h"

#include <algorithm>
#include <utility>

#include "shared/base/check.h"

namespace postern::uplink {
namespace {

constexpr std::chrono::seconds kBetweenHellos{1};

void Earlier(std::optional<BootTime>& first, std::optional<BootTime> other) {
  if (other) first = first ? std::min(*first, *other) : *other;
}

}  // namespace

Conversation::Conversation(Self self, Memory memory, const crypto::SigningKey& seal_key)
    : self_(std::move(self)), memory_(std::move(memory)), seal_key_(seal_key) {}

std::vector<Step> Conversation::TakeSteps() { return std::exchange(steps_, {}); }

wire::FromAgent& Conversation::AddMessage() { return std::get<Say>(steps_.emplace_back(Say{})).message; }

void Conversation::OnConnected(BootTime now) {
  CHECK(phase_ == Phase::kAway);
  SayHello(now);
}

void Conversation::OnDisconnected() {
  phase_ = Phase::kAway;
  trouble_.clear();
  quarantined_ = false;
  wanted_incarnation_ = 0;
  hello_due_.reset();
  greeting_since_.reset();
  begin_due_.reset();
  durable_ = 0;
  seen_due_.reset();
  beats_.clear();
  sender_.Stop();
  questions_.Forget();
}

// ---- Hello and Welcome. ----

void Conversation::SayHello(BootTime now) {
  if (!greeting_since_) greeting_since_ = now;
  phase_ = Phase::kGreeting;
  hello_sent_ = now;
  hello_due_.reset();
  begin_due_.reset();
  wanted_incarnation_ = 0;
  sender_.Stop();
  questions_.Forget();
  const spool::Standpoint standpoint = memory_.standpoint();
  hello_incarnation_ = standpoint.now.incarnation;
  wire::Hello& hello = *AddMessage().mutable_hello();
  hello.set_life(self_.life);
  hello.set_agent_version(self_.agent_version);
  hello.set_host(self_.host);
  hello.set_machine(self_.machine);
  *hello.mutable_now() = wire::ToMark(standpoint.now);
  for (const wire::Place& end : standpoint.kept) *hello.add_kept() = wire::ToMark(end);
  hello.set_revision(memory_.revision());
  said_ = memory_.enforced();
  hello.set_policy(said_.policy);
  hello.set_policy_sha256(said_.policy_sha256);
  hello.set_strict(said_.strict);
  hello.set_policy_ttl(said_.policy_ttl);
  if (const auto memory = memory_.memory()) {
    hello.set_memory(memory->bytes);
    hello.set_memory_signature(memory->signature);
  }
  SayHoldings(hello, now);
}

// At most so much of them that the message fits its frame. An agent that doesn't name all that it holds is
// given another incarnation, which is safe.
void Conversation::SayHoldings(wire::Hello& hello, BootTime now) const {
  constexpr size_t kMost = size_t{768} << 10;
  if (memory_.clock) hello.set_at(memory_.clock(now).time_since_epoch().count());
  if (!memory_.holdings) return;
  size_t bytes = 0;
  for (wire::Holding& holding : memory_.holdings(hello_incarnation_)) {
    bytes += holding.ByteSizeLong() + 8;
    if (bytes > kMost || hello.holdings_size() == wire::kMaxHoldings) return;
    *hello.add_holdings() = std::move(holding);
  }
}

void Conversation::SayHelloAt(BootTime time) { hello_due_ = hello_due_ ? std::min(*hello_due_, time) : time; }

// How long this agent may go on unheard has changed since: the collector reckons with it.
bool Conversation::SaidOtherwise() const {
  const Enforced now = memory_.enforced();
  return now.strict != said_.strict || now.policy_ttl != said_.policy_ttl;
}

void Conversation::OnWelcome(const wire::Welcome& welcome, BootTime now) {
  const bool is_answer = phase_ == Phase::kGreeting && greeting_since_ && welcome.life() == self_.life;
  if (!is_answer || !IsOurs(welcome)) return;
  phase_ = Phase::kWelcomed;
  trouble_.clear();
  hello_due_.reset();
  SayTombstones(welcome.epoch());
  const BootTime greeting_since = *std::exchange(greeting_since_, std::nullopt);
  steps_.push_back(Greeted{welcome, greeting_since});
  steps_.push_back(Clocked{greeting_since, now, WallTime(std::chrono::nanoseconds(welcome.wall_time()))});
  TakeMarks(welcome);
  if (welcome.incarnation() == hello_incarnation_) {
    steps_.push_back(Begun{hello_incarnation_});
    StartSending();
  } else {
    steps_.push_back(Remark{"the collector has issued another incarnation", welcome.why()});
    Begin(welcome.incarnation());
  }
  OnState(welcome.state(), welcome.state_why(), now);
  SayHeartbeat(now);
}

// The server's CURVE key says already who it is, so this is a collector that was set up anew under an old
// key.
bool Conversation::IsOurs(const wire::Welcome& welcome) {
  if (welcome.collector() == self_.collector && welcome.log_key() == self_.log_key) return true;
  Hold("the collector is not the one that this host was enrolled at");
  SayHelloAt(hello_sent_ + kTroubled);
  return false;
}

void Conversation::SayTombstones(uint64_t epoch) {
  if (!memory_.memory() || epoch <= memory_.epoch()) return;
  const auto keys = memory_.tombstones();
  if (keys.empty()) return;
  wire::Tombstones& tombstones = *AddMessage().mutable_tombstones();
  for (const wire::KeyRecord& key : keys) *tombstones.add_keys() = key;
}

void Conversation::TakeMarks(const wire::Welcome& welcome) {
  Acknowledge acknowledge{{}, spool::Spool::Claim::kExactly};
  for (const wire::Mark& mark : welcome.acknowledged()) {
    if (const auto place = wire::ToPlace(mark)) acknowledge.marks.push_back(*place);
  }
  if (!acknowledge.marks.empty()) steps_.push_back(std::move(acknowledge));
}

void Conversation::Begin(uint64_t incarnation) {
  wanted_incarnation_ = incarnation;
  begin_due_.reset();
  trouble_ = "the incarnation that the collector has issued is not begun yet";
  steps_.push_back(BeginIncarnation{incarnation});
}

void Conversation::OnBegun(uint64_t incarnation, const Status& status, BootTime now) {
  if (status) steps_.push_back(Begun{incarnation});
  if (incarnation != wanted_incarnation_ || phase_ != Phase::kWelcomed) return;
  if (status) {
    wanted_incarnation_ = 0;
    trouble_.clear();
    StartSending();
  } else if (status.error().code == ErrorCode::kUnavailable) {
    begin_due_ = now + kBusy;
  } else {
    Hold(status.error().message);
    SayHelloAt(now + kTroubled);
  }
  Proceed(now);
}

void Conversation::StartSending() {
  if (!quarantined_ && wanted_incarnation_ == 0) sender_.Start();
}

void Conversation::Hold(std::string trouble) {
  sender_.Stop();
  trouble_ = std::move(trouble);
  steps_.push_back(Remark{"no events are sent to the collector", trouble_});
}

// ---- What the collector says. ----

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

// ---- What this side says. ----

void Conversation::SayHeartbeat(BootTime now) {
  const spool::Standpoint standpoint = memory_.standpoint();
  Beat beat{memory_.make_nonce(), now};
  wire::Heartbeat& heartbeat = *AddMessage().mutable_heartbeat();
  wire::SignHeartbeat(heartbeat, beat.nonce, standpoint.now, seal_key_);
  heartbeat.set_revision(memory_.revision());
  heartbeat.set_unsent(standpoint.unacknowledged);
  if (memory_.clock) heartbeat.set_at(memory_.clock(now).time_since_epoch().count());
  beats_.push_back(std::move(beat));
  beat_due_ = now + kHeartbeatEvery;
}

Status Conversation::Ask(const std::vector<std::string>& keys, const std::vector<wire::OsIdentity>& users,
                         BootTime now) {
  if (!welcomed()) return Error{ErrorCode::kUnavailable, "there is no conversation with the collector"};
  RETURN_IF_ERROR(questions_.Add(keys, users));
  Proceed(now);
  return Ok{};
}

void Conversation::AskAgain(const wire::Directory& directory, BootTime now) {
  std::vector<std::string> keys;
  std::vector<wire::OsIdentity> users;
  for (const wire::KeyRecord& key : directory.keys()) keys.push_back(key.id());
  for (const std::string& key : directory.unknown_keys()) keys.push_back(key);
  for (const wire::OsPrincipal& user : directory.os_users()) {
    wire::OsIdentity identity;
    identity.set_uid(user.uid());
    identity.set_name(user.name());
    users.push_back(std::move(identity));
  }
  if (const Status added = questions_.Add(keys, users); !added)
    steps_.push_back(
        Remark{"an answer of the collector that is out of date was dropped", added.error().message});
  Proceed(now);
}

void Conversation::SayRevisionSeen(uint64_t revision) {
  if (welcomed()) AddMessage().mutable_seen()->set_revision(revision);
}

void Conversation::OnDurable(uint64_t revision, BootTime now) {
  if (phase_ == Phase::kAway) return;
  durable_ = std::max(durable_, revision);
  if (!seen_due_) seen_due_ = now + PauseBeforeSeen();
}

void Conversation::OnDismissalDurable(uint64_t revision) { SayRevisionSeen(revision); }

// `life` is random: its first byte chooses the place between one pause and two.
std::chrono::nanoseconds Conversation::PauseBeforeSeen() const {
  const auto chosen = self_.life.empty() ? uint8_t{0} : static_cast<uint8_t>(self_.life.front());
  return kSeenAfter + std::chrono::nanoseconds(kSeenAfter) * chosen / 255;
}

void Conversation::SayCredentialSeen(const std::string& credential) {
  if (!welcomed()) return;
  // Without a revision: what is known of the directory may not be on the disk yet.
  AddMessage().mutable_seen()->set_credential(credential);
}

void Conversation::SayPolicySeen(uint64_t version, const std::string& sha256, const std::string& refused) {
  if (!welcomed()) return;
  wire::Seen& seen = *AddMessage().mutable_seen();
  seen.set_policy(version);
  seen.set_policy_sha256(sha256);
  seen.set_policy_refused(refused);
}

void Conversation::SayMoney(wire::FromAgent message) {
  if (welcomed() && wanted_incarnation_ == 0) AddMessage() = std::move(message);
}

void Conversation::OnRead(uint64_t round, Result<std::vector<spool::SealedGroup>> groups, BootTime now) {
  if (!groups && groups.error().code == ErrorCode::kCorrupt)
    steps_.push_back(Remark{"the record can't be read for the collector", groups.error().message});
  const auto ends = memory_.standpoint().kept;
  for (wire::Events& events : sender_.OnRead(round, std::move(groups), ends, now))
    *AddMessage().mutable_events() = std::move(events);
  Proceed(now);
}

void Conversation::OnSealed(BootTime now) {
  sender_.OnSealed();
  Proceed(now);
}

void Conversation::Proceed(BootTime now) {
  if (!welcomed()) return;
  while (auto query = questions_.Next(now)) *AddMessage().mutable_query() = *std::move(query);
  if (const auto reading = sender_.NextReading(now)) steps_.push_back(Read{*reading});
}

// ---- Time. ----

void Conversation::OnTime(BootTime now) {
  if (phase_ == Phase::kAway) return;
  if (hello_due_ && now >= *hello_due_) return SayHello(now);
  if (phase_ == Phase::kGreeting) {
    if (!hello_due_ && now >= hello_sent_ + kSilence)
      steps_.push_back(HangUp{"the collector didn't answer a hello"});
    return;
  }
  if (!beats_.empty() && now >= beats_.front().sent + kSilence) {
    steps_.push_back(HangUp{"the collector didn't answer heartbeats"});
    return;
  }
  const auto waiting = sender_.waiting_since();
  if (waiting && now >= *waiting + kUnacknowledged) return SayHello(now);
  if (begin_due_ && now >= *begin_due_) Begin(wanted_incarnation_);
  if (seen_due_ && now >= *seen_due_) {
    seen_due_.reset();
    SayRevisionSeen(std::exchange(durable_, 0));
  }
  if (now >= beat_due_ && SaidOtherwise()) return SayHello(now);
  if (now >= beat_due_) SayHeartbeat(now);
  Proceed(now);
}

BootTime Conversation::due() const {
  if (phase_ == Phase::kAway) return BootTime::max();
  std::optional<BootTime> first = hello_due_;
  if (phase_ == Phase::kGreeting) {
    if (!first) first = hello_sent_ + kSilence;
    return *first;
  }
  Earlier(first, beat_due_);
  Earlier(first, begin_due_);
  Earlier(first, seen_due_);
  Earlier(first, sender_.due());
  Earlier(first, questions_.due());
  if (!beats_.empty()) Earlier(first, beats_.front().sent + kSilence);
  if (const auto waiting = sender_.waiting_since()) Earlier(first, *waiting + kUnacknowledged);
  return *first;
}

}  // namespace postern::uplink
