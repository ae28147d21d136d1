// Literals (literals.h) in a text that is scanned, as findings of the rules that they were found by first.
// Only shared/secrets includes this.
#pragma once

#include <string_view>
#include <vector>

#include "shared/secrets/decoding.h"
#include "shared/secrets/finding.h"
#include "shared/secrets/literals.h"
#include "shared/secrets/rules.h"

namespace postern::secrets {

// Of one scan. Thread-compatible; what it is given must outlive it.
class Remembered {
 public:
  // Without literals it finds nothing.
  Remembered(const Literals* literals, const RuleSet& rules) : literals_(literals), rules_(rules) {}

  // The text of one pass; of one that was decoded what touches something newly decoded counts.
  void LookIn(std::string_view text, const Decoded* decoded);

  // Adds those that their own rule didn't find; within the secret of another rule's finding they are covered.
  void AddTo(std::vector<Finding>& findings);

 private:
  void Add(std::string_view text, const Literals::Found& one, const Decoded* decoded);

  const Literals* const literals_;
  const RuleSet& rules_;
  std::vector<Finding> found_;
};

}  // namespace postern::secrets
