#include "agent/estimate/history.h"

#include <gtest/gtest.h>

namespace postern::estimate {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'795'435'200)};

dialect::RequestWeight Text(uint64_t bytes) {
  dialect::RequestWeight weight;
  weight.text_bytes = bytes;
  return weight;
}

dialect::RequestWeight Cached(uint64_t bytes) {
  dialect::RequestWeight weight = Text(bytes);
  weight.cached = true;
  return weight;
}

Lesson Whole(const dialect::RequestWeight& weight, int64_t prompt, int64_t output) {
  Lesson lesson{weight, {}, output};
  lesson.usage.cache_write_5m = prompt;
  lesson.usage.output = output;
  return lesson;
}

TEST(History, CountsTwoTokensForSevenBytesBeforeItHasLearned) {
  const pricing::Usage prompt = History().LikelyPrompt("m", "", Text(7'000), kNow);
  EXPECT_EQ(prompt.input, 2'000);
  EXPECT_EQ(prompt.cache_write_5m + prompt.cache_read, 0);
}

TEST(History, CountsPicturesAndPagesAsTheProvidersGuidesDo) {
  dialect::RequestWeight weight = Text(0);
  weight.pictures = 2;
  EXPECT_EQ(PlainTokens(weight), 3'200);
  weight.documents = 1;
  weight.document_bytes = 160'000;
  EXPECT_EQ(PlainTokens(weight), 13'200);
  weight.document_bytes = uint64_t{32} << 20;  // not more than six hundred pages hold
  EXPECT_LE(PlainTokens(weight), 3'200 + 600 * 3'600);
}

TEST(History, LearnsHowManyTokensAModelMakesOfItsBytes) {
  History history;
  for (int i = 0; i < 60; ++i) history.Learn("new", "", Whole(Text(7'000), 2'600, 100), kNow);
  const int64_t tokens = history.LikelyPrompt("new", "", Text(70'000), kNow).input;
  EXPECT_NEAR(static_cast<double>(tokens), 26'000, 300);
  // Another model's bytes are its own affair.
  EXPECT_EQ(history.LikelyPrompt("old", "", Text(70'000), kNow).input, 20'000);
}

TEST(History, IsNotMovedFarByOneAbsurdReport) {
  History history;
  history.Learn("m", "", Whole(Text(7'000), 1'900'000, 100), kNow);
  EXPECT_LE(history.LikelyPrompt("m", "", Text(7'000), kNow).input, 2'750);
}

TEST(History, ExpectsAConversationsEarlierPartToBeReadFromTheCacheWhileThatLasts) {
  History history;
  history.Learn("m", "alice", Whole(Cached(70'000), 20'000, 100), kNow);
  const pricing::Usage next =
      history.LikelyPrompt("m", "alice", Cached(77'000), kNow + std::chrono::minutes(1));
  EXPECT_EQ(next.cache_read, 20'000);
  EXPECT_NEAR(static_cast<double>(next.cache_write_5m), 2'000, 10);
  const pricing::Usage late =
      history.LikelyPrompt("m", "alice", Cached(77'000), kNow + std::chrono::minutes(6));
  EXPECT_EQ(late.cache_read, 0);
  EXPECT_NEAR(static_cast<double>(late.cache_write_5m), 22'000, 10);
}

TEST(History, ExpectsNothingToBeReadOfAConversationThatItDoesNotKnowOrThatWasShortened) {
  History history;
  history.Learn("m", "alice", Whole(Cached(70'000), 20'000, 100), kNow);
  EXPECT_EQ(history.LikelyPrompt("m", "bob", Cached(77'000), kNow).cache_read, 0);
  EXPECT_EQ(history.LikelyPrompt("m", "", Cached(77'000), kNow).cache_read, 0);
  EXPECT_EQ(history.LikelyPrompt("m", "alice", Cached(35'000), kNow).cache_read, 0);
  EXPECT_EQ(history.LikelyPrompt("other", "alice", Cached(77'000), kNow).cache_read, 0);
}

TEST(History, ExpectsAnAnswerToBeWithinWhatNineteenOfTwentyWere) {
  History history;
  EXPECT_EQ(history.LikelyAnswer("m"), kFirstAnswer);
  for (int64_t i = 1; i <= 40; ++i) history.Learn("m", "", Whole(Text(700), 0, i * 100), kNow);
  EXPECT_EQ(history.LikelyAnswer("m"), 3'800);
  // Only recent ones count.
  for (int i = 0; i < 64; ++i) history.Learn("m", "", Whole(Text(700), 0, 300), kNow);
  EXPECT_EQ(history.LikelyAnswer("m"), 300);
}

TEST(History, KeepsToItsFirstGuessUntilItHasSeenEnoughShortAnswers) {
  History history;
  for (int i = 0; i < 5; ++i) history.Learn("m", "", Whole(Text(700), 0, 20), kNow);
  EXPECT_EQ(history.LikelyAnswer("m"), kFirstAnswer);
  for (int i = 0; i < 20; ++i) history.Learn("m", "", Whole(Text(700), 0, 20), kNow);
  EXPECT_EQ(history.LikelyAnswer("m"), kLeastAnswer);
}

TEST(History, LearnsHowMuchIsBilledThatIsNotSeen) {
  History history;
  EXPECT_EQ(history.BilledPerThousandSeen("m"), 1'000);
  for (int i = 0; i < 60; ++i) {
    Lesson lesson = Whole(Text(700), 0, 3'000);
    lesson.seen_tokens = 1'000;
    history.Learn("m", "", lesson, kNow);
  }
  EXPECT_NEAR(static_cast<double>(history.BilledPerThousandSeen("m")), 3'000, 20);
}

TEST(History, KeepsTheNewestConversationsOfMany) {
  History history;
  for (int i = 0; i < 3 * static_cast<int>(History::kMostConversations); ++i) {
    history.Learn("m", "c" + std::to_string(i), Whole(Cached(7'000), 2'000, 100),
                  kNow + std::chrono::milliseconds(i));
  }
  const std::string last = "c" + std::to_string(3 * History::kMostConversations - 1);
  EXPECT_EQ(history.LikelyPrompt("m", last, Cached(7'000), kNow + std::chrono::minutes(1)).cache_read, 2'000);
  EXPECT_EQ(history.LikelyPrompt("m", "c0", Cached(7'000), kNow + std::chrono::minutes(1)).cache_read, 0);
}

}  // namespace
}  // namespace postern::estimate
