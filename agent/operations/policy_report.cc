#include "agent/operations/policy_report.h"

#include <algorithm>
#include <chrono>

#include "agent/gate/metrics.h"
#include "shared/base/hex.h"
#include "shared/base/json_text.h"

namespace postern::operations {
namespace {

// A clock that was set back makes nothing younger than new.
std::chrono::nanoseconds AgeOf(const membership::PolicyInForce& policy, WallTime now) {
  return std::max(std::chrono::nanoseconds(0), std::chrono::nanoseconds(now - policy.taken));
}

}  // namespace

void AppendPolicyMetrics(std::string& out, const PolicyView& view, WallTime now) {
  gate::MetricsText text(out);
  text.Family("postern_policy_version", "gauge", "The version of the policy in force; 0: there is none.");
  text.Sample("postern_policy_version", "", view.policy ? view.policy->version : uint64_t{0});
  text.Family("postern_policy_age_seconds", "gauge",
              "How long it has been in force here; -1: there is none.");
  text.Sample("postern_policy_age_seconds", "",
              view.policy ? std::chrono::duration<double>(AgeOf(*view.policy, now)).count() : -1.0);
  text.Family("postern_policies_refused_total", "counter", "Policies that came and were not taken.");
  text.Sample("postern_policies_refused_total", "", view.refused);
  text.Family("postern_frozen", "gauge", "1 while the collector has frozen everything.");
  text.Sample("postern_frozen", "", uint64_t{view.freeze.has_value()});
}

std::string PolicyMembers(const PolicyView& view, WallTime now) {
  std::string out;
  const auto text = [&](std::string_view name, std::string_view value) {
    out += ',' + JsonString(name) + ':' + JsonString(value);
  };
  const auto number = [&](std::string_view name, uint64_t value) {
    out += ',' + JsonString(name) + ':' + std::to_string(value);
  };
  number("policy_version", view.policy ? view.policy->version : 0);
  if (view.policy) {
    text("policy_sha256", ToHex(view.policy->sha256));
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(AgeOf(*view.policy, now));
    number("policy_age_seconds", static_cast<uint64_t>(age.count()));
  }
  if (view.refused > 0) number("policies_refused", view.refused);
  if (!view.refusal.empty()) text("policy_not_taken", view.refusal);
  out += std::string(R"(,"frozen":)") + (view.freeze ? "true" : "false");
  if (view.freeze) text("frozen_since", FormatRfc3339(view.freeze->since));
  if (view.freeze && !view.freeze->sentence.empty()) text("frozen_because", view.freeze->sentence);
  return out;
}

}  // namespace postern::operations
