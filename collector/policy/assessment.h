// What is found about a text that would become the policy, and for whom it would change what.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collector/directory/directory.h"
#include "shared/base/result.h"
#include "shared/policy/catalogue.h"
#include "shared/policy/compare.h"
#include "shared/policy/people.h"
#include "shared/policy/policy_file.h"

namespace postern::policies {

struct Problem {
  enum class Weight {
    kWrong,       // it is no policy
    kNeedsForce,  // it is sound and probably not meant: applied only where that is said
    kNote,
  };
  Weight weight{};
  int line = 0;      // 0: of no line
  std::string rule;  // "teams.ml.models.deny[0]"; empty where it is about the whole
  std::string sentence;
};

struct Assessment {
  std::vector<Problem> problems;
  policy::Comparison comparison;  // from the version in force to the text; nothing where that is no policy

  bool has(Problem::Weight weight) const;
};

// Of all people, keys and hosts that the directory holds.
Result<policy::People> PeopleOf(directory::Directory& directory);

// Reads texts, by the zones and models that it was given. Thread-safe.
class Reader {
 public:
  Reader(policy::ZoneSource zones, policy::Catalogue catalogue)
      : zones_(std::move(zones)), catalogue_(std::move(catalogue)) {}

  // The policy, where it is one; else what is wrong, with its line.
  struct Read {
    std::optional<policy::PolicyFile> file;
    std::optional<Problem> wrong;
  };
  Read ReadText(std::string_view yaml, WallTime now) const;

  // What is probably not meant.
  std::vector<Problem> Doubts(const policy::PolicyFile& file, const policy::People& people,
                              WallTime now) const;

  const policy::Catalogue& catalogue() const { return catalogue_; }

 private:
  const policy::ZoneSource zones_;
  const policy::Catalogue catalogue_;
};

// "policy.yaml:12: …" → 12; 0 where the sentence names no line.
int LineIn(std::string_view sentence);

}  // namespace postern::policies
