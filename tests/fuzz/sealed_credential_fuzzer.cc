// Boxes and encrypted credentials as they might come from anywhere: nothing opens but what was sealed.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/check.h"
#include "shared/sealing/master_key.h"
#include "shared/sealing/sealed_credential.h"

using namespace postern;  // NOLINT: this file has no names of its own

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const auto agent = crypto::AgreementKey::Generate();
  static const auto master = sealing::MasterKey::Generate();
  CHECK(master.has_value());
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  CHECK(!sealing::OpenCredential(bytes, agent, {.agent = "k7x2m9q4w8ab"}));
  CHECK(!master->Decrypt(bytes, {.id = "main"}));
  CHECK(!crypto::AgreementKey::FromBytes(bytes) || size == crypto::kAgreementKeySize);
  if (const auto shared = agent.Agree(bytes)) CHECK(shared->view() != std::string(32, '\0'));
  return 0;
}
