// The lines of /metrics and the members of /status that speak of the search for secrets. Pure.
#pragma once

#include <string>

#include "agent/screening/screening.h"

namespace postern::operations {

struct SecretsView {
  screening::RulesInUse rules;
  screening::Counts counts;
  size_t sessions = 0;      // that are remembered
  size_t memory_bytes = 0;  // about
};

SecretsView ViewSecrets(const screening::Screening& screening);

void AppendSecretsMetrics(std::string& out, const SecretsView& view);

// ",\"secret_rules\":…", members of an object that has begun.
std::string SecretsMembers(const SecretsView& view);

}  // namespace postern::operations
