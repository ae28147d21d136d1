#include "agent/screening/screen.h"

#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/hex.h"
#include "shared/base/json_text.h"
#include "shared/secrets/redaction.h"
#include "tests/agent/screening/rules.h"

namespace postern::screening {
namespace {

using Outcome = Screened::Outcome;

Screened ScreenBody(std::string_view body, const Terms& terms) {
  secrets::Workspace workspace(*terms.scanner);
  return Screen(body, terms, workspace);
}

std::string PlaceholderOf(std::string_view secret) {
  return secrets::PlaceholderFor(SomeKeys()->placeholder.view(), secret);
}

std::string Replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

// A file with this in it was read, as Claude Code tells it.
std::string ReadOf(const std::string& text, const std::string& path = "/repo/.env") {
  return R"({"model":"m","messages":[{"role":"user","content":"go on"},{"role":"assistant","content":[{"type":"tool_use",)"
         R"("id":"t1","name":"Read","input":{"file_path":")" +
         path + R"("}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":)" +
         JsonString(text) + "}]}]}";
}

TEST(Screen, ABodyWithoutSecretsGoesAsItIs) {
  const Screened screened = ScreenBody(ReadOf("nothing\nto \"see\""), SmallTerms());
  EXPECT_EQ(screened.outcome, Outcome::kClean);
  EXPECT_TRUE(screened.found.empty());
}

TEST(Screen, ASecretIsTakenOutAndNothingElseChanges) {
  const std::string body = ReadOf("a=\"" + BadgeOf(1) + "\"\nb\n");
  const Screened screened = ScreenBody(body, SmallTerms());
  ASSERT_EQ(screened.outcome, Outcome::kRedacted);
  EXPECT_EQ(screened.body, Replaced(body, BadgeOf(1), PlaceholderOf(BadgeOf(1))));
  ASSERT_EQ(screened.found.size(), 1u);
  const Found& found = screened.found.front();
  EXPECT_EQ(found.rule, "badge");
  EXPECT_EQ(found.action, wire::SECRET_ACTION_REDACT);
  EXPECT_EQ(
      found.place,
      (Place{
          .part = "tool_result", .message = 2, .tool = "Read", .path = "/repo/.env", .is_its_file = true}));
  EXPECT_EQ(found.fingerprint, FingerprintOf(SomeKeys()->fingerprint.view(), BadgeOf(1)));
  EXPECT_EQ(found.length, BadgeOf(1).size());
  EXPECT_EQ(found.times, 1u);
  EXPECT_EQ(ScreenBody(screened.body, SmallTerms()).outcome, Outcome::kClean);
}

TEST(Screen, TheSameSecretAtOnePlaceIsCountedAndAtAnotherToldAgain) {
  const std::string text = BadgeOf(1) + " " + BadgeOf(1) + " " + BadgeOf(2);
  const std::string body =
      R"({"system":"x )" + BadgeOf(1) + R"(","messages":[{"role":"user","content":")" + text + "\"}]}";
  const Screened screened = ScreenBody(body, SmallTerms());
  ASSERT_EQ(screened.found.size(), 3u);
  EXPECT_EQ(screened.found[0].place.part, "system");
  EXPECT_EQ(screened.found[1].place.part, "text");
  EXPECT_EQ(screened.found[1].times, 2u);
  EXPECT_EQ(screened.found[2].times, 1u);
  EXPECT_NE(screened.found[1].fingerprint, screened.found[2].fingerprint);
}

TEST(Screen, WhatIsFoundByItsContextKeepsTheContext) {
  const std::string secret = "h4rdtoguess7h4rd2guess";
  const Screened screened = ScreenBody(ReadOf("SECRET=" + secret + "\n"), SmallTerms());
  ASSERT_EQ(screened.outcome, Outcome::kRedacted);
  EXPECT_EQ(screened.body, ReadOf("SECRET=" + PlaceholderOf(secret) + "\n"));
}

TEST(Screen, ThePolicySaysWhatIsDone) {
  const std::string body = ReadOf(BadgeOf(1), "/repo/testdata/x");
  const Screened off = ScreenBody(body, TermsOf("  secrets: [{paths: [\"*/testdata/*\"], action: off}]\n"));
  EXPECT_EQ(off.outcome, Outcome::kClean);
  EXPECT_TRUE(off.found.empty());
  const Screened warned = ScreenBody(body, TermsOf("  secrets: [{rules: [badge], action: warn}]\n"));
  EXPECT_EQ(warned.outcome, Outcome::kClean);
  ASSERT_EQ(warned.found.size(), 1u);
  EXPECT_EQ(warned.found.front().action, wire::SECRET_ACTION_WARN);
  EXPECT_EQ(warned.found.front().policy_rule, "organisation.secrets[0]");
  const Screened blocked =
      ScreenBody(R"({"system":")" + BadgeOf(2) +
                     R"(","messages":[{"role":"user","content":"secret: abcdefabcdef0123456789"}]})",
                 TermsOf("  secrets: [{rules: [assigned], action: block}]\n"));
  ASSERT_EQ(blocked.outcome, Outcome::kBlocked);
  EXPECT_EQ(blocked.found[blocked.blocked_by].rule, "assigned");
  EXPECT_TRUE(blocked.body.empty());
}

TEST(Screen, ASecretThatIsAllowedIsLetThroughAndOthersAreNot) {
  const std::string fingerprint = FingerprintOf(SomeKeys()->fingerprint.view(), BadgeOf(1));
  const Terms terms =
      TermsOf("secrets: {allowed: [{fingerprint: \"" + ToHex(fingerprint) + "\", reason: r}]}\n");
  const std::string body = ReadOf(BadgeOf(1) + " and " + BadgeOf(2));
  const Screened screened = ScreenBody(body, terms);
  ASSERT_EQ(screened.found.size(), 1u);
  EXPECT_EQ(screened.body, Replaced(body, BadgeOf(2), PlaceholderOf(BadgeOf(2))));
}

TEST(Screen, ThinkingIsNeverEdited) {
  const std::string body =
      R"({"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"hm )" + BadgeOf(1) +
      R"(","signature":"abc"},{"type":"text","text":")" + BadgeOf(2) + R"("}]}]})";
  const Screened screened = ScreenBody(body, SmallTerms());
  ASSERT_EQ(screened.outcome, Outcome::kBlocked);
  EXPECT_EQ(screened.found[screened.blocked_by].place.part, "thinking");
  EXPECT_EQ(screened.found[screened.blocked_by].action, wire::SECRET_ACTION_BLOCK);
}

TEST(Screen, AKeyCantBeTakenOut) {
  EXPECT_EQ(ScreenBody(R"({"metadata":{")" + BadgeOf(1) + R"(":1}})", SmallTerms()).outcome,
            Outcome::kBlocked);
}

TEST(Screen, WhatCantBeReadIsNotClean) {
  EXPECT_EQ(ScreenBody("{", SmallTerms()).outcome, Outcome::kUnreadable);
  const std::string deep = R"({"a":)" + std::string(500, '[') + std::string(500, ']') + "}";
  EXPECT_EQ(ScreenBody(deep, SmallTerms()).outcome, Outcome::kUnreadable);
}

TEST(Screen, OfVeryManyTheRestIsCountedByTheirRule) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += BadgeOf(i) + "\n";
  const Screened screened = ScreenBody(ReadOf(text), SmallTerms());
  ASSERT_EQ(screened.outcome, Outcome::kRedacted);
  EXPECT_LE(screened.found.size(), kMostFound + 1);
  uint32_t times = 0;
  for (const Found& found : screened.found) times += found.times;
  EXPECT_EQ(times, 1000u);
  EXPECT_EQ(screened.body.find("badge-"), std::string::npos);
}

TEST(Screen, ThePolicysKeyMakesTheFingerprints) {
  wire::Policy policy;
  policy.set_format(1);
  policy.mutable_time_zone()->set_name("UTC");
  policy.mutable_secrets()->set_fingerprint_key(std::string(32, 'k'));
  auto compiled = policy::Compiled::Compile(policy, {});
  ASSERT_TRUE(compiled) << compiled.error().message;
  Terms terms = SmallTerms();
  terms.policy = std::make_shared<const policy::Compiled>(*std::move(compiled));
  const Screened screened = ScreenBody(ReadOf(BadgeOf(1)), terms);
  EXPECT_EQ(screened.found.at(0).fingerprint, FingerprintOf(std::string(32, 'k'), BadgeOf(1)));
}

// JSON as it is written and as it must leave.
struct Piece {
  std::string raw, expected;
};

// Makes bodies with secrets at any depth, with escapes as clients write them and as they could.
class Maker {
 public:
  explicit Maker(uint32_t seed) : random_(seed) {}

  std::vector<Piece> Body() {
    std::vector<Piece> body = {{"{", "{"}};
    const char* keys[] = {R"("system":)", R"("messages":)", R"("tools":)", R"("metadata":)", R"("own":)"};
    for (size_t i = 0; i < 5; ++i) {
      if (i > 0) Plain(body, ",");
      Plain(body, keys[i]);
      Append(body, Value(0));
    }
    Plain(body, "}");
    return body;
  }

 private:
  size_t Below(size_t most) { return random_() % most; }
  static void Plain(std::vector<Piece>& to, const std::string& text) { to.push_back({text, text}); }
  static void Append(std::vector<Piece>& to, std::vector<Piece> more) {
    for (Piece& piece : more) to.push_back(std::move(piece));
  }

  std::vector<Piece> Value(int depth) {
    std::vector<Piece> value;
    switch (depth > 4 ? 3 + Below(3) : Below(6)) {
      case 0: {
        Plain(value, "[");
        for (size_t i = Below(4), n = i; i > 0; --i) {
          if (i < n) Plain(value, ", ");
          Append(value, Value(depth + 1));
        }
        Plain(value, "]");
        return value;
      }
      case 1: {
        Plain(value, "{ ");
        for (size_t i = Below(4), n = i; i > 0; --i) {
          if (i < n) Plain(value, ",");
          Plain(value, "\"k" + std::to_string(i) + "\" :");
          Append(value, Value(depth + 1));
        }
        Plain(value, "}");
        return value;
      }
      case 2: {  // JSON in a string
        Plain(value, "[");
        Append(value, Value(depth + 2));
        Plain(value, "]");
        return Quoted(std::move(value));
      }
      case 3: Plain(value, Below(2) == 0 ? "-1.5e3" : "null"); return value;
      default: return Quoted(Text());
    }
  }

  std::vector<Piece> Text() {
    constexpr const char* kWords[] = {"a",    " ", "\n", "\"", "\\", "é", "😀",
                                      "KEY=", "{", "[",  "\t", "'",  "/", "\x01"};
    std::vector<Piece> text;
    for (size_t i = Below(12); i > 0; --i) {
      if (Below(5) != 0) Plain(text, kWords[Below(std::size(kWords))]);
      else {
        const std::string badge = BadgeOf(static_cast<int>(Below(50)));
        text.push_back({badge, PlaceholderOf(badge)});
      }
    }
    return text;
  }

  std::vector<Piece> Quoted(std::vector<Piece> contents) {
    for (Piece& piece : contents) {
      const bool secret = piece.raw != piece.expected;
      piece.raw = Escaped(piece.raw);
      if (!secret) piece.expected = piece.raw;
    }
    contents.insert(contents.begin(), {"\"", "\""});
    contents.push_back({"\"", "\""});
    return contents;
  }

  // As JSON.stringify does, or any character as its number.
  std::string Escaped(std::string_view text) {
    std::string escaped;
    const bool odd = Below(4) == 0;
    for (const char c : text) {
      const bool ascii = static_cast<unsigned char>(c) < 0x80;
      if (ascii && (static_cast<unsigned char>(c) < 0x20 || (odd && Below(3) == 0))) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        escaped += std::string("\\u00") + kDigits[static_cast<size_t>(c) >> 4] +
                   kDigits[static_cast<size_t>(c) & 15];
      } else {
        if (c == '"' || c == '\\') escaped += '\\';
        escaped += c;
      }
    }
    return escaped;
  }

  std::mt19937 random_;
};

TEST(Screen, SecretsAtAnyDepthAndOffsetAreTakenOutAndNothingElse) {
  const Terms terms = SmallTerms();
  secrets::Workspace workspace(*terms.scanner);
  size_t with_secrets = 0;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    std::string body, expected;
    for (const Piece& piece : Maker(seed).Body()) {
      body += piece.raw;
      expected += piece.expected;
    }
    const Screened screened = Screen(body, terms, workspace);
    if (body == expected) {
      ASSERT_EQ(screened.outcome, Outcome::kClean) << body;
      continue;
    }
    ++with_secrets;
    ASSERT_EQ(screened.outcome, Outcome::kRedacted) << body;
    ASSERT_EQ(screened.body, expected) << seed;
    ASSERT_EQ(Screen(screened.body, terms, workspace).outcome, Outcome::kClean);
  }
  EXPECT_GT(with_secrets, 1000u);
}

TEST(Screen, ASecretAtEveryOffsetOfALongTextIsTakenOut) {
  const Terms terms = SmallTerms();
  secrets::Workspace workspace(*terms.scanner);
  const std::string badge = BadgeOf(3);
  std::string text;
  for (int i = 0; i < 40; ++i) text += "é\\n\\\"x" + std::to_string(i);
  for (size_t at = 0; at <= text.size(); ++at) {
    // Not within a character or an escape.
    if (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) continue;
    if (at > 0 && text[at - 1] == '\\') continue;
    const std::string head = R"({"messages":[{"role":"user","content":")" + text.substr(0, at);
    const Screened screened = Screen(head + badge + text.substr(at) + "\"}]}", terms, workspace);
    ASSERT_EQ(screened.body, head + PlaceholderOf(badge) + text.substr(at) + "\"}]}") << at;
  }
}

}  // namespace
}  // namespace postern::screening
