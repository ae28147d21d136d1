// What `postern scan` writes: Gitleaks' report, SARIF 2.1.0, or rows for people.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "collector/cli/scan_run.h"
#include "shared/secrets/rules.h"

namespace postern::cli {

// "FILE:RULE:LINE", as Gitleaks names a finding outside of git.
std::string FingerprintOf(const FileFinding& finding, const secrets::RuleSet& rules);

// What stands in reports where a secret would.
inline constexpr std::string_view kInPlaceOfSecret = "REDACTED";

enum class Showing { kSecrets, kRedacted };

std::string JsonReport(const std::vector<FileFinding>& findings, const secrets::RuleSet& rules,
                       Showing showing);
std::string SarifReport(const ScanResults& results, const secrets::RuleSet& rules, Showing showing);
// Never shows more than a secret's beginning.
void PrintFindings(const std::vector<FileFinding>& findings, const secrets::RuleSet& rules,
                   std::ostream& out);

}  // namespace postern::cli
