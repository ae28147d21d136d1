#include "agent/membership/credential_locker.h"

#include <algorithm>
#include <utility>

#include "agent/identity/provider_credential.h"
#include "shared/sealing/sealed_credential.h"

namespace postern::membership {
namespace {

int64_t SecondsOf(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

// It becomes a line of a request's head: nothing in it may end that line.
bool FitsAHeader(std::string_view credential) {
  return !credential.empty() &&
         std::all_of(credential.begin(), credential.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

Status CredentialLocker::Take(const wire::SealedCredential& sealed, const Enrolment& enrolment,
                              uint64_t incarnation, WallTime now) {
  const auto found = credentials_.find(sealed.name());
  if (found != credentials_.end() && found->second.generation > sealed.generation() && !sealed.removed())
    return Error{ErrorCode::kDenied, "a newer generation of this credential is known"};
  if (sealed.removed()) {
    credentials_.erase(sealed.name());
    return Ok{};
  }
  if (found == credentials_.end() && credentials_.size() >= kMost)
    return Error{ErrorCode::kExhausted, "this agent holds as many credentials as it can"};
  if (sealed.expires() <= SecondsOf(now))
    return Error{ErrorCode::kDenied, "the credential has expired, or this host's clock is wrong"};
  const sealing::Binding binding{enrolment.agent, incarnation,         sealed.name(),   sealed.provider(),
                                 sealed.header(), sealed.generation(), sealed.expires()};
  ASSIGN_OR_RETURN(const crypto::LockedSecret credential,
                   sealing::OpenCredential(sealed.box(), enrolment.sealing_key, binding));
  if (!FitsAHeader(credential.view()))
    return Error{ErrorCode::kInvalid, "the credential has characters that a header can't hold"};
  ASSIGN_OR_RETURN(crypto::LockedSecret line, identity::MakeHeaderLine(sealed.header(), credential.view()));
  credentials_[sealed.name()] = {sealed.provider(), sealed.generation(), sealed.expires(),
                                 std::make_shared<const crypto::LockedSecret>(std::move(line))};
  return Ok{};
}

std::shared_ptr<const crypto::LockedSecret> CredentialLocker::Find(const std::vector<std::string>& names,
                                                                   std::string_view provider,
                                                                   WallTime now) const {
  for (const std::string& name : names) {
    const auto found = credentials_.find(name);
    if (found != credentials_.end() && found->second.provider == provider &&
        found->second.expires > SecondsOf(now)) {
      return found->second.line;
    }
  }
  return nullptr;
}

}  // namespace postern::membership
