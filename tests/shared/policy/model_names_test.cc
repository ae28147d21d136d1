#include "shared/policy/model_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/shared/policy/policy_text.h"

namespace postern::policy {
namespace {

using testing::UnorderedElementsAre;

class ModelNamesTest : public testing::Test {
 protected:
  ModelNamesTest() { known_.Build(SmallCatalogue()); }

  static std::vector<std::string> TextsOf(const NameSet& names) {
    std::vector<std::string> texts;
    for (const HashedName& name : names.all()) texts.emplace_back(name.text);
    return texts;
  }
  std::vector<std::string> Allowing(const char* asked) {
    return TextsOf(ModelNames(asked, known_).allowing());
  }
  std::vector<std::string> Denying(const char* asked) { return TextsOf(ModelNames(asked, known_).denying()); }

  KnownModels known_;
};

TEST_F(ModelNamesTest, AnOrdinaryNameIsOne) {
  EXPECT_THAT(Allowing("claude-opus-5-5"), UnorderedElementsAre("claude-opus-5-5"));
  EXPECT_THAT(Denying("claude-opus-5-5"), UnorderedElementsAre("claude-opus-5-5"));
}

TEST_F(ModelNamesTest, CloudsDatesAndAliasesAreTheModelThatTheyMean) {
  EXPECT_THAT(Allowing("us.anthropic.claude-opus-4-1-20250805-v1:0"),
              UnorderedElementsAre("us.anthropic.claude-opus-4-1-20250805-v1:0", "claude-opus-4-1-20250805",
                                   "claude-opus-4-1"));
  EXPECT_THAT(Allowing("claude-mythos-5"), UnorderedElementsAre("claude-mythos-5", "claude-fable-5"));
  EXPECT_THAT(
      Allowing("claude-haiku-4-5@20251001"),
      UnorderedElementsAre("claude-haiku-4-5@20251001", "claude-haiku-4-5-20251001", "claude-haiku-4-5"));
}

TEST_F(ModelNamesTest, CapitalsAndShortNamesAreOnlyForThoseThatDeny) {
  EXPECT_THAT(Allowing("Claude-Opus-5-5"), UnorderedElementsAre("Claude-Opus-5-5"));
  EXPECT_THAT(Denying("Claude-Opus-5-5"), UnorderedElementsAre("claude-opus-5-5"));
  EXPECT_THAT(Allowing("claude-opus-4-0"), UnorderedElementsAre("claude-opus-4-0"));
  EXPECT_THAT(Denying("claude-opus-4-0"),
              UnorderedElementsAre("claude-opus-4-0", "claude-opus-4", "claude-opus-4-1"));
}

}  // namespace
}  // namespace postern::policy
