#include "shared/secrets/built_in.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/secrets/samples.h"
#include "tests/shared/secrets/cases.h"

namespace postern::secrets {
namespace {

const Scanner& BuiltInScanner() {
  static const Scanner scanner = [] {
    auto made = Scanner::Make(BuiltInRules(), {});
    EXPECT_TRUE(made) << made.error().message;
    CHECK(made);
    return *std::move(made);
  }();
  return scanner;
}

TEST(BuiltInRules, AreTheFileOfTheCheckout) { EXPECT_EQ(BuiltInText(), ReadWhole("config/secrets.toml")); }

TEST(BuiltInRules, AreManyAndProveThemselves) {
  const Proof proof = Prove(BuiltInScanner());
  EXPECT_GE(proof.rules, 120u);
  EXPECT_THAT(proof.failures, testing::IsEmpty());
}

TEST(BuiltInRules, FindNearlyAllThatOthersLabelledAndNothingThatIsClean) {
  const Scanner& scanner = BuiltInScanner();
  Workspace workspace(scanner);
  size_t secrets = 0, found = 0;
  for (const Case& one : LabelledCases()) {
    const auto findings = scanner.Scan({.text = one.text, .path = one.path}, workspace, {});
    ASSERT_TRUE(findings);
    if (one.secret) {
      ++secrets;
      found += findings->empty() ? 0 : 1;
    } else if (one.found_by.empty()) {
      EXPECT_THAT(RulesOf(scanner, *findings), testing::IsEmpty()) << "a clean text for " << one.rule;
    }
  }
  EXPECT_GE(static_cast<double>(found), 0.95 * static_cast<double>(secrets));
}

TEST(BuiltInRules, FindOurOwnKeys) {
  const auto findings =
      MustScan(BuiltInScanner(), {.text = "key: pst_k7x2m9q4w8ab_Zq81mVx0TnB5cRw7YdL2sKp9HfJ4gE3aUo\n"});
  EXPECT_THAT(RulesOf(BuiltInScanner(), findings), testing::Contains("postern-virtual-key"));
}

}  // namespace
}  // namespace postern::secrets
