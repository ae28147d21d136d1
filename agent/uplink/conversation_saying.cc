// What this side says, and when.
#include <algorithm>
#include <utility>

#include "agent/uplink/conversation.h"

namespace postern::uplink {
namespace {

void Earlier(std::optional<BootTime>& first, std::optional<BootTime> other) {
  if (other) first = first ? std::min(*first, *other) : *other;
}

}  // namespace

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
