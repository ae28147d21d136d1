#include "tests/support/provider/script.h"

#include <gtest/gtest.h>

namespace postern::provider {
namespace {

constexpr std::string_view kPath = "/v1/messages";

Conversation Asking(const std::string& prompt, const std::string& model = "claude-opus-5-5") {
  Conversation conversation;
  conversation.prompt = prompt;
  conversation.model = model;
  return conversation;
}

int StatusFor(Script& script, const Conversation& conversation, std::string_view path = kPath) {
  const auto plan = script.Choose(path, &conversation);
  return plan ? plan->status : 0;
}

TEST(Script, TheFirstRuleThatFitsAnswersAsOftenAsItMay) {
  Script script;
  ASSERT_TRUE(script.Install(
      R"({"rules":[{"text":"one","times":2,"answer":"status=501"},{"text":"one","answer":"[[postern status=502]]"}]})"));
  EXPECT_EQ(StatusFor(script, Asking("two")), 0);
  EXPECT_EQ(StatusFor(script, Asking("the one")), 501);
  EXPECT_EQ(StatusFor(script, Asking("one")), 501);
  EXPECT_EQ(StatusFor(script, Asking("one")), 502);
  script.Clear();
  EXPECT_EQ(StatusFor(script, Asking("one")), 0);
}

TEST(Script, ChoosesByModelStreamPathAndOrdinal) {
  Script script;
  ASSERT_TRUE(script.Install(R"({"rules":[
      {"model":"claude-haiku*","answer":"status=501"},
      {"stream":true,"answer":"status=502"},
      {"path":"/v1/models","answer":"status=503"},
      {"ordinal":5,"answer":"status=504"}]})"));
  EXPECT_EQ(StatusFor(script, Asking("x", "claude-haiku-5-5")), 501);
  EXPECT_EQ(StatusFor(script, Asking("x", "claude-opus-5-5")), 0);
  Conversation streaming = Asking("x");
  streaming.stream = true;
  EXPECT_EQ(StatusFor(script, streaming), 502);
  EXPECT_EQ(script.Choose("/v1/models", nullptr)->status, 503);
  EXPECT_EQ(StatusFor(script, Asking("x")), 0);    // the fourth
  EXPECT_EQ(StatusFor(script, Asking("x")), 504);  // the fifth of its path
  EXPECT_EQ(StatusFor(script, Asking("x")), 0);
}

TEST(Script, EarlyAnswersNeedNoBody) {
  Script script;
  ASSERT_TRUE(script.Install(R"({"rules":[{"ordinal":2,"answer":"early status=413"}]})"));
  EXPECT_FALSE(script.ChooseEarly(kPath));
  EXPECT_EQ(StatusFor(script, Asking("x")), 0);
  EXPECT_EQ(script.ChooseEarly(kPath)->status, 413);
  EXPECT_FALSE(script.ChooseEarly(kPath));
}

TEST(Script, SaysWhatIsWrongAndStaysAsItWas) {
  Script script;
  ASSERT_TRUE(script.Install(R"({"rules":[{"answer":"status=501"}]})"));
  for (const char* bad :
       {"", "[]", R"({"rules":1})", R"({"rules":[{}]})", R"({"rules":[{"answer":"colour=blue"}]})",
        R"({"rules":[{"answer":"gzip","times":"2"}]})", R"({"rules":[{"answer":"gzip","color":"blue"}]})"}) {
    EXPECT_FALSE(script.Install(bad)) << bad;
  }
  EXPECT_EQ(StatusFor(script, Asking("x")), 501);
}

}  // namespace
}  // namespace postern::provider
