// The provider credentials that the collector sealed to this agent, opened and in locked memory, each as the
// header line that it becomes. Fails closed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/membership/enrolment.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/crypto/locked_secret.h"
#include "shared/wire/conversation.pb.h"

namespace postern::membership {

// Thread-compatible.
class CredentialLocker {
 public:
  // Each takes a page of locked memory, of which the system gives little.
  static constexpr size_t kMost = 64;

  // Opens the box with this agent's key, for the incarnation that it was sealed for, and keeps what is in it
  // in the place of what was there under that name; or forgets that, where it says `removed`. kDenied where
  // it was sealed for somebody or something else, or has expired; kExhausted where there are too many;
  // kUnavailable where there is no locked memory. After an error what was there stays.
  Status Take(const wire::SealedCredential& sealed, const Enrolment& enrolment, uint64_t incarnation,
              WallTime now);

  // The header line of the first of these that is there for that provider and hasn't expired; null where none
  // is. Whoever is sending it keeps it while it is replaced here, which is why it is shared.
  std::shared_ptr<const crypto::LockedSecret> Find(const std::vector<std::string>& names,
                                                   std::string_view provider, WallTime now) const;

  void Clear() { credentials_.clear(); }
  size_t size() const { return credentials_.size(); }

 private:
  struct Credential {
    std::string provider;
    uint32_t generation = 0;
    int64_t expires = 0;  // seconds since 1970
    std::shared_ptr<const crypto::LockedSecret> line;
  };
  std::map<std::string, Credential, std::less<>> credentials_;
};

}  // namespace postern::membership
