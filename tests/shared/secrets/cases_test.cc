#include "tests/shared/secrets/cases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::secrets {
namespace {

TEST(LabelledCases, AreDecidedByGitleaksRulesAsTheyAreLabelled) {
  const Scanner& scanner = GitleaksScanner();
  const auto cases = LabelledCases();
  ASSERT_EQ(cases.size(), 2943u);
  Workspace workspace(scanner);
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case& one = cases[i];
    const auto findings = scanner.Scan({.text = one.text, .path = one.path}, workspace, {});
    ASSERT_TRUE(findings) << findings.error().message;
    // The number of the case and not its text: nobody wants it in a log.
    EXPECT_EQ(RulesOf(scanner, *findings), one.found_by) << "case " << i << " of " << one.rule;
    if (!one.secret) continue;
    EXPECT_TRUE(std::any_of(findings->begin(), findings->end(),
                            [&](const Finding& finding) { return finding.secret == *one.secret; }))
        << "case " << i << " of " << one.rule << " is found with another secret";
  }
}

// The same text among others: what is around a match must not matter to where it is found.
TEST(LabelledCases, AreFoundInTheMiddleOfAMegabyte) {
  const Scanner& scanner = GitleaksScanner();
  std::string text;
  size_t expected = 0;
  const std::string filler = "The quick brown fox jumps over the lazy dog, again and again.\n";
  for (const Case& one : LabelledCases()) {
    if (!one.secret || one.rule != "github-pat") continue;
    while (text.size() < (expected + 1) * 40'000) text += filler;
    text += one.text + "\n";
    ++expected;
  }
  ASSERT_GT(expected, 20u);
  size_t found = 0;
  for (const Finding& finding : MustScan(scanner, {.text = text})) {
    if (scanner.rules().rules[finding.rule].id != "github-pat") continue;
    EXPECT_EQ(text.substr(finding.secret_span.begin, finding.secret_span.size()), finding.secret);
    ++found;
  }
  EXPECT_EQ(found, expected);
}

}  // namespace
}  // namespace postern::secrets
