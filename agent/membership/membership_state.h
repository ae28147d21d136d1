// What a Membership is made of. Inside agent/membership only.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agent/membership/cache_store.h"
#include "agent/membership/contact.h"
#include "agent/membership/credential_locker.h"
#include "agent/membership/membership.h"
#include "agent/membership/record_cache.h"
#include "shared/base/guarded.h"

namespace postern::membership {

// What is in memory, under one lock; what waits for the disk, under another; and the thread between them.
struct Membership::State {
  State(const Enrolment& from, Options given, std::unique_ptr<CacheStore> opened)
      : enrolment(from),
        options(std::move(given)),
        store(std::move(opened)),
        memory(options, ReadBootId(options.boot_id_file)) {}

  static std::string ReadBootId(const std::string& file);

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

}  // namespace postern::membership
