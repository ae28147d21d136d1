#include <gtest/gtest.h>

#include "shared/config/node.h"

namespace postern::config {
namespace {

TEST(ParseToml, GivesTablesListsAndScalarsInTheFilesOrder) {
  const auto root = ParseToml("z = 'one'\na = [1, 2]\n[[rules]]\nid = \"r\"\nentropy = 3.5\n", "f.toml");
  ASSERT_TRUE(root) << root.error().message;
  const auto entries = root->AsEntries();
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].first, "z");
  EXPECT_EQ(*(*entries)[0].second.AsString(), "one");
  EXPECT_EQ((*(*entries)[1].second.AsList())[1].AsInteger(0, 9).value(), 2);
  const auto rules = (*entries)[2].second.AsList();
  ASSERT_TRUE(rules);
  const auto rule = (*rules)[0].AsMap({"id", "entropy"});
  ASSERT_TRUE(rule) << rule.error().message;
  EXPECT_EQ(rule->Find("entropy")->AsDecimal(6).value(), 3'500'000);
  EXPECT_EQ(rule->Find("entropy")->line(), 5);
}

TEST(ParseToml, NamesTheLineOfWhatIsWrong) {
  const auto broken = ParseToml("a = 1\nb = \n", "f.toml");
  ASSERT_FALSE(broken);
  EXPECT_TRUE(broken.error().message.starts_with("f.toml:2: ")) << broken.error().message;
  const auto root = ParseToml("a = 1\n[[rules]]\nidd = 'x'\n", "f.toml");
  ASSERT_TRUE(root);
  const auto rules = root->AsMap({"a", "rules"})->Find("rules")->AsList();
  const auto rule = (*rules)[0].AsMap({"id"});
  ASSERT_FALSE(rule);
  EXPECT_TRUE(rule.error().message.starts_with("f.toml:3: ")) << rule.error().message;
}

TEST(ParseToml, KeepsTextsOfSeveralLines) {
  const auto root = ParseToml("a = '''one\ntwo'''\n", "f.toml");
  ASSERT_TRUE(root);
  EXPECT_EQ(root->AsMap({"a"})->Find("a")->AsText().value(), "one\ntwo");
  EXPECT_FALSE(root->AsMap({"a"})->Find("a")->AsString());
}

TEST(ParseToml, RefusesWhatIsNestedDeeperThanAFileMayBe) {
  std::string dotted = "a";
  for (int i = 0; i < 100'000; ++i) dotted += ".a";
  EXPECT_FALSE(ParseToml(dotted + " = 1", "f.toml"));
  EXPECT_FALSE(ParseToml("a = " + std::string(40, '[') + std::string(40, ']'), "f.toml"));
  EXPECT_FALSE(ParseToml("a = " + std::string(100'000, '['), "f.toml"));
  EXPECT_TRUE(ParseToml("a = '" + std::string(100, '.') + "'", "f.toml"));
}

}  // namespace
}  // namespace postern::config
