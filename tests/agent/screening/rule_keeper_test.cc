#include "agent/screening/rule_keeper.h"

#include <condition_variable>
#include <mutex>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/agent/screening/rules.h"

namespace postern::screening {
namespace {

// Waits for what a keeper comes to.
class Changes {
 public:
  std::function<void()> Teller() {
    return [this] {
      const std::lock_guard lock(mutex_);
      ++count_;
      changed_.notify_all();
    };
  }
  void Await(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

const std::string kOwnRule =
    "[[rules]]\nid = \"own-badge\"\nregex = 'own-[0-9]{12}'\nkeywords = [\"own-\"]\n";

TEST(RuleKeeper, HasNothingUntilTheFirstAreReadyAndThenAlwaysSomething) {
  Changes changes;
  RuleKeeper keeper(SharedCache(), changes.Teller());
  EXPECT_EQ(keeper.InUse().scanner, nullptr);
  keeper.Want("");
  changes.Await(1);
  const RulesInUse built_in = keeper.InUse();
  ASSERT_NE(built_in.scanner, nullptr);
  EXPECT_FALSE(built_in.own);
  EXPECT_FALSE(built_in.compiling);
  keeper.Want("");  // no change
  keeper.Want(kOwnRule);
  EXPECT_NE(keeper.InUse().scanner, nullptr);
  changes.Await(2);
  const RulesInUse own = keeper.InUse();
  EXPECT_TRUE(own.own);
  EXPECT_EQ(own.count, built_in.count + 1);
  EXPECT_NE(own.scanner, built_in.scanner);
}

TEST(RuleKeeper, FormerRulesServeWhereOthersCantBeCompiled) {
  Changes changes;
  RuleKeeper keeper(SharedCache(), changes.Teller());
  keeper.Want("");
  changes.Await(1);
  const auto before = keeper.InUse().scanner;
  keeper.Want("[[rules]]\nid = \"a\"\nregex = '(('\n");
  changes.Await(2);
  EXPECT_EQ(keeper.InUse().scanner, before);
  EXPECT_THAT(keeper.InUse().wrong, testing::HasSubstr("secrets.rules:"));
}

TEST(RuleKeeper, IsLeftAtOnceWhereNothingIsCompiled) {
  Changes changes;
  RuleKeeper keeper(SharedCache(), changes.Teller());
  keeper.Want("");
  changes.Await(1);
  EXPECT_FALSE(keeper.Leave());
  EXPECT_NE(keeper.InUse().scanner, nullptr);
  keeper.Want(kOwnRule);  // nobody takes it up
}

TEST(RuleKeeper, EndsWhileItIsWanted) {
  RuleKeeper keeper(SharedCache(), [] {});
  keeper.Want("");
}

}  // namespace
}  // namespace postern::screening
