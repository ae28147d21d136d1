// What `postern scan` writes: Gitleaks' report, SARIF 2.1.0, or rows for people; and Gitleaks' report as a
// baseline.
#pragma once

#include <iosfwd>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "collector/cli/scan_run.h"
#include "shared/base/result.h"
#include "shared/secrets/rules.h"

namespace postern::cli {

// "FILE:RULE:LINE", as Gitleaks names a finding outside of git.
std::string FingerprintOf(const FileFinding& finding, const secrets::RuleSet& rules);

enum class Showing { kSecrets, kRedacted };

std::string JsonReport(const std::vector<FileFinding>& findings, const secrets::RuleSet& rules,
                       Showing showing);
std::string SarifReport(const std::vector<FileFinding>& findings, const secrets::RuleSet& rules,
                        Showing showing);
// Never shows more than a secret's beginning.
void PrintFindings(const std::vector<FileFinding>& findings, const secrets::RuleSet& rules,
                   std::ostream& out);

// Findings that are known already. Thread-compatible.
class Baseline {
 public:
  // Gitleaks' report. kInvalid where the text is none.
  static Result<Baseline> Parse(std::string_view text);
  // By rule, file and secret, wherever it stands now; where the report was redacted, by rule, file and line.
  bool Knows(const FileFinding& finding, const secrets::RuleSet& rules) const;

 private:
  std::set<std::string> known_;
};

}  // namespace postern::cli
