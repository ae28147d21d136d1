#include <filesystem>
#include <fstream>
#include <random>

#include <gtest/gtest.h>
#include <unistd.h>

#include "shared/config/node.h"

namespace postern::config {
namespace {

std::string WhyNot(std::string_view text) {
  const auto node = Parse(text, "t.yaml");
  if (node) return "(parsed)";
  EXPECT_EQ(node.error().code, ErrorCode::kInvalid);
  return node.error().message;
}

std::string Repeat(std::string_view text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) repeated += text;
  return repeated;
}

TEST(Parse, TakesAnEmptyDocumentForAnEmptyMapping) {
  for (const char* text : {"", "\n\n", "# nothing here\n", "---\n", "~", "\xef\xbb\xbf"}) {
    const auto node = Parse(text, "t.yaml");
    ASSERT_TRUE(node) << text;
    EXPECT_TRUE(node->AsMap({})) << text;
  }
}

TEST(Parse, RefusesAKeyGivenTwice) {
  EXPECT_EQ(WhyNot("a: 1\nb: 2\na: 3\n"), "t.yaml:3: a key is given twice, first on line 1");
  EXPECT_EQ(WhyNot("x:\n  - {a: 1, \"a\": 2}\n"), "t.yaml:2: a key is given twice, first on line 2");
  EXPECT_EQ(WhyNot("- a: 1\n- a: 2\n"), "(parsed)");
}

TEST(Parse, RefusesAliasesAnchorsTagsAndMerges) {
  EXPECT_EQ(WhyNot("a: &x 1\nb: *x\n"), "t.yaml:1: anchors (&) are not allowed");
  EXPECT_EQ(WhyNot("a: &x [1]\n"), "t.yaml:1: anchors (&) are not allowed");
  EXPECT_EQ(WhyNot("&x a: 1\n"), "t.yaml:1: anchors (&) are not allowed");
  EXPECT_EQ(WhyNot("a: !!binary aGk=\n"), "t.yaml:1: tags (!) are not allowed");
  EXPECT_EQ(WhyNot("a: !thing {b: 1}\n"), "t.yaml:1: tags (!) are not allowed");
  EXPECT_NE(WhyNot("a: *x\n"), "(parsed)");
}

TEST(Parse, RefusesASecondDocument) {
  EXPECT_EQ(WhyNot("a: 1\n---\nb: 2\n"), "t.yaml:2: a file holds one document, this is a second one");
}

TEST(Parse, RefusesKeysThatAreNotWords) {
  EXPECT_EQ(WhyNot("? [a]\n: 1\n"), "t.yaml:1: a key is a word, not a list or a mapping");
  EXPECT_EQ(WhyNot("{: 1}"), "t.yaml:1: a key is missing before \":\"");
}

TEST(Parse, NamesTheLineOfWhatIsNotYaml) {
  EXPECT_EQ(WhyNot("a: 1\nb: [1,\nc: }\n").substr(0, 8), "t.yaml:3");
  EXPECT_NE(WhyNot("a: 1\n\tb: 2\n"), "(parsed)");
  EXPECT_NE(WhyNot("a: 'b' c\n"), "(parsed)");
}

TEST(Parse, KeepsErrorsOnOneLine) {
  const std::string message = WhyNot("a: \"\\\x01\"\n");
  EXPECT_NE(message, "(parsed)");
  EXPECT_EQ(message.find('\x01'), message.npos);
}

TEST(Parse, BoundsDepthSizeAndNumber) {
  EXPECT_EQ(WhyNot(Repeat("[", 32) + Repeat("]", 32)), "(parsed)");
  EXPECT_EQ(WhyNot(Repeat("[", 33) + Repeat("]", 33)), "t.yaml:1: the file is nested too deeply");
  EXPECT_EQ(WhyNot(std::string(kMaxFileBytes + 1, ' ')), "t.yaml:1: the file is larger than 4 MB");
  EXPECT_EQ(WhyNot(Repeat("- 1\n", static_cast<int>(kMaxValues))),
            "t.yaml:200000: the file holds too many values");
}

TEST(Parse, DeepNestingOfAnyKindEndsInAnError) {
  for (const char* opening :
       {"[", "{", "- ", "? ", "[a: ", "{a: ", "- - ? ", "- [", "[\n", "{? ", "a: ", "!x ", "\""}) {
    EXPECT_NE(WhyNot(Repeat(opening, 100'000)), "(parsed)") << opening;
  }
  std::string indented;
  for (int i = 0; i < 1000; ++i) indented += std::string(i, ' ') + "a:\n";
  EXPECT_EQ(WhyNot(indented), "t.yaml:33: the file is nested too deeply");
}

// Each must be parsed or refused; the sanitizers say the rest.
TEST(Parse, SurvivesWhateverItIsGiven) {
  const std::string seed =
      "# c\n%YAML 1.2\n---\na: [1, {b: 'c'}]\n\"k\": |\n  x\n  y\n? e\n: >-\n  f\n*x : &y !!z ~\n\t\x85\xff";
  std::mt19937 random(7);
  int refused = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string text = seed;
    for (int change = 0; change < 8; ++change) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0: text[at] = static_cast<char>(random()); break;
        case 1: text.insert(at, 1, seed[random() % seed.size()]); break;
        case 2: text.erase(at, random() % 8 + 1); break;
      }
      if (text.empty()) text = seed;
    }
    if (!Parse(text, "t.yaml")) ++refused;
  }
  EXPECT_GT(refused, 0);
}

TEST(ParseFile, SaysWhyAFileCannotBeRead) {
  const auto missing = ParseFile("/nonexistent/agent.yaml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().message, "/nonexistent/agent.yaml: can't be opened: No such file or directory");
  EXPECT_EQ(ParseFile("/").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ParseFile("/dev/zero").error().message, "/dev/zero:1: the file is larger than 4 MB");
}

TEST(ParseFile, NamesTheFileInErrors) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("parse_test." + std::to_string(getpid()) + ".yaml"))
          .string();
  std::ofstream(path) << "a: 1\n\nb: x\n";
  const auto root = ParseFile(path);
  std::filesystem::remove(path);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->AsMap({"a", "b"})->Find("b")->AsBool().error().message,
            path + ":3: b: found \"x\", allowed is true or false");
}

}  // namespace
}  // namespace postern::config
