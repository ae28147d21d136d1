#include "shared/secrets/scanner.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/base64.h"
#include "shared/secrets/rule_file.h"
#include "tests/shared/secrets/cases.h"

namespace postern::secrets {
namespace {

Scanner ScannerOf(std::string_view text) {
  const auto rules = ReadRules(text, "f.toml", {});
  CHECK(rules);
  auto scanner = Scanner::Make(*rules, {});
  CHECK(scanner);
  return *std::move(scanner);
}

constexpr std::string_view kKey = "[[rules]]\nid = 'key'\nregex = 'key=([a-z0-9]{8,})'\nkeywords = ['key']\n";

TEST(Scanner, SaysWhereTheMatchAndTheSecretStand) {
  const auto findings = MustScan(ScannerOf(kKey), {.text = "one\ntwo key=abcd1234 three\n"});
  ASSERT_EQ(findings.size(), 1u);
  const Finding& finding = findings[0];
  EXPECT_EQ(finding.secret, "abcd1234");
  EXPECT_EQ(finding.text, "key=abcd1234");
  EXPECT_EQ(finding.line, "two key=abcd1234 three");
  EXPECT_EQ(finding.match, (Span{8, 20}));
  EXPECT_EQ(finding.secret_span, (Span{12, 20}));
  EXPECT_EQ(finding.place.start_line, 2u);
  EXPECT_EQ(finding.place.start_column, 5u);
  EXPECT_EQ(finding.place.end_column, 16u);
}

TEST(Scanner, LooksIntoWhatIsEncoded) {
  const Scanner scanner = ScannerOf(kKey);
  const std::string text = "a " + ToBase64("{\"x\": \"key=abcd1234\"}") + " b";
  const auto findings = MustScan(scanner, {.text = text});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].secret, "abcd1234");
  EXPECT_EQ(findings[0].match, (Span{2, text.size() - 2}));
  EXPECT_EQ(findings[0].depth, 1);
  Workspace workspace(scanner);
  EXPECT_THAT(scanner.Scan({.text = text}, workspace, {.decode_depth = 0}).value(), testing::IsEmpty());
}

// README.md
TEST(Scanner, DecidesTheWorkedExampleAsItIsWritten) {
  const Scanner scanner =
      ScannerOf("[[rules]]\nid = 'key'\nregex = 'key=([a-z0-9]{8,})'\nkeywords = ['key']\nentropy = 2\n");
  const auto findings = MustScan(scanner, {.text = "a\n  KEY: a2V5PWFiY2QxMjM0eHl6 b"});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].text, "key=abcd1234xyz");
  EXPECT_EQ(findings[0].secret, "abcd1234xyz");
  EXPECT_NEAR(findings[0].entropy, 3.46, 0.005);
  EXPECT_EQ(findings[0].place.start_line, 2u);
  EXPECT_EQ(findings[0].place.start_column, 8u);
  EXPECT_EQ(findings[0].place.end_column, 27u);
  EXPECT_EQ(findings[0].encodings, 8);
  EXPECT_EQ(findings[0].depth, 1);
}

TEST(Scanner, IsNotSwitchedOffByTheTextItReads) {
  EXPECT_EQ(MustScan(ScannerOf(kKey), {.text = "key=abcd1234 # gitleaks:allow"}).size(), 1u);
}

TEST(Scanner, RunsARuleOnlyWhereOneOfItsKeywordsIsInTheText) {
  const Scanner scanner = ScannerOf("[[rules]]\nid = 'r'\nregex = '[0-9]{6}'\nkeywords = ['pin']\n");
  EXPECT_EQ(MustScan(scanner, {.text = "123456"}).size(), 0u);
  EXPECT_EQ(MustScan(scanner, {.text = "123456" + std::string(10'000, ' ') + "PIN"}).size(), 1u);
}

TEST(Scanner, HoldsAPathAgainstItsRule) {
  const Scanner scanner = ScannerOf(
      "[[rules]]\nid = 'env'\nregex = 'x[0-9]{3}'\npath = '\\.env$'\n[[rules]]\nid = 'file'\npath = "
      "'\\.p12$'\n");
  EXPECT_EQ(MustScan(scanner, {.text = "x123", .path = "a.txt"}).size(), 0u);
  EXPECT_EQ(MustScan(scanner, {.text = "x123", .path = "a.env"}).size(), 1u);
  EXPECT_EQ(MustScan(scanner, {.text = "", .path = "k.p12"}).size(), 1u);
}

TEST(Scanner, CountsARuleOnlyWithItsCompanionsNear) {
  const Scanner scanner = ScannerOf(R"(
[[rules]]
id = "secret"
regex = 'sec_[0-9]{4}'
[[rules.required]]
id = "user"
withinLines = 2
[[rules]]
id = "user"
regex = 'user_[a-z]+'
skipReport = true
)");
  EXPECT_EQ(MustScan(scanner, {.text = "sec_1234"}).size(), 0u);
  EXPECT_EQ(MustScan(scanner, {.text = "sec_1234\n\n\n\nuser_me"}).size(), 0u);
  const auto findings = MustScan(scanner, {.text = "user_me\n\nsec_1234"});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_THAT(findings[0].companions, testing::ElementsAre("user"));
}

TEST(Scanner, AsksForOneOfSeveralDistancesToTheSameRule) {
  const Scanner scanner = ScannerOf(R"(
[[rules]]
id = "secret"
regex = 'sec_[0-9]{4}'
[[rules.required]]
id = "user"
withinLines = 0
[[rules.required]]
id = "user"
withinColumns = 0
[[rules]]
id = "user"
regex = 'user_[a-z]+'
skipReport = true
)");
  EXPECT_EQ(MustScan(scanner, {.text = "sec_1234 user_me"}).size(), 1u);
  EXPECT_EQ(MustScan(scanner, {.text = "sec_1234\nuser_me"}).size(), 1u);
  EXPECT_EQ(MustScan(scanner, {.text = "sec_1234\n user_me"}).size(), 0u);
}

TEST(Scanner, FindsWhatOnlyTheCharacterBesideItHid) {
  const Scanner scanner = ScannerOf("[[rules]]\nid = 'k'\nregex = '\\btok_[a-z]{4}\\b'\n");
  const auto findings = MustScan(scanner, {.text = "?q=a%3Dtok_abcd"});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].match, (Span{7, 15}));
  EXPECT_EQ(findings[0].encodings, 0);
  // Once, though it stands beside what is decoded.
  EXPECT_EQ(MustScan(scanner, {.text = "tok_abcd%3D"}).size(), 1u);
}

TEST(Scanner, KeepsAGenericFindingThatIsEncodedBesideAnother) {
  const Scanner scanner = ScannerOf(
      "[[rules]]\nid = 'generic'\nregex = 'k=(\\w{6,})'\n[[rules]]\nid = 'special'\nregex = 'sp_\\w{6}'\n"
      "[[rules]]\nid = 'blob'\nregex = 'blob: (\\S+)'\n");
  const std::string encoded = ToBase64("sp_abcdef and k=another1 too");
  EXPECT_THAT(RulesOf(scanner, MustScan(scanner, {.text = encoded})),
              testing::ElementsAre("generic", "special"));
  EXPECT_THAT(RulesOf(scanner, MustScan(scanner, {.text = "blob: " + encoded})),
              testing::ElementsAre("blob", "special"));
}

TEST(Scanner, ShowsNoLineOfAFileThatItsNameGivesAway) {
  const auto findings =
      MustScan(ScannerOf("[[rules]]\nid = 'f'\npath = 'p12$'\n"), {.text = "", .path = "k.p12"});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].place.start_line, 0u);
}

TEST(Scanner, DropsAGenericFindingWhereAnotherRuleHasItsSecret) {
  const Scanner scanner = ScannerOf(
      "[[rules]]\nid = 'generic'\nregex = 'k=(\\w{6,})'\n[[rules]]\nid = 'special'\nregex = 'sp_\\w{6}'\n");
  EXPECT_THAT(RulesOf(scanner, MustScan(scanner, {.text = "k=sp_abcdef"})), testing::ElementsAre("special"));
  EXPECT_THAT(RulesOf(scanner, MustScan(scanner, {.text = "k=abcdefgh\nsp_abcdef"})),
              testing::ElementsAre("generic", "special"));
}

TEST(Scanner, TakesTextsThatAreNotUtf8) {
  const auto findings = MustScan(ScannerOf(kKey), {.text = "\xff\xfe key=abcd1234\xff"});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].secret, "abcd1234");
}

TEST(Scanner, FindsWhatIsWrittenWithLettersThatFoldToAscii) {
  const Scanner scanner =
      ScannerOf("[[rules]]\nid = 'k'\nregex = '(?i)token=[0-9]{4}'\nkeywords = ['token']\n");
  EXPECT_EQ(MustScan(scanner, {.text = "to\xe2\x84\xaa"
                                       "en=1234"})
                .size(),
            1u);
}

TEST(Scanner, FailsClosedWhenItsBudgetIsSpent) {
  const Scanner& scanner = GitleaksScanner();
  Workspace workspace(scanner);
  std::string hostile;
  while (hostile.size() < 1 << 20) hostile += "api_key=\"a1b2c3d4e5f6\"; ";
  const auto spent = scanner.Scan({.text = hostile}, workspace, {.budget = 10'000});
  ASSERT_FALSE(spent);
  EXPECT_EQ(spent.error().code, ErrorCode::kExhausted);
  EXPECT_TRUE(scanner.Scan({.text = std::string(1 << 20, 'a')}, workspace, {.budget = 10'000}));
}

TEST(Scanner, KeepsItsDatabasesAndTakesThemBack) {
  std::map<std::string, std::string> kept;
  int compiled = 0;
  const DatabaseCache cache{.find = [&](const std::string& key) -> std::optional<std::string> {
                              const auto found = kept.find(key);
                              return found == kept.end() ? std::nullopt : std::optional(found->second);
                            },
                            .keep =
                                [&](const std::string& key, std::string_view bytes) {
                                  ++compiled;
                                  kept[key] = bytes;
                                }};
  const auto rules = ReadRules(kKey, "f.toml", {});
  for (int i = 0; i < 3; ++i) {
    const auto scanner = Scanner::Make(*rules, cache);
    ASSERT_TRUE(scanner);
    EXPECT_EQ(MustScan(*scanner, {.text = "key=abcd1234"}).size(), 1u);
    EXPECT_EQ(compiled, i < 2 ? 1 : 2);
    // What was changed on disk is not taken.
    if (i == 1) kept.begin()->second.back() = static_cast<char>(kept.begin()->second.back() ^ 1);
  }
}

TEST(Scanner, NamesTheRuleWhoseExpressionIsWrong) {
  for (const auto& [text, message] :
       {std::pair("[[rules]]\nid = 'a'\nregex = '('\n", "f.toml:1: a.regex: "),
        std::pair("[[rules]]\nid = 'a'\nregex = 'x'\nsecretGroup = 1\n", "f.toml:1: a.secretGroup: ")}) {
    const auto rules = ReadRules(text, "f.toml", {});
    ASSERT_TRUE(rules);
    const auto scanner = Scanner::Make(*rules, {});
    ASSERT_FALSE(scanner);
    EXPECT_TRUE(scanner.error().message.starts_with(message)) << scanner.error().message;
  }
}

// What Vectorscan finds must not depend on where a text lies, or on what stands before.
TEST(Scanner, FindsWhatHasASingleCharacterToGoByWhereverItLies) {
  for (const char* regex :
       {"<.{3}>", "a[^x]{3}b", "<.{3}", "q\\W{2}z", "k=.{3}", "k=.{3};", "[0-9]{3}.[0-9]{3}"}) {
    const Scanner scanner = ScannerOf("[[rules]]\nid = 'r'\nregex = '" + std::string(regex) + "'\n");
    Workspace workspace(scanner);
    for (size_t before = 0; before < 200; before += 3) {
      for (size_t at = 0; at < 64; at += 5) {
        std::string buffer(at, ' ');
        const std::string text = std::string(before, 'x') + " <uvw> amnob q--z k=mno; 123-456";
        buffer += text;
        const auto found =
            scanner.Scan({.text = std::string_view(buffer).substr(at)}, workspace, {.decode_depth = 0});
        ASSERT_TRUE(found);
        ASSERT_EQ(found->size(), 1u) << regex << " behind " << before;
      }
    }
  }
}

// Expressions that Vectorscan can't take are held against every text by RE2 alone.
TEST(Scanner, RunsWhatVectorscanDoesNotTake) {
  const Scanner scanner = ScannerOf("[[rules]]\nid = 'e'\nregex = '(?i)\xc3\xa9[0-9]{4}|zz[0-9]*'\n");
  EXPECT_EQ(MustScan(scanner, {.text = "a \xc3\x89"
                                       "1234 b"})
                .size(),
            1u);
}

// Those that have keywords need not run where none stands; K (Kelvin) is one of the letters.
TEST(Scanner, RunsWhatVectorscanDoesNotTakeWhereItsKeywordStands) {
  const Scanner scanner = ScannerOf(
      "[[rules]]\nid = 'e'\nregex = '<.{3}>'\nkeywords = ['token']\n"
      "[[rules]]\nid = 'f'\nregex = '<.{3}>'\nkeywords = ['other']\n");
  EXPECT_TRUE(MustScan(scanner, {.text = "a <uvw> b"}).empty());
  EXPECT_EQ(MustScan(scanner, {.text = "a <uvw> b Token"}).size(), 1u);
  EXPECT_EQ(MustScan(scanner, {.text = "to\xe2\x84\xaa\x65n <uvw>"}).size(), 1u);
  const auto findings = MustScan(scanner, {.text = "PHV2dz4gdG9rZW4gPHh5ej4gdG9rZW4g"});  // both in base 64
  EXPECT_EQ(findings.size(), 2u);
  Workspace workspace(scanner);
  ASSERT_TRUE(scanner.Scan({.text = "Other"}, workspace, {}));
  const Calls calls = workspace.calls();
  const auto of_part = scanner.Scan({.text = "<uvw>", .around = "Other", .calls = calls}, workspace, {});
  ASSERT_TRUE(of_part);
  ASSERT_EQ(of_part->size(), 1u);
  EXPECT_EQ(scanner.rules().rules[of_part->front().rule].id, "f");
}

}  // namespace
}  // namespace postern::secrets
