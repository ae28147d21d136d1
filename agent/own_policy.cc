#include "agent/own_policy.h"

#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "shared/crypto/sha256.h"
#include "shared/policy/compiled.h"
#include "shared/policy/limits.h"
#include "shared/policy/policy_file.h"
#include "shared/policy/signed.h"
#include "shared/zoneinfo/zoneinfo.h"

namespace postern::agent {
namespace {

// Nobody counts a lone host's policies: which one it was, its digest tells.
constexpr uint64_t kVersion = 1;

Result<std::string> ReadText(const Path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return Error{ErrorCode::kNotFound, file.string() + ": can't be opened"};
  std::string text(policy::kMostSnapshotBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > policy::kMostSnapshotBytes)
    return Error{ErrorCode::kInvalid, file.string() + ": a policy has at most 32 MiB"};
  return text;
}

}  // namespace

Result<std::shared_ptr<const membership::PolicyInForce>> ReadOwnPolicy(const PolicyConfig& config,
                                                                       const policy::Catalogue& catalogue) {
  if (!config.file) return std::shared_ptr<const membership::PolicyInForce>();
  const std::string name = config.file->string();
  ASSIGN_OR_RETURN(const std::string text, ReadText(*config.file));
  const WallTime now = WallNow();
  ASSIGN_OR_RETURN(policy::PolicyFile file, policy::ReadPolicy(text, name, zoneinfo::ReadZoneFile, now));
  if (file.policy.limits_size() > 0)
    return Error{ErrorCode::kInvalid,
                 name + ":" + std::to_string(file.lines["limits"]) +
                     ": limits: budgets and rate limits need a collector, which keeps their accounts; a host "
                     "that goes by a policy file of its own has none"};
  file.policy.set_version(kVersion);
  auto compiled = policy::Compiled::Compile(file.policy, catalogue);
  if (!compiled) return Error{ErrorCode::kInvalid, name + ": " + compiled.error().message};
  return std::make_shared<const membership::PolicyInForce>(membership::PolicyInForce{
      std::make_shared<const policy::Compiled>(*std::move(compiled)), kVersion,
      std::string(crypto::AsBytes(crypto::Sha256(file.policy.SerializeAsString()))), now});
}

}  // namespace postern::agent
