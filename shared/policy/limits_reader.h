// Reads what a policy's file says of money: its limits, how much of the next window may be granted ahead, and
// what strict admission may count on. Private to this directory.
//
//   limits:
//     ml-month: {team: ml, usd: 500, per: month, raise: {by: 50, until: 2026-12-31}}
//     each-day: {each: user, usd: 100, per: day}
//     key-rate: {each: key, requests: 60, per: minute, rolling: true}
#pragma once

#include "shared/base/result.h"
#include "shared/config/node.h"
#include "shared/policy/policy_file.h"

namespace postern::policy {

// All of them: kInvalid, with file, line and what is allowed. Lines of limits are noted as "limits.ml-month".
// Dates are read in the policy's time zone, which has to be there.
Status ReadLimits(const config::Node& node, PolicyFile& file);
Status ReadOffline(const config::Node& node, wire::Policy& policy);        // `offline:`
Status ReadAdmissionCaps(const config::Node& node, wire::Policy& policy);  // `admission:`

}  // namespace postern::policy
