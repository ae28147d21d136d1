#include "agent/uplink/conversation.h"

#include <algorithm>
#include <utility>

#include "shared/base/check.h"

namespace postern::uplink {

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

}  // namespace postern::uplink
