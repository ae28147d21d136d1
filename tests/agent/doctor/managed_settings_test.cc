#include "agent/doctor/managed_settings.h"

#include <gtest/gtest.h>

namespace postern::doctor {
namespace {

SettingsFile File(const std::string& path, const std::string& url) {
  return {path, R"({"permissions":{"deny":["Bash"]},"env":{"ANTHROPIC_BASE_URL":")" + url + "\"}}"};
}

TEST(ManagedSettings, LeadHereByAnyNameOfTheLoopback) {
  EXPECT_TRUE(LeadsHere("http://127.0.0.1:4780", 4780));
  EXPECT_TRUE(LeadsHere("http://localhost:4780/", 4780));
  EXPECT_TRUE(LeadsHere("http://[::1]:4780", 4780));
  for (const char* url :
       {"https://127.0.0.1:4780", "http://127.0.0.1:4781", "http://127.0.0.1", "http://127.0.0.1:4780/x",
        "http://example.com:4780", "http://evil.com/127.0.0.1:4780", ""}) {
    EXPECT_FALSE(LeadsHere(url, 4780)) << url;
  }
}

TEST(ManagedSettings, TheLastFileThatSaysItWins) {
  const auto here = File("a.json", "http://127.0.0.1:4780");
  const auto elsewhere = File("b.json", "https://u:secret@api.example.com");
  const SettingsFile silent{"c.json", "{}"};
  EXPECT_EQ(ExamineManagedSettings({elsewhere, here, silent}, 4780, Host::kMember).verdict, Verdict::kGood);
  const Observation wrong = ExamineManagedSettings({here, elsewhere, silent}, 4780, Host::kMember);
  EXPECT_EQ(wrong.verdict, Verdict::kFinding);
  EXPECT_NE(wrong.sentence.find("b.json"), std::string::npos);
  EXPECT_EQ(wrong.sentence.find("secret"), std::string::npos);
}

TEST(ManagedSettings, WithoutAnyAMemberHasAFinding) {
  EXPECT_EQ(ExamineManagedSettings({}, 4780, Host::kMember).verdict, Verdict::kFinding);
  EXPECT_EQ(ExamineManagedSettings({}, 4780, Host::kLone).verdict, Verdict::kNote);
  EXPECT_EQ(ExamineManagedSettings({{"a.json", R"({"env":null})"}}, 4780, Host::kLone).verdict,
            Verdict::kNote);
}

TEST(ManagedSettings, WhatIsNoSettingsFileIsAFinding) {
  for (const char* text : {"", "[]", "{", R"({"env":[]})", R"({"env":{"ANTHROPIC_BASE_URL":7}})"})
    EXPECT_EQ(ExamineManagedSettings({{"a.json", text}}, 4780, Host::kLone).verdict, Verdict::kFinding)
        << text;
}

}  // namespace
}  // namespace postern::doctor
