#include "shared/base/ids.h"

#include <gtest/gtest.h>

namespace postern {
namespace {

using std::chrono::milliseconds;

TEST(ExchangeId, TextGoesThereAndBack) {
  const auto id =
      ExchangeId::Make(WallTime(milliseconds(1'795'472'335'123)), {1, 2, 3, 4, 5, 6, 7, 8, 9, 255});
  EXPECT_EQ(id.ToString().size(), 30U);
  EXPECT_EQ(ExchangeId::Parse(id.ToString()), id);
}

TEST(ExchangeId, TextsSortByTime) {
  const auto early =
      ExchangeId::Make(WallTime(milliseconds(1000)), {255, 255, 255, 255, 255, 255, 255, 255, 255, 255});
  const auto late = ExchangeId::Make(WallTime(milliseconds(1001)), {});
  EXPECT_LT(early.ToString(), late.ToString());
  EXPECT_LT(early, late);
}

TEST(ExchangeId, RefusesTextOfAnotherShape) {
  EXPECT_FALSE(ExchangeId::Parse(""));
  EXPECT_FALSE(ExchangeId::Parse("req_0123"));
  EXPECT_FALSE(ExchangeId::Parse("xxx_01ARZ3NDEKTSV4RRFFQ69G5FAV"));
  EXPECT_FALSE(ExchangeId::Parse("req_01ARZ3NDEKTSV4RRFFQ69G5FAU")) << "U is not one of Crockford's digits";
  EXPECT_FALSE(ExchangeId::Parse("req_81ARZ3NDEKTSV4RRFFQ69G5FAV")) << "more than 128 bits";
}

}  // namespace
}  // namespace postern
