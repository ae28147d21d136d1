#include "collector/decrees.h"

#include "shared/base/log.h"
#include "shared/limits/policy_limits.h"

namespace postern::collector {
namespace {

// Megabytes are not copied: it is a part of what never changes.
std::shared_ptr<const intake::SentPolicy> SentOf(const std::shared_ptr<const policies::Issued>& issued) {
  auto sent = std::make_shared<intake::SentPolicy>();
  sent->version = issued->version.version;
  sent->snapshot_sha256 = std::string(crypto::AsBytes(issued->version.sha256));
  sent->bytes = std::shared_ptr<const std::string>(issued, &issued->sent);
  sent->sha256 = std::string(crypto::AsBytes(issued->sent_sha256));
  return sent;
}

}  // namespace

intake::Decrees DecreesOf(policies::Policies& policies) {
  intake::Decrees decrees;
  decrees.policy = [&policies]() -> Result<std::shared_ptr<const intake::SentPolicy>> {
    ASSIGN_OR_RETURN(const auto issued, policies.Current());
    return SentOf(issued);
  };
  decrees.freeze = [&policies] { return policies.Freezing(); };
  decrees.note_in_force = [&policies](const std::string& agent, uint64_t version) {
    if (const Status noted = policies.NoteSeen(agent, version); !noted)
      LOG_LIMITED(std::chrono::seconds(1), Level::kWarning,
                  "it could not be noted which policy an agent goes by", {{"error", noted.error().message}});
  };
  decrees.terms = [&policies]() -> Result<treasury::Terms> {
    ASSIGN_OR_RETURN(const auto issued, policies.Current());
    ASSIGN_OR_RETURN(auto table, limits::TableOf(issued->policy));
    return treasury::Terms{.limits = std::make_shared<const limits::Table>(std::move(table)),
                           .ahead_permille = issued->policy.ahead_permille()};
  };
  decrees.policy_key = std::string(policies.public_key().raw());
  return decrees;
}

}  // namespace postern::collector
