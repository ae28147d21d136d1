#include "shared/crypto/aes_gcm.h"

#include <algorithm>
#include <cstdint>
#include <memory>

#include <openssl/evp.h>

#include "shared/base/check.h"

namespace postern::crypto {
namespace {

struct ContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }  // wipes the key
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, ContextFree>;

const uint8_t* Octets(std::string_view bytes) { return reinterpret_cast<const uint8_t*>(bytes.data()); }

int Size(std::string_view bytes) {
  CHECK(bytes.size() <= size_t{1} << 30);
  return static_cast<int>(bytes.size());
}

}  // namespace

std::string EncryptAesGcm(std::string_view key, std::string_view nonce, std::string_view text,
                          std::string_view bound) {
  CHECK(key.size() == kAesKeySize && nonce.size() == kAesNonceSize);
  const Context context(EVP_CIPHER_CTX_new());
  CHECK(context != nullptr);
  CHECK(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Octets(key), Octets(nonce)) == 1);
  std::string out(text.size() + kAesTagSize, '\0');
  auto* into = reinterpret_cast<uint8_t*>(out.data());
  int size = 0;
  CHECK(EVP_EncryptUpdate(context.get(), nullptr, &size, Octets(bound), Size(bound)) == 1);
  CHECK(EVP_EncryptUpdate(context.get(), into, &size, Octets(text), Size(text)) == 1);
  CHECK(static_cast<size_t>(size) == text.size());
  CHECK(EVP_EncryptFinal_ex(context.get(), into + text.size(), &size) == 1 && size == 0);
  CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kAesTagSize, into + text.size()) == 1);
  return out;
}

Result<LockedSecret> DecryptAesGcm(std::string_view key, std::string_view nonce,
                                   std::string_view ciphertext_and_tag, std::string_view bound) {
  CHECK(key.size() == kAesKeySize && nonce.size() == kAesNonceSize);
  const Error denied{ErrorCode::kDenied, "it isn't what was encrypted under this key for this purpose"};
  if (ciphertext_and_tag.size() < kAesTagSize) return denied;
  const size_t length = ciphertext_and_tag.size() - kAesTagSize;
  const std::string_view text = ciphertext_and_tag.substr(0, length);
  std::string tag(ciphertext_and_tag.substr(length));
  return LockedSecret::Make(std::max<size_t>(length, 1), [&](std::span<char> memory) -> Result<size_t> {
    const Context context(EVP_CIPHER_CTX_new());
    CHECK(context != nullptr);
    CHECK(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, Octets(key), Octets(nonce)) == 1);
    auto* into = reinterpret_cast<uint8_t*>(memory.data());
    int size = 0;
    CHECK(EVP_DecryptUpdate(context.get(), nullptr, &size, Octets(bound), Size(bound)) == 1);
    CHECK(EVP_DecryptUpdate(context.get(), into, &size, Octets(text), Size(text)) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kAesTagSize, tag.data()) == 1);
    // An error leaves the memory to LockedSecret, which wipes it: nobody sees what didn't verify.
    if (EVP_DecryptFinal_ex(context.get(), into + length, &size) != 1) return denied;
    return length;
  });
}

}  // namespace postern::crypto
