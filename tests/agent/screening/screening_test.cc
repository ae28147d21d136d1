#include "agent/screening/screening.h"

#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "shared/base/json_text.h"
#include "shared/secrets/redaction.h"
#include "shared/secrets/samples.h"
#include "tests/agent/screening/rules.h"
#include "tests/support/temporary_directory.h"

namespace postern::screening {
namespace {

using Outcome = Screened::Outcome;

std::string SomeToken(uint64_t seed) { return *secrets::FilledIn("glpat-{base64url 20}", seed); }

std::string BodyOf(const std::string& text) {
  return R"({"model":"m","messages":[{"role":"user","content":)" + JsonString(text) + "}]}";
}

// A loop and a screening in it, with the built-in rules.
class ScreeningTest : public testing::Test {
 protected:
  ScreeningTest() : loop_(*http::Loop::Make()) {
    auto started = Screening::Start(*loop_, {.state = state_.path(), .cache = SharedCache()});
    EXPECT_TRUE(started) << started.error().message;
    screening_ = *std::move(started);
  }
  ~ScreeningTest() override {
    loop_->DestroySpawned();
    screening_.reset();
  }

  std::optional<Screened> Ask(Request request) {
    std::optional<Screened> answer;
    loop_->Spawn(Asking(std::move(request), answer));
    loop_->Run();
    return answer;
  }

  http::Task<void> Asking(Request request, std::optional<Screened>& answer) {
    http::Strand strand(*loop_);
    answer = co_await screening_->Screen(strand, std::move(request));
    loop_->Stop();
  }

  std::string PlaceholderOf(std::string_view secret) const {
    return secrets::PlaceholderFor(screening_->keys()->placeholder.view(), secret);
  }

  const support::TemporaryDirectory state_;
  std::unique_ptr<http::Loop> loop_;
  std::unique_ptr<Screening> screening_;
};

TEST_F(ScreeningTest, WhoComesFirstWaitsForTheRules) {
  const std::string body = BodyOf("token: " + SomeToken(1));
  const auto screened = Ask({.body = body});
  ASSERT_TRUE(screened);
  ASSERT_EQ(screened->outcome, Outcome::kRedacted);
  EXPECT_EQ(screened->body, BodyOf("token: " + PlaceholderOf(SomeToken(1))));
  EXPECT_EQ(screening_->counts().requests, 1u);
  EXPECT_GE(screening_->counts().redacted, 1u);  // a general rule may find it, too
  EXPECT_EQ(screening_->counts().by_worker, 0u);
  EXPECT_GT(screening_->rules().count, 100u);
}

TEST_F(ScreeningTest, LargeBodiesAreLookedAtByAWorker) {
  std::string text = "token: " + SomeToken(1) + "\n";
  while (text.size() <= Screening::kMuch) text += "a line like any other\n";
  const std::string body = BodyOf(text);
  const auto screened = Ask({.body = body});
  ASSERT_TRUE(screened);
  ASSERT_EQ(screened->outcome, Outcome::kRedacted);
  EXPECT_EQ(screened->body.find(SomeToken(1)), std::string::npos);
  EXPECT_EQ(screening_->counts().by_worker, 1u);
}

TEST_F(ScreeningTest, WhoLeavesIsNotWaitedFor) {
  std::string text;
  while (text.size() <= Screening::kMuch) text += "a line like any other\n";
  const std::string body = BodyOf(text);
  ASSERT_TRUE(Ask({.body = body}));  // the rules are ready
  std::optional<Screened> answer;
  const std::string longer = body + " ";
  const auto leaving = [&]() -> http::Task<void> {
    http::Strand strand(*loop_);
    strand.Cancel();
    Request request{.body = longer, .session = "another"};
    answer = co_await screening_->Screen(strand, std::move(request));
    loop_->Stop();
  };
  loop_->Spawn(leaving());
  loop_->Run();
  EXPECT_FALSE(answer.has_value());
}

TEST_F(ScreeningTest, WhatLeavesWithTheLoopIsNoMatter) {
  std::string text;
  while (text.size() <= 4 * Screening::kMuch) text += "a line like any other\n";
  const std::string body = BodyOf(text);
  std::optional<Screened> answer;
  loop_->Spawn(Asking({.body = body}, answer));
  loop_->DestroySpawned();
  EXPECT_FALSE(answer.has_value());
}

TEST_F(ScreeningTest, TheHostsPlaceholdersAreTheSameAfterARestart) {
  const std::string body = BodyOf("token: " + SomeToken(2));
  const auto before = Ask({.body = body});
  screening_.reset();
  loop_ = *http::Loop::Make();
  screening_ = *Screening::Start(*loop_, {.state = state_.path(), .cache = SharedCache()});
  const auto after = Ask({.body = body});
  ASSERT_TRUE(before && after);
  EXPECT_EQ(before->body, after->body);
}

}  // namespace
}  // namespace postern::screening
