#include "agent/identity/provider_credential.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>

#include "agent/identity/descriptor.h"
#include "shared/crypto/random.h"

namespace postern::identity {
namespace {

constexpr size_t kLargest = 16384;

Error Invalid(const std::string& where, std::string_view what) {
  return Error{ErrorCode::kInvalid, where + ": " + std::string(what)};
}

// Fills `memory` as far as the file goes.
Result<size_t> ReadInto(int descriptor, std::span<char> memory, const std::string& where) {
  size_t size = 0;
  while (size < memory.size()) {
    const ssize_t got = read(descriptor, memory.data() + size, memory.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return Error{ErrorCode::kNotFound,
                   where + ": can't be read: " + std::generic_category().message(errno)};
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  return size;
}

Status Check(const crypto::LockedSecret& secret, const std::string& where) {
  const std::string_view text = secret.view();
  if (text.empty()) return Invalid(where, "holds nothing, wanted is a credential");
  if (text.size() > kLargest)
    return Invalid(where, "holds more than 16,384 characters, wanted is one credential");
  const bool visible = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (visible) return Ok{};
  return Invalid(where,
                 "holds white space, control characters or other than ASCII; wanted is one credential alone");
}

void TrimNewline(crypto::LockedSecret& secret) {
  if (secret.view().ends_with('\n')) secret.Truncate(secret.view().size() - 1);
  if (secret.view().ends_with('\r')) secret.Truncate(secret.view().size() - 1);
}

}  // namespace

Result<ProviderCredential> ReadCredentialFile(const std::filesystem::path& path) {
  const std::string where = path.string();
  const Descriptor descriptor(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!descriptor.is_open() || fstat(descriptor.number(), &status) != 0) {
    return Error{ErrorCode::kNotFound,
                 where + ": can't be opened: " + std::generic_category().message(errno)};
  }
  const auto fill = [&](std::span<char> memory) { return ReadInto(descriptor.number(), memory, where); };
  ProviderCredential credential;
  // Room for the newline, and for one character more that shows that there are too many.
  ASSIGN_OR_RETURN(credential.secret, crypto::LockedSecret::Make(kLargest + 3, fill));
  TrimNewline(credential.secret);
  RETURN_IF_ERROR(Check(credential.secret, where));
  if (S_ISREG(status.st_mode) && (status.st_mode & S_IROTH) != 0) {
    credential.warning =
        where + " holds the provider's credential and can be read by every user of this machine";
  }
  return credential;
}

Result<ProviderCredential> TakeCredentialFromEnvironment(const std::string& variable) {
  const std::string where = "environment variable " + variable;
  char* value = std::getenv(variable.c_str());
  if (value == nullptr || *value == '\0') return Error{ErrorCode::kNotFound, where + ": is not set"};
  const size_t size = std::strlen(value);
  const auto fill = [&](std::span<char> memory) -> Result<size_t> {
    std::copy_n(value, memory.size(), memory.data());
    return memory.size();
  };
  auto secret = crypto::LockedSecret::Make(std::min(size, kLargest + 3), fill);
  crypto::Cleanse({value, size});
  unsetenv(variable.c_str());
  if (!secret) return secret.error();
  TrimNewline(*secret);
  RETURN_IF_ERROR(Check(*secret, where));
  return ProviderCredential{*std::move(secret), std::nullopt};
}

Result<crypto::LockedSecret> MakeHeaderLine(std::string_view header, std::string_view credential) {
  const std::string_view name = header == "authorization" ? "authorization: Bearer " : "x-api-key: ";
  const std::string_view end = "\r\n";
  return crypto::LockedSecret::Make(name.size() + credential.size() + end.size(),
                                    [&](std::span<char> into) -> Result<size_t> {
                                      char* at = std::copy(name.begin(), name.end(), into.data());
                                      at = std::copy(credential.begin(), credential.end(), at);
                                      at = std::copy(end.begin(), end.end(), at);
                                      return static_cast<size_t>(at - into.data());
                                    });
}

}  // namespace postern::identity
