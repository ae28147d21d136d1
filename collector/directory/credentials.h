// Provider credentials: encrypted under the master key, never shown again, sealed to the agents that need
// them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "collector/directory/page.h"
#include "collector/directory/registrar.h"
#include "shared/base/result.h"
#include "shared/sealing/master_key.h"
#include "shared/wire/conversation.pb.h"
#include "shared/wire/directory.pb.h"

namespace postern::directory {

struct NewCredential {
  std::string name;
  std::string provider;  // "anthropic"
  std::string header;    // "x-api-key" or "authorization"; empty: x-api-key
};

// Errors as Keys. The records that it returns have no `encrypted`. Thread-safe.
class Credentials {
 public:
  Credentials(Registrar& registrar, const sealing::MasterKey& master_key)
      : registrar_(registrar), master_key_(master_key) {}

  // `value`: 1 to 8,192 visible ASCII characters, without white space. It is the caller's to wipe.
  Result<wire::CredentialRecord> Add(const Actor& actor, const NewCredential& credential,
                                     std::string_view value);
  Result<wire::CredentialRecord> Rotate(const Actor& actor, const std::string& name, std::string_view value);
  // Keys and teams that name it go on naming it, and find nothing.
  Status Remove(const Actor& actor, const std::string& name);
  Result<wire::CredentialRecord> Find(const std::string& name);
  Result<Page<wire::CredentialRecord>> List(const PageRequest& page);

  // Seals the credentials of these names to an active agent, for this incarnation and until `expires`. That
  // it was done is on the disk before it returns, so that revoking the agent names them. One that was
  // removed, or never was, comes back as `removed`. kDenied where the agent isn't active.
  Result<std::vector<wire::SealedCredential>> SealFor(const std::string& agent, uint64_t incarnation,
                                                      const std::vector<std::string>& names, int64_t expires);

 private:
  Result<wire::SealedCredential> Seal(const wire::CredentialRecord& record, const wire::AgentRecord& agent,
                                      uint64_t incarnation, int64_t expires);

  Registrar& registrar_;
  const sealing::MasterKey& master_key_;
};

}  // namespace postern::directory
