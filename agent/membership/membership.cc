#include "agent/membership/membership.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>

#include "agent/identity/user_names.h"
#include "agent/membership/cache_store.h"
#include "agent/membership/contact.h"
#include "agent/membership/credential_locker.h"
#include "agent/membership/record_cache.h"
#include "shared/base/guarded.h"
#include "shared/base/log.h"

namespace postern::membership {
namespace {

constexpr std::chrono::seconds kStrictAge{30};
constexpr std::chrono::seconds kContactEvery{60};  // how often the last word's time is written
constexpr std::chrono::seconds kRetryDisk{5};
constexpr size_t kMostWaiting = 1024;

std::string ReadBootId(const std::string& file) {
  std::ifstream in(file);
  std::string id;
  std::getline(in, id);
  return id;
}

bool IsNumber(const std::string& text) {
  uid_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

// Whether the machine's user database must be asked before the key can be judged by: it may be a network
// away.
bool NeedsLookUp(const wire::KeyRecord& key) {
  return !key.disabled() && !key.revoked() &&
         !std::all_of(key.os_users().begin(), key.os_users().end(), IsNumber);
}

// Of a key that can't be used, nobody need know.
std::vector<uid_t> UidsOf(const wire::KeyRecord& key) {
  if (key.disabled() || key.revoked()) return {};
  return identity::FindUids({key.os_users().begin(), key.os_users().end()});
}

}  // namespace

// What is in memory, under one lock; what waits for the disk, under another; and the thread between them.
struct Membership::State {
  State(const Enrolment& from, Options given, std::unique_ptr<CacheStore> opened)
      : enrolment(from),
        options(std::move(given)),
        store(std::move(opened)),
        memory(options, ReadBootId(options.boot_id_file)) {}

  struct Memory {
    Memory(const Options& options, std::string boot_id)
        : rules(options.rules), incarnation(options.incarnation), contact(std::move(boot_id)) {}

    Rules rules;
    uint64_t incarnation;
    Link link = Link::kAway;
    wire::AgentState state = wire::AGENT_ACTIVE;
    std::string why;
    RecordCache records;
    CredentialLocker credentials;
    Contact contact;
    BootTime contact_written{};
    std::optional<wire::SignedMemory> signed_memory;
    uint64_t epoch = 0;
  };

  // One thing for the thread: what it finds out first, what it writes, and whom it tells afterwards.
  struct Job {
    std::function<void(CacheStore&)> write{};
    std::function<void()> written{};
    std::vector<wire::KeyRecord> look_up{};  // to be taken once their users are known
    uint64_t conversation = 0;               // in which they were said
  };

  struct Queue {
    std::vector<Job> jobs;
    bool closing = false;
  };

  bool Enqueue(Job job);
  void Run();
  void LookUp(const Job& job);
  void Do(std::vector<Job> jobs);
  void Changed();
  void SetState(wire::AgentState state, const std::string& why, Link link);
  void Heard(BootTime sent);
  void WriteForgotten(CacheStore& into);
  Trust TrustOf(const Memory& present, BootTime boot_now, WallTime wall_now) const;

  const Enrolment& enrolment;
  const Options options;
  std::unique_ptr<CacheStore> store;  // the thread's own, once it runs
  Guarded<Memory> memory;
  Guarded<std::function<void()>> on_change;

  std::mutex mutex;
  std::condition_variable wake;
  Queue queue;  // under mutex
  std::optional<Error> last_error;
  std::thread thread;  // last: it uses all of the above
};

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
      present.records.TakeOsUser(user, RecordCache::Origin::kDisk);
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
  state_->Changed();
}

void Membership::OnRefused() {
  state_->memory.With([](State::Memory& present) {
    present.records.EndConversation();
    present.credentials.Clear();
  });
  state_->SetState(wire::AGENT_REVOKED, "", Link::kRefused);
  state_->Enqueue({.write = [](CacheStore& into) { into.ForgetCredentials(); }});
  state_->Changed();
}

void Membership::Take(const wire::Welcome& welcome, BootTime sent) {
  state_->memory.With([&](State::Memory& present) {
    present.records.BeginConversation();
    present.incarnation = welcome.incarnation();
  });
  state_->SetState(welcome.state(), welcome.state_why(), Link::kWelcomed);
  state_->Heard(sent);
  state_->Changed();
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
  std::vector<wire::KeyRecord> look_up;
  uint64_t revocation = 0;
  uint64_t conversation = 0;
  const bool taken = state_->memory.With([&](State::Memory& present) {
    RecordCache& records = present.records;
    if (!records.IsCurrent(directory.revision())) return false;
    for (const wire::KeyRecord& key : directory.keys()) {
      if (NeedsLookUp(key)) {
        look_up.push_back(key);
      } else {
        // Numbers only, or not to be used: nobody has to be asked.
        records.TakeKey(key, UidsOf(key), RecordCache::Origin::kCollector);
      }
    }
    const BootTime now = state_->options.boot_now();
    for (const std::string& id : directory.unknown_keys()) records.TakeUnknownKey(id, now);
    for (const wire::OsPrincipal& user : directory.os_users())
      records.TakeOsUser(user, RecordCache::Origin::kCollector);
    records.NoteRevision(directory.revision());
    revocation = records.newest_revocation();
    conversation = records.conversation();
    return true;
  });
  if (!taken) return false;
  state_->Changed();
  state_->Enqueue({.write =
                       [directory, revocation](CacheStore& into) {
                         for (const wire::KeyRecord& key : directory.keys()) into.PutKey(key);
                         for (const wire::OsPrincipal& user : directory.os_users()) into.PutOsUser(user);
                         into.PutNewestRevocation(revocation);
                       },
                   .written = std::move(durable),
                   .look_up = std::move(look_up),
                   .conversation = conversation});
  return true;
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
    return Outlook{present.link, state_->TrustOf(present, boot_now, wall_now), present.rules.revocation};
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
                    present.credentials.size()};
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
