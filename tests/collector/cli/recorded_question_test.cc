#include "collector/cli/recorded_question.h"

#include <gtest/gtest.h>

namespace postern::cli {
namespace {

std::string QuestionOf(const std::string& event) {
  const auto value = json::Parse(event);
  EXPECT_TRUE(value);
  return value ? RecordedQuestion(*value) : "";
}

TEST(RecordedQuestion, HasAllThatAnIntentTells) {
  EXPECT_EQ(
      QuestionOf(
          R"({"time":"2026-11-23T12:00:00Z","kind":"intent","key":"k7x2m9q4w8ab","user":"alice",)"
          R"("team":"ml","host":"build-1","model":"claude-opus-5-5","event":{)"
          R"("os_user":{"uid":1000,"name":"ci"},"tools":["Read"],"server_tools":["web_search_20250305"],)"
          R"("removed_tools":["Bash"],"max_tokens":32000,"policy_version":14,)"
          R"("provider":"anthropic","residency":["eu","gdpr"]}})"),
      R"({"key":"k7x2m9q4w8ab","host":"build-1","os_user":"ci","os_user_number":"1000",)"
      R"("provider":"anthropic","model":"claude-opus-5-5",)"
      R"("tools":["Read","Bash","type:web_search_20250305"],"residency":["eu","gdpr"],)"
      R"("max_tokens":32000,"version":14,"at":"2026-11-23T12:00:00Z"})");
}

TEST(RecordedQuestion, WithoutAKeyItIsTheUsersAndWhatIsntThereIsLeftOut) {
  EXPECT_EQ(QuestionOf(R"({"kind":"refusal","user":"alice","team":"ml","event":{"provider":"bedrock"}})"),
            R"({"user":"alice","team":"ml","provider":"bedrock"})");
}

TEST(RecordedQuestion, WhatIsSaidBesidesCountsInsteadOfWhatIsRecorded) {
  EXPECT_EQ(Supplemented(R"({"key":"k7x2m9q4w8ab","model":"a","version":14})",
                         R"({"provider":"anthropic","residency":["eu"],"version":15})")
                .value(),
            R"({"key":"k7x2m9q4w8ab","model":"a","provider":"anthropic","residency":["eu"],"version":15})");
  EXPECT_FALSE(Supplemented("{}", "[]"));
}

}  // namespace
}  // namespace postern::cli
