#include "agent/screening/keys.h"

#include <algorithm>
#include <utility>

#include "shared/crypto/hmac.h"
#include "shared/crypto/key_file.h"
#include "shared/crypto/random.h"

namespace postern::screening {
namespace {

// What stands in the file: a line, and then both keys' bytes.
constexpr std::string_view kMark = "postern secrets key v1\n";
constexpr size_t kKeyBytes = 32;
constexpr size_t kFingerprintBytes = 16;

HostKeys KeysFrom(std::string_view bytes) {
  HostKeys keys;
  std::copy_n(bytes.begin(), kKeyBytes, keys.placeholder.bytes().begin());
  std::copy_n(bytes.begin() + kKeyBytes, kKeyBytes, keys.fingerprint.bytes().begin());
  return keys;
}

Result<HostKeys> MakeKeys(const std::string& path) {
  HostKeys keys;
  crypto::RandomBytes(keys.placeholder.bytes());
  crypto::RandomBytes(keys.fingerprint.bytes());
  std::string text;
  text.reserve(kMark.size() + 2 * kKeyBytes);
  const crypto::WipeAtEnd wiper(text);
  text.append(kMark).append(keys.placeholder.view()).append(keys.fingerprint.view());
  RETURN_IF_ERROR(crypto::WriteKeyFile(path, text, crypto::Mode::kOwnerOnly));
  return keys;
}

}  // namespace

Result<HostKeys> FindHostKeys(const std::filesystem::path& state) {
  const std::string path = (state / "secrets.key").string();
  auto text = crypto::ReadKeyFile(path);
  if (!text && text.error().code == ErrorCode::kNotFound) return MakeKeys(path);
  if (!text) return text.error();
  const crypto::WipeAtEnd wiper(*text);
  if (text->size() != kMark.size() + 2 * kKeyBytes || !text->starts_with(kMark))
    return Error{ErrorCode::kInvalid, path + ": these are no keys for secrets"};
  return KeysFrom(std::string_view(*text).substr(kMark.size()));
}

std::string FingerprintOf(std::string_view key, std::string_view secret) {
  return std::string(crypto::AsBytes(crypto::HmacSha256(key, secret)).substr(0, kFingerprintBytes));
}

}  // namespace postern::screening
