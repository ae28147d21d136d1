#include "agent/spool/agent_key.h"

#include <optional>
#include <utility>

#include "shared/base/hex.h"
#include "shared/crypto/key_file.h"
#include "shared/crypto/random.h"

namespace postern::spool {
namespace {

Result<std::optional<crypto::SigningKey>> Load(const std::string& path) {
  auto text = crypto::ReadKeyFile(path);
  if (!text && text.error().code == ErrorCode::kNotFound) return std::optional<crypto::SigningKey>();
  if (!text) return text.error();
  auto key = crypto::SigningKey::FromPem(*text);
  crypto::Cleanse(*text);
  if (!key)
    return Error{ErrorCode::kInvalid,
                 path + " is " + key.error().message + "; move it away to have a new one made"};
  return std::optional(*std::move(key));
}

}  // namespace

Result<crypto::SigningKey> LoadOrMakeKey(const std::string& directory) {
  const std::string path = directory + "/agent.key";
  ASSIGN_OR_RETURN(auto found, Load(path));
  if (found) return *std::move(found);
  auto key = crypto::SigningKey::Generate();
  std::string pem = key.ToPem();
  const Status written = crypto::WriteKeyFile(path, pem, crypto::Mode::kOwnerOnly);
  crypto::Cleanse(pem);
  RETURN_IF_ERROR(written);
  RETURN_IF_ERROR(crypto::WriteKeyFile(directory + "/agent.pub", ToHex(key.public_key().raw()) + "\n",
                                       crypto::Mode::kReadable));
  return key;
}

}  // namespace postern::spool
