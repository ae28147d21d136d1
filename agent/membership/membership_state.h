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
#include "agent/membership/policy_parts.h"
#include "agent/membership/record_cache.h"
#include "agent/membership/refusal_quota.h"
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
        : rules(options.rules),
          incarnation(options.incarnation),
          contact(std::move(boot_id)),
          catalogue(options.catalogue) {}

    std::optional<Freeze> Freezing() const;
    bool TakeFreeze(const wire::Freeze& offered);
    bool strict() const;
    std::chrono::nanoseconds policy_ttl() const;

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

    std::shared_ptr<const policy::Catalogue> catalogue;
    std::shared_ptr<const PolicyInForce> policy;
    PolicyMark newest_policy;
    PolicyMark written_policy;                               // in force and on the disk
    std::optional<crypto::PublicKey> collectors_policy_key;  // as it first showed it
    uint64_t policies_refused = 0;
    std::string policy_refusal;
    wire::Freeze freeze;
  };

  // One thing for the thread: what it finds out first, what it writes, and whom it tells afterwards.
  struct Job {
    std::function<void(CacheStore&)> write{};
    std::function<void()> written{};
    std::vector<wire::KeyRecord> look_up{};  // to be taken once their users are known
    uint64_t conversation = 0;               // in which they were said
  };

  // A policy that came whole, and whom to tell what became of it.
  struct Offer {
    WholePolicy whole;
    std::function<void(const PolicyAnswer&)> answer;
  };

  struct Queue {
    std::vector<Job> jobs;
    std::optional<Offer> offer;  // the newest: no more than one large policy waits
    bool recompile = false;
    // There was no room for a job: all that is known is written before anything later is called written.
    bool missed = false;
    bool closing = false;

    bool empty() const { return jobs.empty() && !offer && !recompile && !missed; }
  };

  bool Enqueue(Job job);
  void Run();
  void LookUp(const Job& job);
  void Do(Queue work);
  // False where the disk failed until the end.
  bool Commit(std::vector<Job>& jobs);
  void WriteAll(CacheStore& into);
  void Changed();
  void SetState(wire::AgentState state, const std::string& why, Link link);
  void Heard(BootTime sent);
  void WriteForgotten(CacheStore& into);
  Trust TrustOf(const Memory& present, BootTime boot_now, WallTime wall_now) const;

  // Policies and freezes: membership_policy.cc.
  Status RestorePolicy(const Remembered& last);
  PolicyTerms TermsOf(const Memory& present) const;
  void Consider(Offer offer, std::vector<Job>& jobs);
  void PutInForce(const std::shared_ptr<const PolicyInForce>& policy);
  void RefusePolicy(uint64_t version, const std::string& sentence);
  void Recompile();
  void Record(wire::PolicyChange change);
  static void TellFreeze(const wire::Freeze& freeze);
  void PinPolicyKey(const std::string& raw);

  const Enrolment& enrolment;
  const Options options;
  std::unique_ptr<CacheStore> store;  // with the next: the thread's own, once it runs
  PolicyMark batched_policy;          // the last that was given to the store, written or not
  Guarded<Memory> memory;
  Guarded<std::function<void()>> on_change;

  std::mutex mutex;
  std::condition_variable wake;
  Queue queue;  // under mutex
  Guarded<PolicyParts> parts;
  Guarded<RefusalQuota> quota;
  std::optional<Error> last_error;
  std::thread thread;  // last: it uses all of the above
};

}  // namespace postern::membership
