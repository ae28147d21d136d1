// The provider's credential on a lone host or in CI: from a file or an environment variable into locked
// memory. No error or warning shows any of it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.h"
#include "shared/crypto/locked_secret.h"

namespace postern::identity {

struct ProviderCredential {
  crypto::LockedSecret secret;         // 1 to 16,384 visible ASCII characters: fit for a header as it is
  std::optional<std::string> warning;  // a sentence for the log: others can read the file
};

// One newline at the end doesn't count. kNotFound where the file can't be opened, kInvalid where it holds
// something else than one credential.
Result<ProviderCredential> ReadCredentialFile(const std::filesystem::path& path);

// Removes the variable from this process's environment, and wipes it where the kernel shows it
// (/proc/self/environ), whether it is valid or not. Call it while there is one thread. kNotFound where it is
// not set or empty, kInvalid as above.
Result<ProviderCredential> TakeCredentialFromEnvironment(const std::string& variable);

// The header line that the credential becomes: "x-api-key: …\r\n", or "authorization: Bearer …\r\n" for the
// header "authorization". kUnavailable where there is no locked memory.
Result<crypto::LockedSecret> MakeHeaderLine(std::string_view header, std::string_view credential);

}  // namespace postern::identity
