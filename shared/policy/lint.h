// What is sound as a policy and yet probably not meant.
#pragma once

#include <string>
#include <vector>

#include "shared/policy/catalogue.h"
#include "shared/policy/people.h"
#include "shared/policy/policy_file.h"

namespace postern::policy {

enum class Weight : uint8_t {
  kNote,        // worth knowing
  kNeedsForce,  // not applied without --force: locks everybody out, or names what doesn't exist
};

struct Concern {
  Weight weight = Weight::kNote;
  std::string rule;      // "teams.ml.models.deny[2]"; empty where it is about the whole
  int line = 0;          // in the file; 0: none
  std::string sentence;  // "claude-opsu-5 is no model that has a price; did you mean \"claude-opus-5\"?"
};

// In the order of the file, at most kMostConcerns. `now` is for what is over already.
std::vector<Concern> Lint(const PolicyFile& file, const Catalogue& catalogue, const People& people,
                          WallTime now);

inline constexpr size_t kMostConcerns = 200;

}  // namespace postern::policy
