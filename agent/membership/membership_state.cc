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

// False where too much waits already: then it isn't written, and its durable callback isn't called.
bool Membership::State::Enqueue(Job job) {
  {
    const std::lock_guard lock(mutex);
    if (queue.closing || queue.jobs.size() >= kMostWaiting) return false;
    queue.jobs.push_back(std::move(job));
  }
  wake.notify_one();
  return true;
}

void Membership::State::Run() {
  for (bool closing = false; !closing;) {
    std::vector<Job> jobs;
    {
      std::unique_lock lock(mutex);
      wake.wait(lock, [&] { return queue.closing || !queue.jobs.empty(); });
      jobs.swap(queue.jobs);
      closing = queue.closing;
    }
    Do(std::move(jobs));
  }
}

void Membership::State::Do(std::vector<Job> jobs) {
  WriteForgotten(*store);  // first: what was forgotten may have been asked for again
  for (const Job& job : jobs) {
    LookUp(job);
    if (job.write) job.write(*store);
  }
  // A disk that fails is waited for: nothing of the conversation is held up by it, only Seen.
  for (Status written = store->Commit(); !written; written = store->Commit()) {
    LOG_LIMITED(std::chrono::seconds(30), Level::kError, "what the collector says can't be written down",
                {{"error", written.error().message}});
    std::unique_lock lock(mutex);
    last_error = written.error();
    if (wake.wait_for(lock, kRetryDisk, [&] { return queue.closing; })) return;
  }
  last_error.reset();
  for (const Job& job : jobs) {
    if (job.written) job.written();
  }
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
    return std::exchange(present.state, state) != state || std::exchange(present.why, why) != why;
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
  if (present.rules.revocation == Revocation::kStrict && *age > kStrictAge) return Trust::kSilent;
  return *age > present.rules.policy_ttl ? Trust::kTooLong : Trust::kYes;
}

}  // namespace postern::membership
