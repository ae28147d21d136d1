#include "agent/membership/membership_state.h"

#include <fstream>

#include "agent/membership/key_users.h"
#include "shared/base/log.h"

namespace postern::membership {
namespace {

constexpr std::chrono::seconds kStrictAge{30};
constexpr std::chrono::seconds kContactEvery{60};  // how often the last word's time is written
constexpr std::chrono::seconds kRetryDisk{5};
constexpr size_t kMostWaiting = 256;

}  // namespace

std::string Membership::State::ReadBootId(const std::string& file) {
  std::ifstream in(file);
  std::string id;
  std::getline(in, id);
  return id;
}

// False where too much waits already: then its durable callback isn't called, and all is written once there
// is room again.
bool Membership::State::Enqueue(Job job) {
  {
    const std::lock_guard lock(mutex);
    if (queue.closing) return false;
    if (queue.jobs.size() >= kMostWaiting) {
      queue.missed = true;
      return false;
    }
    queue.jobs.push_back(std::move(job));
  }
  wake.notify_one();
  return true;
}

void Membership::State::Run() {
  for (bool closing = false; !closing;) {
    Queue work;
    {
      std::unique_lock lock(mutex);
      wake.wait(lock, [&] { return queue.closing || !queue.empty(); });
      std::swap(work, queue);
      closing = queue.closing = work.closing;
    }
    Do(std::move(work));
  }
}

// What was revoked is written, and so acknowledged, before a policy is looked at, which may take a while.
void Membership::State::Do(Queue work) {
  WriteForgotten(*store);  // first: what was forgotten may have been asked for again
  if (work.missed) WriteAll(*store);
  for (const Job& job : work.jobs) {
    LookUp(job);
    if (job.write) job.write(*store);
  }
  if (!Commit(work.jobs) || work.closing) return;
  if (work.recompile) Recompile();
  if (!work.offer) return;
  std::vector<Job> jobs;
  Consider(*std::move(work.offer), jobs);
  static_cast<void>(Commit(jobs));
}

// A disk that fails is waited for: nothing of the conversation is held up by it, only Seen. A policy that
// comes meanwhile is put in force all the same.
bool Membership::State::Commit(std::vector<Job>& jobs) {
  for (Status written = store->Commit(); !written; written = store->Commit()) {
    LOG_LIMITED(std::chrono::seconds(30), Level::kError, "what the collector says can't be written down",
                {{"error", written.error().message}});
    std::optional<Offer> offer;
    {
      std::unique_lock lock(mutex);
      last_error = written.error();
      wake.wait_for(lock, kRetryDisk, [&] { return queue.closing || queue.offer; });
      if (queue.closing) return false;
      offer = std::exchange(queue.offer, std::nullopt);
    }
    if (offer) Consider(*std::move(offer), jobs);
  }
  last_error.reset();
  for (const Job& job : jobs) {
    if (job.written) job.written();
  }
  return true;
}

// But for what can be had again: contact, memory, credentials, and a policy, which waits for nothing.
void Membership::State::WriteAll(CacheStore& into) {
  memory.With([&](const Memory& present) {
    for (const wire::KeyRecord& key : present.records.KeyRecords()) into.PutKey(key);
    for (const wire::OsPrincipal& user : present.records.OsPrincipals()) into.PutOsUser(user);
    into.PutNewestRevocation(present.records.newest_revocation());
    into.PutState(present.state, present.why);
    into.PutFreeze(present.freeze);
    if (present.collectors_policy_key) into.PutPolicyKey(present.collectors_policy_key->raw());
  });
}

void Membership::State::LookUp(const Job& job) {
  const std::vector<wire::KeyRecord>& keys = job.look_up;
  if (keys.empty()) return;
  std::vector<std::vector<uid_t>> uids;
  uids.reserve(keys.size());
  for (const wire::KeyRecord& key : keys) uids.push_back(UidsOf(key));
  memory.With([&](Memory& present) {
    const bool same = present.records.conversation() == job.conversation;
    const auto origin = same ? RecordCache::Origin::kCollector : RecordCache::Origin::kDisk;
    for (size_t i = 0; i < keys.size(); ++i) present.records.TakeKey(keys[i], std::move(uids[i]), origin);
  });
  Changed();
}

void Membership::State::WriteForgotten(CacheStore& into) {
  const RecordCache::Forgotten forgotten =
      memory.With([](Memory& present) { return present.records.TakeForgotten(); });
  for (const std::string& id : forgotten.keys) into.ForgetKey(id);
  for (const uid_t uid : forgotten.os_users) into.ForgetOsUser(uid);
}

void Membership::State::Changed() {
  on_change.With([](const std::function<void()>& call) {
    if (call) call();
  });
}

void Membership::State::SetState(wire::AgentState state, const std::string& why, Link link) {
  const bool changed = memory.With([&](Memory& present) {
    present.link = link;
    const bool another_state = std::exchange(present.state, state) != state;
    const bool another_reason = std::exchange(present.why, why) != why;
    return another_state || another_reason;
  });
  if (!changed) return;
  if (state != wire::AGENT_ACTIVE)
    Log(Level::kError, "the collector has set this agent aside", {{"why", why}});
  Enqueue({.write = [state, why](CacheStore& into) { into.PutState(state, why); }});
}

void Membership::State::Heard(BootTime sent) {
  std::string written = memory.With([&](Memory& present) -> std::string {
    const BootTime now = options.boot_now();
    present.contact.Heard(sent, now, options.wall_now());
    if (present.contact_written != BootTime{} && now - present.contact_written < kContactEvery) return {};
    present.contact_written = now;
    return present.contact.Encode();
  });
  if (written.empty()) return;
  Enqueue({.write = [written](CacheStore& into) { into.PutContact(written); }});
}

Trust Membership::State::TrustOf(const Memory& present, BootTime boot_now, WallTime wall_now) const {
  if (present.state == wire::AGENT_REVOKED || present.link == Link::kRefused) return Trust::kRevoked;
  if (present.state == wire::AGENT_QUARANTINED) return Trust::kQuarantined;
  const auto age = present.contact.Age(boot_now, wall_now);
  if (!age) return Trust::kNever;
  if (present.strict() && *age > kStrictAge) return Trust::kSilent;
  return *age > present.policy_ttl() ? Trust::kTooLong : Trust::kYes;
}

}  // namespace postern::membership
