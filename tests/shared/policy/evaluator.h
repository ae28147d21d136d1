// What a policy means, as README.md says it, in the plainest way: every rule is tried, nothing is looked up.
// The twin of Compiled::Judge, with no line in common with it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "shared/policy/catalogue.h"
#include "shared/policy/facts.h"
#include "shared/policy/verdict.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

struct PlainVerdict {
  bool allowed = false;
  std::string aspect;  // of a refusal
  std::string rule;
  std::vector<std::pair<size_t, std::string>> cut_tools;
  int64_t max_tokens = 0;
  uint64_t credentials = 0;

  friend bool operator==(const PlainVerdict&, const PlainVerdict&) = default;
};

// Hours are those of the C library's clock in the policy's zone: the caller sets TZ.
PlainVerdict EvaluatePlainly(const wire::Policy& policy, const Catalogue& catalogue, const Facts& facts);

// As the other.
PlainVerdict PlainOf(const Verdict& verdict);
std::string Describe(const PlainVerdict& verdict);

}  // namespace postern::policy
