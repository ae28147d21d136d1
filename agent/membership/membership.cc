#include "agent/membership/membership.h"

#include <utility>

#include "agent/membership/key_users.h"
#include "agent/membership/membership_state.h"
#include "shared/base/log.h"

namespace postern::membership {
namespace {

// What can be taken at once is; those for which the machine must be asked first are returned.
std::vector<wire::KeyRecord> TakeRecords(RecordCache& records, const wire::Directory& directory,
                                         BootTime now) {
  std::vector<wire::KeyRecord> look_up;
  for (const wire::KeyRecord& key : directory.keys()) {
    if (NeedsLookUp(key)) {
      look_up.push_back(key);
    } else {
      // Numbers only, or not to be used: nobody has to be asked.
      records.TakeKey(key, UidsOf(key), RecordCache::Origin::kCollector);
    }
  }
  for (const std::string& id : directory.unknown_keys()) records.TakeUnknownKey(id, now);
  for (const wire::OsPrincipal& user : directory.os_users())
    records.TakeOsUser(user, directory.revision(), RecordCache::Origin::kCollector);
  records.NoteRevision(directory.revision());
  return look_up;
}

}  // namespace

Membership::Membership(std::unique_ptr<State> state) : state_(std::move(state)) {}

Membership::~Membership() { static_cast<void>(Close().has_value()); }

Result<std::unique_ptr<Membership>> Membership::Open(const Enrolment& enrolment, Options options) {
  ASSIGN_OR_RETURN(auto store, CacheStore::Open(options.directory.string(), enrolment, options.faults));
  ASSIGN_OR_RETURN(Remembered last, store->Read());
  std::vector<std::vector<uid_t>> uids;
  for (const wire::KeyRecord& key : last.keys) uids.push_back(UidsOf(key));
  auto state = std::make_unique<State>(enrolment, std::move(options), std::move(store));
  const WallTime now = state->options.wall_now();
  const Status restored = state->memory.With([&](State::Memory& present) -> Status {
    for (size_t i = 0; i < last.keys.size(); ++i)
      present.records.TakeKey(last.keys[i], std::move(uids[i]), RecordCache::Origin::kDisk);
    for (const wire::OsPrincipal& user : last.os_users)
      present.records.TakeOsUser(user, 0, RecordCache::Origin::kDisk);
    present.records.NoteRevocation(last.newest_revocation);
    present.state = last.state;
    present.why = last.why;
    RETURN_IF_ERROR(present.contact.Restore(last.contact));
    if (last.memory) {
      // Signed by a key that is no longer this collector's: nothing that could be shown to it.
      const auto opened = wire::OpenMemory(last.memory->bytes, last.memory->signature, enrolment.log_key);
      if (opened) present.signed_memory = last.memory;
      if (opened) present.epoch = opened->epoch();
    }
    if (present.rules.credentials != CredentialCache::kMachine) return Ok{};
    for (const Remembered::Box& box : last.credentials) {
      if (box.incarnation != present.incarnation) continue;
      const Status taken = present.credentials.Take(box.sealed, enrolment, box.incarnation, now);
      if (!taken)
        Log(Level::kWarning, "a credential from the disk can't be used",
            {{"credential", box.sealed.name()}, {"reason", taken.error().message}});
    }
    return Ok{};
  });
  RETURN_IF_ERROR(restored);
  RETURN_IF_ERROR(state->RestorePolicy(last));
  if (state->options.rules.credentials != CredentialCache::kMachine && !last.credentials.empty())
    state->store->ForgetCredentials();
  RETURN_IF_ERROR(state->store->Commit());
  State* running = state.get();
  state->thread = std::thread([running] { running->Run(); });
  return std::unique_ptr<Membership>(new Membership(std::move(state)));
}

Status Membership::Close() {
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->queue.closing) {
      const std::string contact =
          state_->memory.With([](const State::Memory& present) { return present.contact.Encode(); });
      state_->queue.jobs.push_back({.write = [contact](CacheStore& into) { into.PutContact(contact); }});
    }
    state_->queue.closing = true;
  }
  state_->wake.notify_one();
  if (state_->thread.joinable()) state_->thread.join();
  if (state_->last_error) return *state_->last_error;
  return Ok{};
}

std::optional<wire::SignedMemory> Membership::memory() const {
  return state_->memory.With([](const State::Memory& present) { return present.signed_memory; });
}

uint64_t Membership::epoch() const {
  return state_->memory.With([](const State::Memory& present) { return present.epoch; });
}

uint64_t Membership::revision() const {
  return state_->memory.With([](const State::Memory& present) { return present.records.revision(); });
}

std::vector<wire::KeyRecord> Membership::Tombstones(size_t most) const {
  return state_->memory.With([&](const State::Memory& present) { return present.records.Tombstones(most); });
}

void Membership::OnDisconnected() {
  state_->memory.With([](State::Memory& present) {
    present.link = Link::kAway;
    present.records.EndConversation();
  });
  state_->parts.With([](PolicyParts& parts) { parts.Forget(); });
  state_->Changed();
}

void Membership::OnRefused(const std::string& why, std::function<void()> durable) {
  const std::string sentence = state_->memory.With([&](State::Memory& present) {
    present.records.EndConversation();
    present.credentials.Clear();
    return why.empty() && present.state == wire::AGENT_REVOKED ? present.why : why;
  });
  state_->SetState(wire::AGENT_REVOKED, sentence, Link::kRefused);
  state_->Changed();
  state_->Enqueue(
      {.write = [](CacheStore& into) { into.ForgetCredentials(); }, .written = std::move(durable)});
}

void Membership::Take(const wire::Welcome& welcome, BootTime sent, std::function<void()> durable) {
  const bool frozen = state_->memory.With([&](State::Memory& present) {
    present.records.BeginConversation();
    present.incarnation = welcome.incarnation();
    return welcome.has_freeze() && present.TakeFreeze(welcome.freeze());
  });
  state_->SetState(welcome.state(), welcome.state_why(), Link::kWelcomed);
  state_->Heard(sent);
  state_->Changed();
  if (frozen) State::TellFreeze(welcome.freeze());
  state_->PinPolicyKey(welcome.policy_key());
  if (!welcome.has_freeze()) return;
  State::Job job{.written = std::move(durable)};
  if (frozen) job.write = [freeze = welcome.freeze()](CacheStore& into) { into.PutFreeze(freeze); };
  state_->Enqueue(std::move(job));
}

void Membership::Take(const wire::HeartbeatAnswer& answer, BootTime sent) {
  state_->SetState(answer.state(), answer.state_why(), Link::kWelcomed);
  state_->Heard(sent);
  state_->Changed();
}

void Membership::OnQuarantined(const std::string& why) {
  state_->SetState(wire::AGENT_QUARANTINED, why, Link::kWelcomed);
  state_->Changed();
}

Status Membership::Remember(const wire::SignedMemory& memory) {
  ASSIGN_OR_RETURN(const wire::Memory opened,
                   wire::OpenMemory(memory.bytes, memory.signature, state_->enrolment.log_key));
  if (opened.agent() != state_->enrolment.agent || opened.collector() != state_->enrolment.collector)
    return Error{ErrorCode::kInvalid, "the collector's memory is of another agent or collector"};
  const bool newer = state_->memory.With([&](State::Memory& present) {
    if (opened.epoch() < present.epoch) return false;
    present.signed_memory = memory;
    present.epoch = opened.epoch();
    return true;
  });
  if (newer) state_->Enqueue({.write = [memory](CacheStore& into) { into.PutMemory(memory); }});
  return Ok{};
}

bool Membership::Take(const wire::Directory& directory, std::function<void()> durable) {
  State::Job job{.written = std::move(durable)};
  bool another_freeze = false;
  uint64_t revocation = 0;
  const bool taken = state_->memory.With([&](State::Memory& present) {
    // A freeze has a revision of its own: what else the answer holds may be too old, and it not.
    another_freeze = directory.has_freeze() && present.TakeFreeze(directory.freeze());
    RecordCache& records = present.records;
    const bool only_freeze = directory.keys().empty() && directory.unknown_keys().empty() &&
                             directory.os_users().empty() && directory.has_freeze();
    if (only_freeze) records.NoteRevision(directory.revision());
    if (only_freeze) return true;
    if (!records.IsCurrent(directory.revision())) return false;
    job.look_up = TakeRecords(records, directory, state_->options.boot_now());
    job.conversation = records.conversation();
    revocation = records.newest_revocation();
    return true;
  });
  if (!taken && !another_freeze) return false;
  state_->Changed();
  if (another_freeze) State::TellFreeze(directory.freeze());
  // Of a key what is known then is written, not what came: it may be known better.
  job.write = [state = state_.get(), directory, taken, another_freeze, revocation](CacheStore& into) {
    if (another_freeze) into.PutFreeze(directory.freeze());
    if (!taken) return;
    for (const wire::KeyRecord& key : directory.keys()) {
      const auto known = state->memory.With(
          [&](const State::Memory& present) { return present.records.RecordOf(key.id()); });
      if (known) into.PutKey(*known);
    }
    for (const wire::OsPrincipal& user : directory.os_users()) into.PutOsUser(user);
    if (revocation != 0) into.PutNewestRevocation(revocation);
  };
  if (!taken) job.written = {};
  state_->Enqueue(std::move(job));
  return taken;
}

Status Membership::Take(const wire::SealedCredential& credential) {
  uint64_t incarnation = 0;
  CredentialCache cache{};
  const Status taken = state_->memory.With([&](State::Memory& present) {
    incarnation = present.incarnation;
    cache = present.rules.credentials;
    return present.credentials.Take(credential, state_->enrolment, incarnation, state_->options.wall_now());
  });
  RETURN_IF_ERROR(taken);
  state_->Changed();
  if (credential.removed() || cache != CredentialCache::kMachine) {
    state_->Enqueue({.write = [name = credential.name()](CacheStore& into) { into.ForgetCredential(name); }});
  } else {
    state_->Enqueue({.write = [credential, incarnation](CacheStore& into) {
      into.PutCredential(credential, incarnation);
    }});
  }
  return Ok{};
}

KeyAnswer Membership::FindKey(std::string_view id) const {
  return state_->memory.With(
      [&](State::Memory& present) { return present.records.FindKey(id, state_->options.boot_now()); });
}

OsUserAnswer Membership::FindOsUser(uid_t uid) const {
  return state_->memory.With([&](State::Memory& present) { return present.records.FindOsUser(uid); });
}

std::shared_ptr<const crypto::LockedSecret> Membership::CredentialFor(const std::vector<std::string>& names,
                                                                      std::string_view provider) const {
  return state_->memory.With([&](const State::Memory& present) {
    return present.credentials.Find(names, provider, state_->options.wall_now());
  });
}

Outlook Membership::outlook() const {
  const BootTime boot_now = state_->options.boot_now();
  const WallTime wall_now = state_->options.wall_now();
  return state_->memory.With([&](const State::Memory& present) {
    return Outlook{present.link, state_->TrustOf(present, boot_now, wall_now),
                   present.strict() ? Revocation::kStrict : Revocation::kBestEffort};
  });
}

Standing Membership::standing() const {
  const BootTime boot_now = state_->options.boot_now();
  const WallTime wall_now = state_->options.wall_now();
  return state_->memory.With([&](const State::Memory& present) {
    return Standing{present.link,
                    state_->TrustOf(present, boot_now, wall_now),
                    present.why,
                    present.contact.Age(boot_now, wall_now),
                    present.records.revision(),
                    present.epoch,
                    present.records.keys(),
                    present.records.os_users(),
                    present.credentials.size(),
                    present.policy,
                    present.policies_refused,
                    present.policy_refusal,
                    present.Freezing()};
  });
}

void Membership::OnChange(std::function<void()> call) {
  state_->on_change.With([&](std::function<void()>& present) { present = std::move(call); });
}

void Membership::Use(const Rules& rules) {
  state_->memory.With([&](State::Memory& present) { present.rules = rules; });
  if (rules.credentials != CredentialCache::kMachine)
    state_->Enqueue({.write = [](CacheStore& into) { into.ForgetCredentials(); }});
  state_->Changed();
}

}  // namespace postern::membership
