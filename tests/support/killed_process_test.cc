#include "tests/support/killed_process.h"

#include <gtest/gtest.h>

namespace postern::support {
namespace {

using namespace std::chrono_literals;

TEST(KilledProcess, GivesTheWholeLinesThatWereSaid) {
  const auto said = LiveAndDie({.argv = {"sh", "-c", "printf 'one\\ntwo\\nthr'; sleep 600"},
                                .birth = Birth::kFirstLine,
                                .life = 20ms});
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_TRUE(said->starts_with("one\n"));
  EXPECT_TRUE(said->ends_with('\n'));
}

TEST(KilledProcess, OneThatEndsByItselfIsAFailure) {
  EXPECT_FALSE(LiveAndDie({.argv = {"sh", "-c", "echo ready"}, .birth = Birth::kFirstLine, .life = 1s}));
  EXPECT_FALSE(LiveAndDie({.argv = {"/nowhere/no-such-program"}}));
}

}  // namespace
}  // namespace postern::support
