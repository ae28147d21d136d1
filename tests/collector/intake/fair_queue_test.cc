#include "collector/intake/fair_queue.h"

#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

Submission Of(const std::string& agent, uint64_t first, size_t bytes = 100) {
  Submission submission;
  submission.agent = agent;
  wire::Group& group = *submission.events.add_groups();
  group.set_first_sequence(first);
  group.add_events(std::string(bytes, 'e'));
  return submission;
}

std::string OrderOf(const std::vector<Submission>& taken) {
  std::string order;
  for (const Submission& one : taken) {
    order += one.agent + std::to_string(one.events.groups(0).first_sequence()) + ' ';
  }
  return order;
}

TEST(FairQueue, AgentsTakeTurnsAndKeepTheirOwnOrder) {
  FairQueue queue({});
  for (uint64_t i = 1; i <= 3; ++i) EXPECT_EQ(queue.Push(Of("flood", i)), FairQueue::Taken::kYes);
  queue.Push(Of("quiet", 1));
  EXPECT_EQ(OrderOf(queue.Take(1 << 20)), "flood1 quiet1 flood2 flood3 ");
}

TEST(FairQueue, ABatchEndsWhereItIsFull) {
  FairQueue queue({});
  for (uint64_t i = 1; i <= 3; ++i) queue.Push(Of("a", i, 1000));
  EXPECT_EQ(OrderOf(queue.Take(1)), "a1 ");
  EXPECT_EQ(OrderOf(queue.Take(2000)), "a2 a3 ");
  EXPECT_EQ(queue.weight(), 0u);
}

TEST(FairQueue, WhoeverSendsMuchFillsTheirOwnPartOnly) {
  FairQueue queue({.per_agent = 3000, .whole = 1 << 20});
  EXPECT_EQ(queue.Push(Of("flood", 1, 2000)), FairQueue::Taken::kYes);
  EXPECT_EQ(queue.Push(Of("flood", 2, 2000)), FairQueue::Taken::kFull);
  EXPECT_EQ(queue.Push(Of("quiet", 1, 2000)), FairQueue::Taken::kYes);
  EXPECT_EQ(queue.frames(), 2u);
}

TEST(FairQueue, AFrameThatIsLargerThanThePartIsTakenAlone) {
  FairQueue queue({.per_agent = 10, .whole = 1 << 20});
  EXPECT_EQ(queue.Push(Of("a", 1, 2000)), FairQueue::Taken::kYes);
  EXPECT_EQ(queue.Push(Of("a", 2, 2000)), FairQueue::Taken::kFull);
}

TEST(FairQueue, TheWholeHasRoomAgainWhenSomethingWasTaken) {
  FairQueue queue({.per_agent = 1 << 20, .whole = 1000});
  EXPECT_TRUE(queue.WaitForRoom(0ms));
  queue.Push(Of("a", 1, 2000));
  EXPECT_FALSE(queue.WaitForRoom(0ms));
  std::thread taker([&] { queue.Take(1); });
  EXPECT_TRUE(queue.WaitForRoom(1h));
  taker.join();
}

TEST(FairQueue, WhatWaitsWhenItIsClosedIsStillTaken) {
  FairQueue queue({});
  queue.Push(Of("a", 1));
  queue.Close();
  EXPECT_EQ(queue.Push(Of("a", 2)), FairQueue::Taken::kFull);
  EXPECT_EQ(OrderOf(queue.Take(1 << 20)), "a1 ");
  EXPECT_TRUE(queue.Take(1 << 20).empty());
}

}  // namespace
}  // namespace postern::intake
