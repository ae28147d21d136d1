#include "shared/sealing/sealed_credential.h"

#include "shared/crypto/aes_gcm.h"
#include "shared/crypto/hkdf.h"
#include "shared/crypto/wiped.h"
#include "shared/sealing/binding_text.h"

namespace postern::sealing {
namespace {

constexpr char kFormat = 1;
constexpr size_t kHeaderSize = 1 + crypto::kAgreementKeySize;

std::string TextOf(const Binding& binding) {
  BindingText text("postern credential v1\n");
  text.Add(binding.agent).Add(binding.incarnation).Add(binding.name).Add(binding.provider);
  text.Add(binding.header).Add(binding.generation).Add(static_cast<uint64_t>(binding.expires));
  return text.bytes();
}

// The key and the nonce of one box. The nonce may be derived, since the key is never used again: each box has
// an ephemeral key of its own.
struct BoxKey {
  crypto::WipedBytes<crypto::kAesKeySize + crypto::kAesNonceSize> bytes;
  std::string_view key() const { return bytes.view().substr(0, crypto::kAesKeySize); }
  std::string_view nonce() const { return bytes.view().substr(crypto::kAesKeySize); }
};

BoxKey Derive(std::string_view shared, std::string_view ephemeral, std::string_view recipient,
              std::string_view text) {
  BoxKey key;
  crypto::DeriveHkdf(key.bytes.bytes(), shared, std::string(ephemeral).append(recipient), text);
  return key;
}

}  // namespace

Result<std::string> SealCredential(std::string_view credential, std::string_view recipient,
                                   const Binding& binding) {
  return internal::SealWith(crypto::AgreementKey::Generate(), credential, recipient, binding);
}

Result<std::string> internal::SealWith(const crypto::AgreementKey& ephemeral, std::string_view credential,
                                       std::string_view recipient, const Binding& binding) {
  if (credential.empty() || credential.size() > kMaxCredential)
    return Error{ErrorCode::kInvalid, "a credential has 1 to 8,192 characters"};
  ASSIGN_OR_RETURN(const auto shared, ephemeral.Agree(recipient));
  const std::string text = TextOf(binding);
  const BoxKey key = Derive(shared.view(), ephemeral.public_key(), recipient, text);
  std::string box(1, kFormat);
  box += ephemeral.public_key();
  return box += crypto::EncryptAesGcm(key.key(), key.nonce(), credential, text);
}

Result<crypto::LockedSecret> OpenCredential(std::string_view box, const crypto::AgreementKey& key,
                                            const Binding& binding) {
  const Error denied{ErrorCode::kDenied, "the credential wasn't sealed to this agent for this purpose"};
  if (box.size() < kHeaderSize + crypto::kAesTagSize || box.front() != kFormat) return denied;
  const std::string_view ephemeral = box.substr(1, crypto::kAgreementKeySize);
  const auto shared = key.Agree(ephemeral);
  if (!shared) return denied;
  const std::string text = TextOf(binding);
  const BoxKey box_key = Derive(shared->view(), ephemeral, key.public_key(), text);
  auto opened = crypto::DecryptAesGcm(box_key.key(), box_key.nonce(), box.substr(kHeaderSize), text);
  if (!opened && opened.error().code == ErrorCode::kDenied) return denied;
  return opened;
}

}  // namespace postern::sealing
