#include "agent/estimate/history_text.h"

#include <gtest/gtest.h>

#include "shared/base/hex.h"
#include "shared/crypto/sha256.h"

namespace postern::estimate {
namespace {

constexpr WallTime kNow{std::chrono::seconds(1'795'435'200)};

// Of an answer of so many tokens to a prompt of twice the plain ones, of which half is never seen.
Lesson LessonOf(int64_t output) {
  Lesson lesson;
  lesson.seen_tokens = output / 2;
  lesson.weight.text_bytes = 7'000;
  lesson.usage.input = 4'000;
  lesson.usage.output = output;
  return lesson;
}

History Learned() {
  History history;
  for (int64_t i = 0; i < 100; ++i)
    history.Learn("claude-opus-5", "", LessonOf(1'000 + i), kNow + std::chrono::seconds(i));
  history.Learn("claude-haiku-4-5", "", LessonOf(300), kNow);
  return history;
}

// With a sum that is right.
std::string Summed(const std::string& object) {
  return ToHex(crypto::AsBytes(crypto::Sha256(object))) + "\n" + object + "\n";
}

TEST(HistoryText, WhatWasLearntIsBelievedAfterARestart) {
  const History before = Learned();
  const auto models = ReadHistory(WriteHistory(before.Models()));
  ASSERT_TRUE(models) << models.error().message;
  EXPECT_EQ(*models, before.Models());
  History after;
  after.Recall(*models);
  EXPECT_EQ(after.Models(), before.Models());
  for (const char* const model : {"claude-opus-5", "claude-haiku-4-5", "claude-nobody"}) {
    EXPECT_EQ(after.LikelyAnswer(model), before.LikelyAnswer(model));
    EXPECT_EQ(after.BilledPerThousandSeen(model), before.BilledPerThousandSeen(model));
    EXPECT_EQ(after.LikelyPrompt(model, "", LessonOf(0).weight, kNow).input,
              before.LikelyPrompt(model, "", LessonOf(0).weight, kNow).input);
  }
  EXPECT_EQ(after.LikelyAnswer("claude-opus-5"), 1'096);
}

TEST(HistoryText, AnswersGoOnInTheirOrder) {
  History history;
  history.Recall(Learned().Models());
  history.Learn("claude-opus-5", "", LessonOf(9'999), kNow);
  const std::vector<ModelHistory> models = history.Models();
  ASSERT_EQ(models.size(), 2U);
  ASSERT_EQ(models[1].answers.size(), History::kMostAnswers);
  EXPECT_EQ(models[1].answers.front(), 1'037) << "the oldest one went";
  EXPECT_EQ(models[1].answers.back(), 9'999);
}

TEST(HistoryText, ConversationsAreNotKept) {
  History history;
  Lesson cached = LessonOf(100);
  cached.weight.cached = true;
  cached.usage.cache_write_5m = 4'000;
  history.Learn("m", "ada\nsession", cached, kNow);
  EXPECT_GT(history.LikelyPrompt("m", "ada\nsession", cached.weight, kNow).cache_read, 0);
  const std::string text = WriteHistory(history.Models());
  EXPECT_EQ(text.find("ada"), std::string::npos);
  EXPECT_EQ(text.find("session"), std::string::npos);
}

TEST(HistoryText, EveryByteThatIsLostOrChangedIsNoticed) {
  const std::string text = WriteHistory(Learned().Models());
  for (size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(ReadHistory(std::string_view(text).substr(0, size))) << size;
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    const auto read = ReadHistory(changed);
    ASSERT_FALSE(read) << i;
    EXPECT_EQ(read.error().code, ErrorCode::kCorrupt);
  }
}

TEST(HistoryText, ALaterVersionMayHaveMoreFields) {
  const auto models = ReadHistory(Summed(
      R"({"format":1,"models":[{"model":"m","prompt_permille":1100,"billed_permille":2000,"used":5,"answers":[7],"more":1}],"more":2})"));
  ASSERT_TRUE(models) << models.error().message;
  EXPECT_EQ(models->at(0).prompt_permille, 1'100);
  EXPECT_EQ(models->at(0).answers, std::vector<int64_t>{7});
}

TEST(HistoryText, WhatCantHaveBeenLearntIsNotRead) {
  const auto with = [](const std::string& fields) {
    return Summed(R"({"format":1,"models":[{"model":"m",)" + fields + "}]}");
  };
  ASSERT_TRUE(
      ReadHistory(with(R"("prompt_permille":250,"billed_permille":4000,"used":0,"answers":[1,1000000000])")));
  for (const char* const fields :
       {R"("prompt_permille":249,"billed_permille":1000,"used":0,"answers":[])",
        R"("prompt_permille":1000,"billed_permille":4001,"used":0,"answers":[])",
        R"("prompt_permille":1000,"billed_permille":1000,"used":-1,"answers":[])",
        R"("prompt_permille":1000,"billed_permille":1000,"used":0,"answers":[0])",
        R"("prompt_permille":1000,"billed_permille":1000,"used":0,"answers":[1000000001])",
        R"("prompt_permille":1000,"billed_permille":1000,"used":0,"answers":7)",
        R"("prompt_permille":1000,"billed_permille":1000,"used":0)",
        R"("prompt_permille":"1000","billed_permille":1000,"used":0,"answers":[])"})
    EXPECT_FALSE(ReadHistory(with(fields))) << fields;
  EXPECT_FALSE(ReadHistory(Summed(R"({"format":2,"models":[]})")));
  EXPECT_FALSE(ReadHistory(Summed(R"({"models":[]})")));
  EXPECT_FALSE(ReadHistory(Summed(R"([])")));
  EXPECT_FALSE(ReadHistory(Summed("")));
}

TEST(HistoryText, TheMostThatCanBeLearntIsRead) {
  History history;
  for (size_t i = 0; i < History::kMostModels; ++i) {
    // A control character takes six bytes in JSON.
    const std::string model = std::string(250, '\x01') + std::to_string(100 + i);
    for (size_t j = 0; j < History::kMostAnswers; ++j)
      history.Learn(model, "", LessonOf(History::kLongestAnswer + 1), kNow);
  }
  const auto models = ReadHistory(WriteHistory(history.Models()));
  ASSERT_TRUE(models) << models.error().message;
  EXPECT_EQ(*models, history.Models());
}

}  // namespace
}  // namespace postern::estimate
