// Findings that are known already: of an earlier report, or named in a .gitleaksignore.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collector/cli/scan_run.h"
#include "shared/base/result.h"
#include "shared/secrets/rules.h"

namespace postern::cli {

// Gitleaks' report as a baseline. Thread-compatible.
class Baseline {
 public:
  // kInvalid where the text is no such report.
  static Result<Baseline> Parse(std::string_view text);
  // By rule, file and secret, wherever it stands now; where the report was redacted, by rule, file and line.
  bool Knows(const FileFinding& finding, const secrets::RuleSet& rules) const;

 private:
  std::set<std::string> known_;
};

// Fingerprints, one a line, as .gitleaksignore files have them; lines that begin with "#" say nothing, nor do
// those of a commit. Thread-compatible.
//
//   fingerprint = file ":" rule ":" line       the file as a report names it, or seen from the directory that
//                                              the .gitleaksignore stands in
class IgnoredFindings {
 public:
  // `directory` is the one that the text stands in, as a report names it; "" is where the program runs.
  void Add(std::string_view text, const std::string& directory);
  bool Has(const FileFinding& finding, const secrets::RuleSet& rules) const;

 private:
  std::set<std::string> fingerprints_;
};

// The .gitleaksignore of where the program runs, and of each of these paths that is a directory.
IgnoredFindings IgnoredAround(const std::vector<std::string>& paths);

}  // namespace postern::cli
