// `postern limit …` against the real collector.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/running_collector.h"

namespace postern::cli {
namespace {

using support::Finished;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class LimitCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = support::RunningCollector::Start("organisation: Example\n");
    ASSERT_TRUE(started) << started.error().message;
    collector = *std::move(started);
  }
  Finished Ended(int code, std::vector<std::string> words) {
    const std::string line = ::testing::PrintToString(words);
    Finished finished = collector->Postern(std::move(words));
    EXPECT_EQ(finished.ending.code, code) << line << finished.output << finished.errors;
    return finished;
  }
  std::string Good(std::vector<std::string> words) { return Ended(0, std::move(words)).output; }

  std::unique_ptr<support::RunningCollector> collector;
};

TEST_F(LimitCommands, FromSetToRemove) {
  Good({"team", "create", "ml"});
  EXPECT_THAT(
      Good({"limit", "set", "ml-month", "--team", "ml", "--usd", "500", "--per", "month", "--message",
            "ask finance"}),
      AllOf(HasSubstr("Version 2 is in force."), HasSubstr("limit ml-month"), HasSubstr("$500 a month")));
  Good({"limit", "set", "each-day", "--each", "user", "--usd", "100", "--per", "day"});
  Good({"limit", "set", "key-rate", "--each", "key", "--requests", "60", "--per", "minute", "--rolling"});
  Good({"limit", "set", "key-once", "--each", "key", "--concurrent", "4"});
  EXPECT_THAT(Good({"policy", "show"}),
              HasSubstr("limits:\n"
                        "  ml-month: {team: ml, usd: 500, per: month, message: \"ask finance\"}\n"
                        "  each-day: {each: user, usd: 100, per: day}\n"
                        "  key-rate: {each: key, requests: 60, per: minute, rolling: true}\n"
                        "  key-once: {each: key, concurrent: 4}\n"));
  // Of each user nobody has an account so far.
  EXPECT_THAT(Good({"limit", "show", "each-day"}), HasSubstr("\n\nNothing is spent or held of it.\n"));
  // What isn't given stays.
  Good({"limit", "set", "ml-month", "--usd", "600.50", "--strict"});
  Good({"limit", "raise", "ml-month", "--by", "0.25", "--until", "2200-01-01"});
  EXPECT_THAT(
      Good({"policy", "show"}),
      HasSubstr("ml-month: {team: ml, usd: 600.50, per: month, admission: strict, raise: {by: 0.25, until: "
                "2200-01-01}, message: \"ask finance\"}\n"));
  EXPECT_THAT(Good({"limit", "list"}),
              AllOf(HasSubstr("each user"), HasSubstr("60 requests a minute, rolling")));
  EXPECT_THAT(Good({"limit", "list", "--json"}), HasSubstr("\"id\":\"each-day\""));
  Good({"limit", "raise", "ml-month", "--end"});
  Good({"limit", "remove", "key-rate"});
  EXPECT_THAT(Good({"policy", "show"}), AllOf(Not(HasSubstr("key-rate")), Not(HasSubstr("raise"))));
  EXPECT_THAT(Good({"policy", "history"}), HasSubstr("limit key-rate removed"));
  EXPECT_THAT(Good({"audit", "query", "--kind", "administration"}), HasSubstr("limit.remove key-rate done"));
}

TEST_F(LimitCommands, SecretsAreLetThroughTheSameWay) {
  const std::string fingerprint = "00112233445566778899aabbccddeeff";
  Good({"secret", "allow", fingerprint, "--reason", "of the example", "--until", "2200-01-01"});
  EXPECT_THAT(Good({"policy", "show"}), HasSubstr("    - {fingerprint: \"" + fingerprint +
                                                  "\", reason: \"of the example\", until: 2200-01-01}\n"));
  EXPECT_THAT(Good({"secret", "list"}), AllOf(HasSubstr(fingerprint), HasSubstr("of the example")));
  Good({"secret", "remove", fingerprint});
  EXPECT_THAT(Good({"secret", "list", "--json"}), HasSubstr("{\"items\":[]}"));
  Ended(1, {"secret", "remove", fingerprint});
  Ended(2, {"secret", "allow", fingerprint});
  Ended(2, {"secret", "allow", "1234", "--reason", "r"});
}

TEST_F(LimitCommands, WhatIsWrittenWronglyIsToldBeforeAnythingIsChanged) {
  EXPECT_THAT(Ended(2, {"limit", "set", "a", "--usd", "5 euros", "--per", "day"}).errors,
              HasSubstr("--usd: found"));
  EXPECT_THAT(Ended(2, {"limit", "set", "a", "--usd", "5"}).errors, HasSubstr("--per is missing"));
  EXPECT_THAT(Ended(2, {"limit", "set", "a", "--per", "day"}).errors, HasSubstr("say how much"));
  EXPECT_THAT(Ended(2, {"limit", "set", "a", "--each", "group", "--usd", "5", "--per", "day"}).errors,
              HasSubstr("allowed are team, user"));
  EXPECT_THAT(
      Ended(2, {"limit", "set", "a", "--team", "x", "--user", "y", "--usd", "5", "--per", "day"}).errors,
      HasSubstr("key together with"));
  EXPECT_THAT(Ended(2, {"limit", "set", "a", "--strict", "--estimated", "--usd", "5", "--per", "day"}).errors,
              HasSubstr("at once"));
  EXPECT_THAT(Ended(2, {"limit", "raise", "a", "--by", "5"}).errors, HasSubstr("--until"));
  Ended(1, {"limit", "raise", "a", "--by", "5", "--until", "2d"});
  EXPECT_THAT(Ended(1, {"limit", "reset", "a"}).errors, HasSubstr("there is no such limit: \"a\""));
  Ended(1, {"limit", "remove", "a"});
  Ended(1, {"limit", "show", "a"});
  EXPECT_THAT(Good({"policy", "show"}), HasSubstr("version 1\n"));
  Good({"team", "create", "sales"});
  EXPECT_THAT(Ended(1, {"limit", "set", "a", "--team", "slaes", "--usd", "5", "--per", "day"}).errors,
              AllOf(HasSubstr("did you mean \"sales\""), HasSubstr("--force")));
  Good({"limit", "set", "a", "--team", "slaes", "--usd", "5", "--per", "day", "--force"});
}

TEST_F(LimitCommands, ARaiseIsOfMoreThanNothingUntilATimeToComeAndThereIsOneAtATime) {
  Good({"limit", "set", "a", "--usd", "5", "--per", "day"});
  for (const char* by : {"0", "0.0", "-5", "abc", "2000000000"})
    EXPECT_THAT(Ended(2, {"limit", "raise", "a", "--by", by, "--until", "2d"}).errors,
                HasSubstr("--by: found \"" + std::string(by) + "\""));
  for (const char* until : {"2020-01-01", "-1d", "soon"})
    EXPECT_THAT(Ended(2, {"limit", "raise", "a", "--by", "5", "--until", until}).errors,
                HasSubstr("--until: found \"" + std::string(until) + "\""));
  Good({"limit", "raise", "a", "--by", "5", "--until", "2200-01-01"});
  Good({"limit", "raise", "a", "--by", "2", "--until", "2200-02-01"});
  EXPECT_THAT(Good({"policy", "show"}), HasSubstr("raise: {by: 2, until: 2200-02-01}"));
  Good({"limit", "raise", "a", "--end"});
  EXPECT_THAT(Good({"limit", "raise", "a", "--end"}), HasSubstr("is in force already"));
}

}  // namespace
}  // namespace postern::cli
