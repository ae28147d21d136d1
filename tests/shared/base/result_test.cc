#include "shared/base/result.h"

#include <memory>

#include <gtest/gtest.h>

namespace postern {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Error{ErrorCode::kInvalid, "odd"};
  return n / 2;
}

Result<int> Quarter(int n) {
  ASSIGN_OR_RETURN(const int half, Half(n));
  return Half(half);
}

TEST(Result, CarriesAValueOrAnError) {
  EXPECT_EQ(*Quarter(12), 3);
  EXPECT_EQ(Quarter(6).error(), (Error{ErrorCode::kInvalid, "odd"}));
  EXPECT_EQ(Half(3).value_or(7), 7);
}

TEST(Result, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(4);
  EXPECT_EQ(**made, 4);
  const std::unique_ptr<int> taken = *std::move(made);
  EXPECT_EQ(*taken, 4);
}

TEST(ResultDeathTest, ReadingTheSideThatIsNotThereEndsTheProgram) {
  EXPECT_DEATH(static_cast<void>(Half(3).value()), "CHECK failed");
  EXPECT_DEATH(static_cast<void>(Half(4).error()), "CHECK failed");
}

}  // namespace
}  // namespace postern
