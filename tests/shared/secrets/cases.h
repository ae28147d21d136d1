// Labelled texts, and the rules that they are labelled by. The texts stand in the files backwards, so that
// nothing in this repository looks like a credential.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/secrets/scanner.h"

namespace postern::secrets {

struct Case {
  std::string rule;  // that the text was made for
  std::string text;
  std::string path;                   // "" where it doesn't matter
  std::vector<std::string> found_by;  // the rules that find something, sorted
  std::optional<std::string> secret;  // what one of them finds; nothing: `rule` finds nothing
};

std::vector<Case> LabelledCases();

// Gitleaks' own rules; compiled once in a process.
RuleSet GitleaksRules();
const Scanner& GitleaksScanner();

// The file's text, from the root of the checkout.
std::string ReadWhole(const std::string& path);

// The findings, which must be there.
std::vector<Finding> MustScan(const Scanner& scanner, const Fragment& fragment);

// The ids of the rules that found something, sorted and each once.
std::vector<std::string> RulesOf(const Scanner& scanner, const std::vector<Finding>& findings);

}  // namespace postern::secrets
