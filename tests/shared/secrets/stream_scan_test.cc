#include "shared/secrets/stream_scan.h"

#include <algorithm>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "shared/base/json_text.h"
#include "shared/json/value.h"
#include "shared/secrets/linear_view.h"
#include "shared/secrets/redaction.h"
#include "shared/secrets/token_run.h"
#include "tests/shared/secrets/cases.h"

namespace postern::secrets {
namespace {

std::string Placeholder(const Finding&, std::string_view original) {
  return PlaceholderFor("host key", original);
}

using Findings = std::multiset<std::pair<uint32_t, std::string>>;

struct Streamed {
  std::vector<std::string> pieces;  // as they went on; the last one is what Finish gave
  Findings findings;
  size_t replaced = 0;
  std::string whole() const {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    return all;
  }
};

Streamed Stream(const StreamTerms& terms, const std::vector<std::string_view>& pieces) {
  static Workspace workspace(GitleaksScanner());
  StreamScan scan(terms);
  Streamed streamed;
  for (const std::string_view piece : pieces) {
    const auto out = scan.Feed(piece, workspace);
    EXPECT_TRUE(out);
    streamed.pieces.emplace_back(*out);
    EXPECT_LE(scan.held(), StreamScan::kMostHeld + 12);
  }
  streamed.pieces.emplace_back(*scan.Finish(workspace));
  for (const StreamFinding& one : scan.findings()) {
    streamed.findings.emplace(one.finding.rule, one.finding.secret);
    streamed.replaced += one.replaced ? 1 : 0;
  }
  return streamed;
}

Streamed InTwo(const StreamTerms& terms, const std::string& text, size_t at) {
  return Stream(terms, {std::string_view(text).substr(0, at), std::string_view(text).substr(at)});
}

Findings Whole(const std::string& text) {
  Findings whole;
  for (const Finding& one : MustScan(GitleaksScanner(), {.text = text})) whole.emplace(one.rule, one.secret);
  return whole;
}

StreamTerms Terms(StreamForm form = StreamForm::kText) {
  return {.scanner = GitleaksScanner(), .form = form, .replace = Placeholder};
}

// Put together, so that nothing in this file looks like a credential.
std::string Token() { return std::string("gh") + "p_" + "16C7e42F292c6912E7710c838347Ae178B4a"; }

TEST(TokenRun, LooksLikeATokenWhereItMixesLettersAndDigitsOrIsLong) {
  const auto looks = [](std::string_view text) {
    TokenRun run;
    for (const char c : text) EXPECT_TRUE(run.Take(c));
    return run.LooksLikeToken();
  };
  EXPECT_TRUE(looks("sk_live4"));
  EXPECT_TRUE(looks("key=abcd"));
  EXPECT_TRUE(looks("abcdefghijklmnopqrst"));
  EXPECT_FALSE(looks("sk_liv4"));
  EXPECT_FALSE(looks("JavaScript"));
  EXPECT_FALSE(looks("2026-11-30"));
  TokenRun run;
  for (const char c : std::string_view(" \n\"'`\\,;(){}[]<>|")) EXPECT_FALSE(run.Take(c));
}

TEST(StreamScan, PassesATextWithoutATokenOnPieceByPiece) {
  const std::vector<std::string_view> pieces = {"Here",
                                                " is Jav",
                                                "aScript's",
                                                " `for` loop:\n",
                                                "",
                                                "  for (let i",
                                                " = 0; i < 10",
                                                "; ++i) {\n",
                                                "on 2026-11-30 at 12:30 \xc3",
                                                "\xa9",
                                                " it was well-known"};
  const Streamed streamed = Stream(Terms(), pieces);
  for (size_t i = 0; i < pieces.size(); ++i) EXPECT_EQ(streamed.pieces[i], pieces[i]);
  EXPECT_EQ(streamed.pieces.back(), "");
}

TEST(StreamScan, GivesBackTheSameBytesWhereNothingIsHeld) {
  Workspace workspace(GitleaksScanner());
  StreamScan scan(Terms());
  const std::string_view piece = "some words";
  EXPECT_EQ(scan.Feed(piece, workspace)->data(), piece.data());
}

TEST(StreamScan, ReplacesATokenWhereverItIsCut) {
  const std::string text = "the key is " + Token() + " and no other";
  for (size_t at = 0; at <= text.size(); ++at) {
    const Streamed streamed = InTwo(Terms(), text, at);
    const std::string whole = streamed.whole();
    EXPECT_EQ(whole.find(Token()), std::string::npos);
    EXPECT_NE(whole.find(PlaceholderFor("host key", Token())), std::string::npos) << whole;
    EXPECT_TRUE(whole.ends_with(" and no other"));
    EXPECT_EQ(streamed.findings.size(), 1u);
  }
  std::vector<std::string_view> bytes;
  for (size_t i = 0; i < text.size(); ++i) bytes.push_back(std::string_view(text).substr(i, 1));
  EXPECT_EQ(Stream(Terms(), bytes).whole().find(Token().substr(8)), std::string::npos);
}

TEST(StreamScan, LetsARunGoOnAfterTheCallersPatience) {
  Workspace workspace(GitleaksScanner());
  StreamScan scan(Terms());
  const std::string token = Token();
  EXPECT_EQ(*scan.Feed(token.substr(0, 20), workspace), "");
  EXPECT_EQ(scan.held(), 20u);
  EXPECT_EQ(*scan.Release(workspace), token.substr(0, 20));
  EXPECT_EQ(*scan.Feed(token.substr(20), workspace), token.substr(20));
  EXPECT_EQ(*scan.Feed(" a1b2c3d4e5", workspace), " ");
  EXPECT_EQ(*scan.Finish(workspace), "a1b2c3d4e5");
  ASSERT_EQ(scan.findings().size(), 1u);
  EXPECT_FALSE(scan.findings()[0].replaced);
}

TEST(StreamScan, ReplacesASecretThatIsWholeWhenTheCallersPatienceEnds) {
  Workspace workspace(GitleaksScanner());
  for (const StreamForm form : {StreamForm::kText, StreamForm::kJson}) {
    StreamScan scan(Terms(form));
    const std::string before = form == StreamForm::kJson ? R"({"a":"\"is )" : "is ";
    EXPECT_EQ(*scan.Feed(before + Token(), workspace), before);
    EXPECT_EQ(*scan.Release(workspace), PlaceholderFor("host key", Token()));
    EXPECT_EQ(scan.held(), 0u);
    EXPECT_EQ(*scan.Feed(" and more", workspace), " and more");
    EXPECT_EQ(*scan.Finish(workspace), "");
    ASSERT_GE(scan.findings().size(), 1u);
    EXPECT_TRUE(scan.findings()[0].replaced);
  }
}

TEST(StreamScan, HoldsNoMoreThanItMay) {
  const std::string run(10'000, 'a');
  std::vector<std::string_view> pieces;
  for (size_t at = 0; at < run.size(); at += 50) pieces.push_back(std::string_view(run).substr(at, 50));
  const Streamed streamed = Stream(Terms(), pieces);
  EXPECT_EQ(streamed.whole(), run);
}

TEST(StreamScan, FindsRememberedLiterals) {
  auto literals = *Literals::With(nullptr, "k9j8h7g6f5d4s3a2", GitleaksScanner().rules().rules[3].id);
  StreamTerms terms = Terms();
  terms.literals = literals;
  const std::string text = "is k9j8h7g6f5d4s3a2 valid?";
  for (size_t at = 0; at <= text.size(); ++at) {
    const Streamed streamed = InTwo(terms, text, at);
    EXPECT_EQ(streamed.findings, (Findings{{3, "k9j8h7g6f5d4s3a2"}}));
    EXPECT_EQ(streamed.whole().find("k9j8h7g6f5d4s3a2"), std::string::npos);
  }
}

TEST(StreamScan, FindsRememberedLiteralsInWhatIsEncoded) {
  StreamTerms terms = Terms();
  terms.literals = *Literals::With(nullptr, "k9j8h7g6f5d4s3a2", GitleaksScanner().rules().rules[3].id);
  const std::string encoded = "dXNlcjprOWo4aDdnNmY1ZDRzM2Ey", text = "is " + encoded + " valid?";
  for (size_t at = 0; at <= text.size(); ++at) {
    const Streamed streamed = InTwo(terms, text, at);
    EXPECT_EQ(streamed.findings, (Findings{{3, "k9j8h7g6f5d4s3a2"}}));
    EXPECT_EQ(streamed.whole().find(encoded), std::string::npos);
  }
}

TEST(StreamScan, ReadsTheStringsOfJsonUnescapedAndLeavesItJson) {
  const std::string inner = "line\n\"key\": \"" + Token() + "\" \\ \xc3\xa9\n";
  std::string json = "{\"content\":" + JsonString(inner) + ",\"u\":\"\\ud83d\\ude00\\u0041\\/\"}";
  for (size_t at = 0; at <= json.size(); ++at) {
    const Streamed streamed = InTwo(Terms(StreamForm::kJson), json, at);
    const std::string whole = streamed.whole();
    EXPECT_TRUE(json::Parse(whole)) << whole;
    EXPECT_EQ(whole.find(Token()), std::string::npos);
    EXPECT_EQ(streamed.findings.size(), 1u);
  }
}

TEST(StreamScan, ScansALongTextInPartsAndCountsEachFindingOnce) {
  std::string text;
  std::mt19937 random(3);
  size_t tokens = 0;
  while (text.size() < 3 * StreamScan::kMostKept) {
    text += "some words of it, and ";
    if (random() % 2'000 == 0) {
      std::string token = Token();
      for (size_t i = 4; i < token.size(); ++i) token[i] = static_cast<char>('a' + random() % 26);
      text += token + " ";
      ++tokens;
    }
  }
  std::vector<std::string_view> pieces;
  for (size_t at = 0; at < text.size(); at += 997) pieces.push_back(std::string_view(text).substr(at, 997));
  const Streamed streamed = Stream(Terms(), pieces);
  EXPECT_EQ(streamed.findings.size(), tokens);
  // A few are cut where their beginnings look like words.
  EXPECT_GE(static_cast<double>(streamed.replaced), 0.9 * static_cast<double>(tokens));
}

// Wherever the labelled texts are cut, as text and in JSON, what is found is what a scan of the whole finds;
// what is replaced leaves no secret; and where nothing is found, or nothing replaces it, the same bytes go
// on.
TEST(StreamScan, FindsInEveryLabelledTextTheSameWhereverItIsCut) {
  StreamTerms silent = Terms();
  silent.replace = nullptr;
  size_t replaced = 0, found = 0, cuts = 0, changed = 0;
  size_t turn = 0;
  for (const Case& one : LabelledCases()) {
    if (one.text.empty() || one.text.size() > 2'000) continue;
    const Findings whole = Whole(one.text);
    const size_t step = 1 + one.text.size() / 30;
    for (size_t at = turn++ % step; at <= one.text.size(); at += step) {
      const Streamed streamed = InTwo(Terms(), one.text, at);
      ASSERT_EQ(streamed.findings, whole) << one.rule << " cut at " << at;
      found += whole.size();
      replaced += streamed.replaced;
      cuts += whole.empty() ? 1 : 0;
      changed += whole.empty() && streamed.whole() != one.text ? 1 : 0;
      if (streamed.replaced < whole.size()) continue;
      for (const auto& [rule, secret] : whole)
        EXPECT_EQ(streamed.whole().find(secret), std::string::npos) << one.rule << " cut at " << at;
    }
    const Streamed unchanged = InTwo(silent, one.text, one.text.size() / 2);
    ASSERT_EQ(unchanged.whole(), one.text);
    ASSERT_EQ(unchanged.findings, whole);
  }
  EXPECT_LE(changed * 100, cuts) << changed << " of " << cuts;
  EXPECT_GE(static_cast<double>(replaced), 0.85 * static_cast<double>(found)) << replaced << " of " << found;
}

TEST(StreamScan, FindsInLabelledTextsWithinJsonWhatTheViewShows) {
  size_t turn = 0;
  for (const Case& one : LabelledCases()) {
    if (one.text.empty() || one.text.size() > 2'000 || turn++ % 4 != 0) continue;
    const std::string json = "{\"file_path\":\"a\",\"content\":" + JsonString(one.text) + "}";
    const auto view = LinearView(json);
    ASSERT_TRUE(view);
    const Findings whole = Whole(std::string(view->text()));
    for (size_t at = turn % 7; at <= json.size(); at += 7) {
      const Streamed streamed = InTwo(Terms(StreamForm::kJson), json, at);
      for (const auto& each : whole)
        ASSERT_TRUE(streamed.findings.contains(each)) << one.rule << " cut at " << at;
      ASSERT_TRUE(json::Parse(streamed.whole())) << one.rule << " cut at " << at;
    }
  }
}

}  // namespace
}  // namespace postern::secrets
