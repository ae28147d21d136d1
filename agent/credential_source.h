// Where the provider credential comes from, and the header line that it becomes.
#pragma once

#include <optional>

#include "agent/config.h"
#include "shared/crypto/locked_secret.h"

namespace postern::agent {

// A credential from the environment can be taken only once, so it is kept here for when the configuration is
// read again. Owned by one thread.
class CredentialSource {
 public:
  // "x-api-key: …\r\n" or "authorization: Bearer …\r\n". Nothing where the file that is named isn't there:
  // the agent then runs and says so to whoever asks. kInvalid where there is something else than a
  // credential.
  Result<std::optional<crypto::LockedSecret>> HeaderLine(const CredentialConfig& config);

 private:
  std::optional<crypto::LockedSecret> from_environment_;
};

}  // namespace postern::agent
