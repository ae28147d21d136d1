#include "agent/gate/history_keeper.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/temporary_directory.h"

namespace postern::gate {
namespace {

namespace fs = std::filesystem;

// Open to the coroutines of its tests.
class HistoryKeeperTest : public testing::Test {
 public:
  static void Teach(estimate::History& history) {
    estimate::Lesson lesson;
    lesson.weight.text_bytes = 7'000;
    lesson.usage.input = 4'000;
    lesson.usage.output = 9'000;
    history.Learn("m", "", lesson, WallNow());
  }

  // A life in which one lesson is learnt.
  void Live() {
    estimate::History history;
    HistoryKeeper keeper(*loop_, worker_, history, file_);
    Teach(history);
    keeper.Finish();
  }

  // What a life that begins now knows of the model.
  int64_t AnswerInANewLife() {
    estimate::History history;
    const HistoryKeeper keeper(*loop_, worker_, history, file_);
    return history.LikelyAnswer("m");
  }

  std::string Read() const {
    std::ifstream in(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  support::TemporaryDirectory directory_;
  const fs::path file_ = directory_ / "estimates";
  std::unique_ptr<http::Loop> loop_ = *http::Loop::Make();
  http::Worker worker_;
};

TEST_F(HistoryKeeperTest, WhatWasLearntIsThereInTheNextLife) {
  EXPECT_EQ(AnswerInANewLife(), estimate::kFirstAnswer);
  Live();
  EXPECT_EQ(AnswerInANewLife(), 9'000);
  EXPECT_EQ(fs::status(file_).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_FALSE(fs::exists(file_.string() + ".new"));
}

TEST_F(HistoryKeeperTest, WhereNothingWasLearntNothingIsWritten) {
  estimate::History history;
  HistoryKeeper keeper(*loop_, worker_, history, file_);
  keeper.Finish();
  EXPECT_FALSE(fs::exists(file_));
}

TEST_F(HistoryKeeperTest, ItIsWrittenNowAndThenWhileTheAgentRuns) {
  estimate::History history;
  const HistoryKeeper keeper(*loop_, worker_, history, file_, std::chrono::milliseconds(1));
  Teach(history);
  loop_->Spawn([](HistoryKeeperTest& test) -> http::Task<void> {
    http::Strand strand(*test.loop_);
    while (!fs::exists(test.file_)) {
      strand.SetDeadlineIn(std::chrono::milliseconds(1));
      co_await strand.Wait();
    }
    test.loop_->Stop();
  }(*this));
  loop_->Run();
  EXPECT_EQ(AnswerInANewLife(), 9'000);
}

TEST_F(HistoryKeeperTest, AFileThatIsNotWholeIsABeginningLikeAnyOtherAndIsReplaced) {
  Live();
  const std::string whole = Read();
  ASSERT_GT(whole.size(), 100U);
  for (const std::string& bad : {whole.substr(0, whole.size() / 2), std::string(1 << 20, 'x'),
                                 std::string("\n"), whole + whole, std::string(300, '\0')}) {
    std::ofstream(file_, std::ios::binary) << bad;
    EXPECT_EQ(AnswerInANewLife(), estimate::kFirstAnswer);
    Live();
    EXPECT_EQ(AnswerInANewLife(), 9'000);
  }
}

TEST_F(HistoryKeeperTest, ALinkIsNeitherReadNorWrittenThrough) {
  Live();
  const fs::path elsewhere = directory_ / "elsewhere";
  fs::rename(file_, elsewhere);
  const auto size = fs::file_size(elsewhere);
  fs::create_symlink(elsewhere, file_);
  EXPECT_EQ(AnswerInANewLife(), estimate::kFirstAnswer);
  fs::resize_file(elsewhere, 1);
  Live();
  EXPECT_FALSE(fs::is_symlink(file_));
  EXPECT_EQ(fs::file_size(file_), size);
  EXPECT_EQ(fs::file_size(elsewhere), 1U);
}

TEST_F(HistoryKeeperTest, WhatCantBeWrittenOrReadStopsNobody) {
  fs::create_directory(file_);
  Live();
  EXPECT_TRUE(fs::is_directory(file_));
  EXPECT_EQ(AnswerInANewLife(), estimate::kFirstAnswer);
}

}  // namespace
}  // namespace postern::gate
