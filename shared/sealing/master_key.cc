#include "shared/sealing/master_key.h"

#include <algorithm>
#include <array>
#include <utility>

#include "shared/base/hex.h"
#include "shared/crypto/aes_gcm.h"
#include "shared/crypto/random.h"
#include "shared/crypto/sha256.h"
#include "shared/crypto/wiped.h"
#include "shared/sealing/binding_text.h"
#include "shared/sealing/sealed_credential.h"

namespace postern::sealing {
namespace {

constexpr char kFormat = 1;
constexpr size_t kIdSize = 8;
constexpr size_t kHeaderSize = 1 + kIdSize + crypto::kAesNonceSize;

std::string TextOf(const Place& place) {
  BindingText text("postern credential at rest v1\n");
  text.Add(place.id).Add(place.provider).Add(place.header).Add(place.generation);
  return text.bytes();
}

std::string IdOf(std::string_view key) {
  const crypto::Digest digest = crypto::Sha256Hasher().Update("postern master key v1\n").Update(key).Finish();
  return std::string(crypto::AsBytes(digest).substr(0, kIdSize));
}

Error NotAKey() {
  return Error{ErrorCode::kInvalid, "a master key's file holds 64 hexadecimal digits and nothing else"};
}

}  // namespace

MasterKey::MasterKey(crypto::LockedSecret key) : key_(std::move(key)), id_(IdOf(key_.view())) {}

Result<MasterKey> MasterKey::Generate() {
  ASSIGN_OR_RETURN(
      auto key, crypto::LockedSecret::Make(crypto::kAesKeySize, [](std::span<char> memory) -> Result<size_t> {
        crypto::RandomBytes({reinterpret_cast<uint8_t*>(memory.data()), memory.size()});
        return memory.size();
      }));
  return MasterKey(std::move(key));
}

Result<MasterKey> MasterKey::FromText(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.size() != 2 * crypto::kAesKeySize) return NotAKey();
  auto raw = FromHex(text);
  if (!raw) return NotAKey();
  const crypto::WipeAtEnd wipe(*raw);
  ASSIGN_OR_RETURN(auto key, crypto::LockedSecret::Make(raw->size(), [&](std::span<char> memory) {
                     std::copy(raw->begin(), raw->end(), memory.begin());
                     return Result<size_t>(raw->size());
                   }));
  return MasterKey(std::move(key));
}

std::string MasterKey::ToText() const { return ToHex(key_.view()) + "\n"; }

Result<std::string> MasterKey::Encrypt(std::string_view credential, const Place& place) const {
  if (credential.empty() || credential.size() > kMaxCredential)
    return Error{ErrorCode::kInvalid, "a credential has 1 to 8,192 characters"};
  std::array<uint8_t, crypto::kAesNonceSize> random;
  crypto::RandomBytes(random);
  const std::string_view nonce(reinterpret_cast<const char*>(random.data()), random.size());
  std::string encrypted(1, kFormat);
  encrypted.append(id_).append(nonce);
  return encrypted += crypto::EncryptAesGcm(key_.view(), nonce, credential, TextOf(place));
}

Result<crypto::LockedSecret> MasterKey::Decrypt(std::string_view encrypted, const Place& place) const {
  const Error corrupt{ErrorCode::kCorrupt, "the encrypted credential \"" + place.id + "\" is damaged"};
  if (encrypted.size() < kHeaderSize || encrypted.front() != kFormat) return corrupt;
  if (encrypted.substr(1, kIdSize) != id_) {
    return Error{ErrorCode::kDenied,
                 "the credential \"" + place.id + "\" was encrypted under another master key than this one"};
  }
  const std::string_view nonce = encrypted.substr(1 + kIdSize, crypto::kAesNonceSize);
  auto opened = crypto::DecryptAesGcm(key_.view(), nonce, encrypted.substr(kHeaderSize), TextOf(place));
  if (!opened && opened.error().code == ErrorCode::kDenied) return corrupt;
  return opened;
}

}  // namespace postern::sealing
