#include "agent/collector_link.h"

#include <utility>

#include "agent/spool/agent_key.h"
#include "agent/spool/machine.h"
#include "shared/base/log.h"
#include "shared/base/version.h"

namespace postern::agent {

Result<std::optional<membership::Enrolment>> FindEnrolment(const AgentConfig& config) {
  if (config.collector == CollectorUse::kNone) return std::optional<membership::Enrolment>();
  ASSIGN_OR_RETURN(auto enrolment, membership::LoadEnrolment(config.state));
  if (!enrolment && config.collector == CollectorUse::kRequired) {
    return Error{
        ErrorCode::kInvalid,
        "collector: required, but this host isn't enrolled: `postern-agent enroll` makes it a member"};
  }
  return enrolment;
}

Result<std::unique_ptr<CollectorLink>> CollectorLink::Start(membership::Enrolment enrolment,
                                                            const AgentConfig& config,
                                                            policy::Catalogue catalogue, spool::Spool& record,
                                                            const std::string& host, uplink::Money money) {
  ASSIGN_OR_RETURN(crypto::SigningKey seal_key, spool::LoadOrMakeKey(config.state.string()));
  std::unique_ptr<CollectorLink> link(new CollectorLink(std::move(enrolment), std::move(seal_key)));
  membership::Options options;
  options.directory = config.state;
  options.incarnation = record.incarnation();
  options.rules = config.membership;
  if (config.policy.key) {
    ASSIGN_OR_RETURN(options.policy_key, crypto::PublicKey::FromBytes(*config.policy.key));
  }
  options.catalogue = std::make_shared<const policy::Catalogue>(std::move(catalogue));
  options.record = [&record](wire::Event event) {
    if (const auto ticket = record.Append(std::move(event)); !ticket)
      Log(Level::kWarning, "what became of a policy could not be recorded",
          {{"reason", ticket.error().message}});
  };
  ASSIGN_OR_RETURN(link->membership_, membership::Membership::Open(link->enrolment_, std::move(options)));
  ASSIGN_OR_RETURN(link->context_, bus::Context::Make());
  ASSIGN_OR_RETURN(link->uplink_,
                   uplink::Uplink::Start(
                       *link->context_,
                       uplink::OptionsOf(link->enrolment_, host, spool::HashMachine(), std::string(kVersion)),
                       link->seal_key_, uplink::RecordOf(record), uplink::MemoriesOf(*link->membership_),
                       std::move(money)));
  Log(Level::kInfo, "a member",
      {{"agent", link->enrolment_.agent},
       {"collector", link->enrolment_.url},
       {"bus", link->enrolment_.bus}});
  return link;
}

CollectorLink::~CollectorLink() {
  uplink_.reset();
  if (membership_ == nullptr) return;
  if (const Status closed = membership_->Close(); !closed)
    Log(Level::kError, "what the collector said could not be written down",
        {{"reason", closed.error().message}});
}

Status CollectorLink::Ask(std::vector<std::string> keys, std::vector<wire::OsIdentity> users) {
  return uplink_->Ask(std::move(keys), std::move(users));
}

void CollectorLink::Use(const AgentConfig& config, policy::Catalogue catalogue) {
  membership_->Use(config.membership);
  membership_->Use(std::make_shared<const policy::Catalogue>(std::move(catalogue)));
}

}  // namespace postern::agent
