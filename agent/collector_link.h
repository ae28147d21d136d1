// The agent's end of its collector, put together: the keys that enrolment left, what is remembered, the
// conversation.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/config.h"
#include "agent/membership/enrolment.h"
#include "agent/membership/membership.h"
#include "agent/spool/spool.h"
#include "agent/uplink/uplink.h"
#include "shared/base/result.h"
#include "shared/bus/context.h"
#include "shared/crypto/ed25519.h"
#include "shared/policy/catalogue.h"

namespace postern::agent {

// What enrolment left, if this host has a collector by its configuration. kInvalid where it must have one and
// isn't enrolled, or the file can't be used.
Result<std::optional<membership::Enrolment>> FindEnrolment(const AgentConfig& config);

// Thread-safe. Its threads are the uplink's, the membership's and the bus's own.
class CollectorLink {
 public:
  // The record must live longer. Errors as Membership::Open and Uplink::Start. Nothing waits for the
  // collector.
  static Result<std::unique_ptr<CollectorLink>> Start(membership::Enrolment enrolment,
                                                      const AgentConfig& config, policy::Catalogue catalogue,
                                                      spool::Spool& record, const std::string& host,
                                                      uplink::Money money);
  ~CollectorLink();  // the conversation ends, what is remembered is written

  // As Uplink::Ask.
  Status Ask(std::vector<std::string> keys, std::vector<wire::OsIdentity> users);

  // As Uplink::Tell.
  void Tell(wire::FromAgent message) { uplink_->Tell(std::move(message)); }

  // A changed configuration.
  void Use(const AgentConfig& config, policy::Catalogue catalogue);

  membership::Membership& membership() { return *membership_; }
  const membership::Membership& membership() const { return *membership_; }
  const membership::Enrolment& enrolment() const { return enrolment_; }
  uplink::Stats stats() const { return uplink_->stats(); }

 private:
  CollectorLink(membership::Enrolment enrolment, crypto::SigningKey seal_key)
      : enrolment_(std::move(enrolment)), seal_key_(std::move(seal_key)) {}

  const membership::Enrolment enrolment_;
  const crypto::SigningKey seal_key_;
  std::unique_ptr<membership::Membership> membership_;
  std::unique_ptr<bus::Context> context_;
  std::unique_ptr<uplink::Uplink> uplink_;
};

}  // namespace postern::agent
