#include "collector/api/tails.h"

#include <optional>
#include <thread>

#include <gtest/gtest.h>

namespace postern::api {
namespace {

TEST(Tails, OneCallerGetsHalfOfThePlaces) {
  Tails tails(4);
  std::optional<Tails::Place> first, second, third;
  first.emplace(tails, "ada");
  second.emplace(tails, "ada");
  third.emplace(tails, "ada");
  EXPECT_TRUE(first->taken() && second->taken());
  EXPECT_FALSE(third->taken());
  const Tails::Place bob(tails, "bob");
  EXPECT_TRUE(bob.taken());
  EXPECT_EQ(tails.waiting(), 3u);
  third.reset();
  first.reset();
  EXPECT_EQ(tails.waiting(), 2u);
  EXPECT_TRUE(Tails::Place(tails, "ada").taken());
}

TEST(Tails, AllTogetherAreNoMoreThanTheBound) {
  Tails tails(2);
  const Tails::Place ada(tails, "ada");
  const Tails::Place bob(tails, "bob");
  EXPECT_FALSE(Tails::Place(tails, "eve").taken());
}

TEST(Tails, ClosingWakesWhoWaitsAndTakesNobodyMore) {
  Tails tails(2);
  EXPECT_TRUE(tails.Wait(std::chrono::milliseconds(1)));
  std::thread waiting([&] { EXPECT_FALSE(tails.Wait(std::chrono::hours(1))); });
  tails.Close();
  waiting.join();
  EXPECT_FALSE(Tails::Place(tails, "ada").taken());
}

}  // namespace
}  // namespace postern::api
