// Conversations whose policy changes, and texts that try to look like something else: what leaves of them.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/screening/restore.h"
#include "agent/screening/screen.h"
#include "shared/base/base64.h"
#include "shared/base/hex.h"
#include "shared/base/json_text.h"
#include "shared/secrets/redaction.h"
#include "shared/secrets/session_memory.h"
#include "tests/agent/screening/rules.h"

namespace postern::screening {
namespace {

using Outcome = Screened::Outcome;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kSecret[] = "h4rdtoguess7h4rd2guess";
const std::string kAssigned = "SECRET=" + std::string(kSecret) + "\n";
const std::string kBare = "is " + std::string(kSecret) + " still good?";

std::string BodyOf(const std::vector<std::string>& messages) {
  std::string body = R"({"model":"m","messages":[)";
  for (const std::string& text : messages)
    body += (body.back() == '[' ? "" : ",") + (R"({"role":"user","content":)" + JsonString(text)) + "}";
  return body + "]}";
}

// So many messages that the first ones are known by the beginning of the body.
std::vector<std::string> LongAfter(const std::string& first) {
  std::vector<std::string> messages = {first};
  for (int i = 0; i < 10; ++i) {
    messages.emplace_back();
    for (int word = 0; word < 700; ++word) messages.back() += "word" + std::to_string(word * i) + " ";
  }
  return messages;
}

// One session, as the gate has it.
class Conversation {
 public:
  Screened Send(const std::string& body, Terms terms) {
    terms.known = memory_.KnownOf("");
    terms.remembers = true;
    secrets::Workspace workspace(*terms.scanner);
    Screened screened = Screen(body, terms, workspace);
    memory_.Keep("", screened.scan);
    return screened;
  }

 private:
  const secrets::MemoryKey key_{"thirty-two bytes that are secret"};
  secrets::SessionMemory memory_{key_};
};

TEST(Conversation, WhatMayNoLongerPassIsTakenOutAlsoWithoutWhatMadeItASecret) {
  const Terms off = TermsOf("  secrets: [{rules: [assigned], action: off}]\n");
  Conversation conversation;
  std::vector<std::string> messages = LongAfter(kAssigned);
  EXPECT_EQ(conversation.Send(BodyOf(messages), off).outcome, Outcome::kClean);
  EXPECT_EQ(conversation.Send(BodyOf(messages), off).outcome, Outcome::kClean);
  messages.push_back(kBare);
  const Screened screened = conversation.Send(BodyOf(messages), SmallTerms());
  ASSERT_EQ(screened.outcome, Outcome::kRedacted);
  EXPECT_THAT(screened.body, Not(HasSubstr(kSecret)));
}

TEST(Conversation, AnAllowanceThatEndsOrIsTakenBackAllowsNoLonger) {
  const std::string fingerprint = ToHex(FingerprintOf(SomeKeys()->fingerprint.view(), kSecret));
  const Terms allowed =
      TermsOf("secrets: {allowed: [{fingerprint: \"" + fingerprint + "\", reason: r, until: 2027-01-01}]}\n");
  Terms later = allowed;
  later.now += std::chrono::hours(24 * 60);
  for (const Terms& then : {later, SmallTerms()}) {
    Conversation conversation;
    std::vector<std::string> messages = LongAfter(kAssigned);
    for (int turn = 0; turn < 2; ++turn)
      EXPECT_EQ(conversation.Send(BodyOf(messages), allowed).outcome, Outcome::kClean);
    messages.push_back(kBare);
    const Screened screened = conversation.Send(BodyOf(messages), then);
    EXPECT_EQ(screened.outcome, Outcome::kRedacted);
    EXPECT_THAT(screened.body, Not(HasSubstr(kSecret)));
  }
}

TEST(Conversation, WhatWasBlockedIsBlockedAlsoWithoutWhatMadeItASecret) {
  const Terms block = TermsOf("  secrets: [{rules: [assigned], action: block}]\n");
  Conversation conversation;
  EXPECT_EQ(conversation.Send(BodyOf({"hi", kAssigned}), block).outcome, Outcome::kBlocked);
  EXPECT_EQ(conversation.Send(BodyOf({"hi", kBare}), block).outcome, Outcome::kBlocked);
  EXPECT_EQ(conversation.Send(BodyOf({"hi"}), block).outcome, Outcome::kClean);
}

TEST(Conversation, ASecretWithinWhatMayPassIsTakenOutAllTheSame) {
  const std::string block =
      "-----BEGIN KEY-----\n" + std::string(kSecret) + "\n0123456789\n-----END KEY-----";
  const Terms terms = TermsOf("  secrets: [{rules: [key-block], action: off}]\n");
  Conversation conversation;
  EXPECT_EQ(conversation.Send(BodyOf({block}), terms).outcome, Outcome::kClean);
  EXPECT_EQ(conversation.Send(BodyOf({kAssigned}), terms).outcome, Outcome::kRedacted);
  const Screened screened = conversation.Send(BodyOf({block}), terms);
  EXPECT_EQ(screened.outcome, Outcome::kRedacted);
  EXPECT_THAT(screened.body, Not(HasSubstr(kSecret)));
  // Where all of it goes anyway there is nothing more to tell.
  const Screened all = conversation.Send(BodyOf({block}), SmallTerms());
  ASSERT_EQ(all.found.size(), 1u);
  EXPECT_EQ(all.found[0].rule, "key-block");
}

// So it stands in the record once, however often the client sends it again.
TEST(Conversation, WhatStoodThereBeforeIsKnownAndWhatComesNewIsNot) {
  Conversation conversation;
  std::vector<std::string> messages = LongAfter(kAssigned);
  const Screened first = conversation.Send(BodyOf(messages), SmallTerms());
  ASSERT_EQ(first.found.size(), 1u);
  EXPECT_FALSE(first.found[0].known);
  messages.emplace_back("go on");
  const Screened again = conversation.Send(BodyOf(messages), SmallTerms());
  ASSERT_EQ(again.found.size(), 1u);
  EXPECT_TRUE(again.found[0].known);
  messages.push_back(kAssigned);
  const Screened more = conversation.Send(BodyOf(messages), SmallTerms());
  ASSERT_EQ(more.found.size(), 2u);
  EXPECT_TRUE(more.found[0].known);
  EXPECT_FALSE(more.found[1].known);
}

TEST(Conversation, ThatSpeaksOfKeysInSeveralMessagesIsNoSecret) {
  Conversation conversation;
  EXPECT_EQ(conversation.Send(BodyOf({"grep -----BEGIN KEY----- *"}), SmallTerms()).outcome, Outcome::kClean);
  EXPECT_EQ(conversation
                .Send(BodyOf({"grep -----BEGIN KEY----- *", "it ends with -----END KEY-----"}), SmallTerms())
                .outcome,
            Outcome::kClean);
}

Screened ScreenOnce(const std::string& body, const Terms& terms) {
  secrets::Workspace workspace(*terms.scanner);
  return Screen(body, terms, workspace);
}

// A tool was called with this input, and gave this.
std::string CallOf(const std::string& tool, const std::string& input, const std::string& result) {
  return R"({"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"t1","name":)" +
         JsonString(tool) + R"(,"input":)" + input +
         R"(}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t1","content":)" +
         JsonString(result) + "}]}]}";
}

TEST(Screen, WhatMayPassFromOneFilePassesFromNoOther) {
  const Terms terms = TermsOf("  secrets: [{paths: [\"*/testdata/*\"], action: off}]\n");
  EXPECT_EQ(ScreenOnce(CallOf("Read", R"({"file_path":"/repo/testdata/x"})", BadgeOf(1)), terms).outcome,
            Outcome::kClean);
  for (const auto& [tool, input] : std::vector<std::pair<std::string, std::string>>{
           {"Read", R"({"file_path":"/repo/testdata/../.env"})"},
           {"Read", R"({"file_path":"/repo/.env","path":"/repo/testdata/x"})"},
           {"Bash", R"({"command":"cat .env","path":"/repo/testdata/x"})"},
           {"mcp__files__read", R"({"path":"/repo/testdata/x"})"}}) {
    const Screened screened = ScreenOnce(CallOf(tool, input, BadgeOf(1)), terms);
    EXPECT_EQ(screened.outcome, Outcome::kRedacted) << tool << input;
    EXPECT_THAT(screened.body, Not(HasSubstr(BadgeOf(1))));
  }
  // More may be asked for by any tool's word.
  const Terms strict = TermsOf("  secrets: [{paths: [\"*.env\"], action: block}]\n");
  EXPECT_EQ(ScreenOnce(CallOf("mcp__files__read", R"({"path":"/repo/.env"})", BadgeOf(1)), strict).outcome,
            Outcome::kBlocked);
}

TEST(Screen, ANameInWhichASecretStandsIsNotTold) {
  const std::string path = R"({"file_path":"/repo/)" + BadgeOf(1) + R"("})";
  for (const Found& found : ScreenOnce(CallOf("Read", path, BadgeOf(2)), SmallTerms()).found) {
    EXPECT_EQ(found.place.path, "REDACTED");
    EXPECT_EQ(found.place.tool, "Read");
  }
  for (const Found& found : ScreenOnce(CallOf(BadgeOf(1), "{}", BadgeOf(2)), SmallTerms()).found)
    EXPECT_EQ(found.place.tool, "REDACTED");
  const Screened tools = ScreenOnce(R"({"tools":[{"name":")" + BadgeOf(1) + R"("}]})", SmallTerms());
  ASSERT_EQ(tools.found.size(), 1u);
  EXPECT_EQ(tools.found[0].place.tool, "REDACTED");
}

TEST(Screen, ADocumentInBase64IsNotChangedAndDoesNotLeaveWithASecret) {
  const auto body_of = [](const std::string& type, const std::string& text) {
    const std::string data = ToBase64(text);
    return R"({"messages":[{"role":"user","content":[{"type":"document","source":{"type":"base64","media_type":")" +
           type + R"(","data":")" + data + R"("}}]}]})";
  };
  EXPECT_EQ(ScreenOnce(body_of("text/plain", "a text without any"), SmallTerms()).outcome, Outcome::kClean);
  EXPECT_EQ(ScreenOnce(body_of("text/plain", "key " + BadgeOf(1)), SmallTerms()).outcome, Outcome::kBlocked);
}

// What a tool's text says, and what the model makes of it when it writes the same text again: with originals
// put back it is the same, however deep in JSON the secret stands in it.
TEST(Screen, WhatIsPutBackIsWhatStoodThere) {
  const std::string key = "-----BEGIN KEY-----\nq\"w\\e\trtyuiopasdf\n-----END KEY-----";
  std::string text = key;
  for (int depth = 0; depth < 4; ++depth) {
    for (const std::string& read : {text, "  1\t" + text, text + " and " + BadgeOf(3) + text}) {
      Terms terms = SmallTerms();
      const Screened screened = ScreenOnce(BodyOf({read}), terms);
      ASSERT_EQ(screened.outcome, Outcome::kRedacted);
      EXPECT_THAT(screened.body, Not(HasSubstr("rtyuiop")));
      const auto original = [&](std::string_view placeholder) -> std::optional<std::string> {
        for (const secrets::BodyCut& cut : screened.scan.cuts) {
          if (secrets::PlaceholderFor(terms.keys->placeholder.view(), cut.original) == placeholder)
            return cut.original;
        }
        return std::nullopt;
      };
      EXPECT_EQ(RestoreOriginals(screened.body, original).json, BodyOf({read})) << read;
    }
    text = R"({"private":)" + JsonString(text) + "}";
  }
}

}  // namespace
}  // namespace postern::screening
