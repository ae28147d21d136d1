// What a membership's memory looks like on disk: a small store of its own, so that neither the record nor the
// event loop waits for it. README.md has the keys.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "agent/membership/enrolment.h"
#include "agent/membership/policy_check.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/kv/store.h"
#include "shared/wire/conversation.h"

namespace postern::membership {

// What the last life left.
struct Remembered {
  std::vector<wire::KeyRecord> keys;
  std::vector<wire::OsPrincipal> os_users;
  struct Box {
    uint64_t incarnation = 0;
    wire::SealedCredential sealed;
  };
  std::vector<Box> credentials;
  std::optional<wire::SignedMemory> memory;
  std::string contact;  // as Contact::Encode
  wire::AgentState state = wire::AGENT_ACTIVE;
  std::string why;
  uint64_t newest_revocation = 0;
  std::string policy;       // a serialised SignedPolicy; empty: none
  PolicyMark policy_mark;   // of the newest that was ever in force
  WallTime policy_taken{};  // when that came into force
  std::string policy_key;   // the collector's, 32 bytes, as it first showed it; empty: it never did
  wire::Freeze freeze;
};

// One thread writes. Thread-compatible.
class CacheStore {
 public:
  // What another enrolment left is removed first. Errors as kv::Store::Open; kCorrupt where something in it
  // is not as it was written.
  static Result<std::unique_ptr<CacheStore>> Open(const std::string& state_directory,
                                                  const Enrolment& enrolment,
                                                  std::shared_ptr<kv::Faults> faults);

  Result<Remembered> Read() const;
  Result<std::string> Policy() const;  // that of Remembered, alone

  // What is put together here is written by Commit.
  void PutKey(const wire::KeyRecord& key);
  void ForgetKey(std::string_view id);
  void PutOsUser(const wire::OsPrincipal& user);
  void ForgetOsUser(uid_t uid);
  void PutCredential(const wire::SealedCredential& sealed, uint64_t incarnation);
  void ForgetCredential(std::string_view name);
  void ForgetCredentials();
  void PutMemory(const wire::SignedMemory& memory);
  void PutContact(std::string_view contact);
  void PutState(wire::AgentState state, std::string_view why);
  void PutNewestRevocation(uint64_t revision);
  void PutPolicy(std::string_view signed_policy, const PolicyMark& mark, WallTime taken);
  void PutPolicyKey(std::string_view raw);
  void PutFreeze(const wire::Freeze& freeze);

  // In one synced write. After an error what was put together stays, and Commit may be called again.
  Status Commit();

 private:
  explicit CacheStore(std::unique_ptr<kv::Store> store) : store_(std::move(store)) {}
  Status BelongTo(const Enrolment& enrolment);
  Status ReadPolicy(Remembered& all) const;
  Status Each(std::string_view prefix,
              const std::function<Status(std::string_view, std::string_view)>& take) const;

  std::unique_ptr<kv::Store> store_;
  kv::Batch batch_;
};

}  // namespace postern::membership
