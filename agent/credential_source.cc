#include "agent/credential_source.h"

#include "agent/identity/provider_credential.h"
#include "shared/base/log.h"

namespace postern::agent {
namespace {

Result<crypto::LockedSecret> MakeLine(CredentialConfig::Header header, std::string_view credential) {
  const bool bearer = header == CredentialConfig::Header::kAuthorizationBearer;
  return identity::MakeHeaderLine(bearer ? "authorization" : "x-api-key", credential);
}

}  // namespace

Result<std::optional<crypto::LockedSecret>> CredentialSource::HeaderLine(const CredentialConfig& config) {
  if (config.environment_variable) {
    if (!from_environment_) {
      ASSIGN_OR_RETURN(auto taken, identity::TakeCredentialFromEnvironment(*config.environment_variable));
      from_environment_ = std::move(taken.secret);
    }
    ASSIGN_OR_RETURN(auto line, MakeLine(config.header, from_environment_->view()));
    return std::optional(std::move(line));
  }
  auto read = identity::ReadCredentialFile(*config.file);
  if (!read && read.error().code == ErrorCode::kNotFound) {
    Log(Level::kWarning, "there is no provider credential, so requests will be refused",
        {{"file", config.file->string()}});
    return std::optional<crypto::LockedSecret>();
  }
  if (!read) return read.error();
  if (read->warning) Log(Level::kWarning, *read->warning);
  ASSIGN_OR_RETURN(auto line, MakeLine(config.header, read->secret.view()));
  return std::optional(std::move(line));
}

}  // namespace postern::agent
