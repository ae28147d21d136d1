#include "shared/secrets/allow_match.h"

#include <gtest/gtest.h>

namespace postern::secrets {
namespace {

AllowMatch Compiled(const AllowList& list) {
  auto match = AllowMatch::Compile(list);
  CHECK(match);
  return *std::move(match);
}

TEST(AllowMatch, HoldsItsExpressionsAgainstSecretMatchOrLine) {
  const Candidate candidate{.secret = "one", .match = "key=one", .line = "a key=one b"};
  AllowList list{.regexes = {"^one$"}};
  EXPECT_TRUE(Compiled(list).Allows(candidate));
  list.target = AllowList::Target::kMatch;
  EXPECT_FALSE(Compiled(list).Allows(candidate));
  list.regexes = {"^key=one$"};
  EXPECT_TRUE(Compiled(list).Allows(candidate));
  list.target = AllowList::Target::kLine;
  EXPECT_FALSE(Compiled(list).Allows(candidate));
  list.regexes = {"one b$"};
  EXPECT_TRUE(Compiled(list).Allows(candidate));
}

TEST(AllowMatch, WantsOneOfItsChecksOrAllOfThem) {
  AllowList list{.paths = {"\\.md$"}, .regexes = {"^one$"}, .stopwords = {"two"}};
  const Candidate one{.path = "a.cc", .secret = "one", .match = "one", .line = "one"};
  EXPECT_TRUE(Compiled(list).Allows(one));
  list.condition = AllowList::Condition::kAll;
  EXPECT_FALSE(Compiled(list).Allows(one));
  list.stopwords = {"ON"};
  EXPECT_FALSE(Compiled(list).Allows(one));
  const Candidate in_path{.path = "a.md", .secret = "one", .match = "one", .line = "one"};
  EXPECT_TRUE(Compiled(list).Allows(in_path));
  EXPECT_FALSE(Compiled(list).AllowsPlace("a.md", ""));
}

TEST(AllowMatch, AllowsAFileOrACommitByItself) {
  const AllowMatch match = Compiled({.commits = {"ABC123"}, .paths = {"^vendor/"}});
  EXPECT_TRUE(match.AllowsPlace("vendor/a", ""));
  EXPECT_TRUE(match.AllowsPlace("a", "abc123"));
  EXPECT_FALSE(match.AllowsPlace("a/vendor/b", "abc"));
  EXPECT_FALSE(match.AllowsPlace("", ""));
}

// Gitleaks joins them, and its default rules rely on it.
TEST(AllowMatch, AFlagAtTheStartOfTheFirstExpressionIsForAll) {
  EXPECT_TRUE(Compiled({.regexes = {"(?i)^a$", "^b$"}}).Allows({.secret = "B"}));
  EXPECT_FALSE(Compiled({.regexes = {"^a$", "^b$"}}).Allows({.secret = "B"}));
}

TEST(AllowMatch, NamesThePlaceOfABadExpression) {
  const auto match = AllowMatch::Compile({.where = "f.toml:7", .regexes = {"("}});
  ASSERT_FALSE(match);
  EXPECT_TRUE(match.error().message.starts_with("f.toml:7: ")) << match.error().message;
}

TEST(StopWords, AreFoundAnywhereInAnyCase) {
  const StopWords words({"Example", "ab", "longer than it"});
  EXPECT_TRUE(words.AreIn("xxEXAMPLExx"));
  EXPECT_TRUE(words.AreIn("xAB"));
  EXPECT_FALSE(words.AreIn("exampl"));
  EXPECT_FALSE(words.AreIn("longer than"));
  EXPECT_FALSE(words.AreIn(""));
}

}  // namespace
}  // namespace postern::secrets
