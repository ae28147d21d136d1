#include "agent/screening/sessions.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace postern::screening {
namespace {

// What a scan leaves behind of a body that takes so much memory.
void KeepBodyOf(Session& session, size_t bytes) {
  auto body = std::make_shared<secrets::KnownBody>();
  body->size = bytes;
  body->pieces = std::make_shared<const std::vector<secrets::PieceHash>>(bytes / sizeof(secrets::PieceHash));
  secrets::BodyScan scan;
  scan.body = std::move(body);
  session.memory.Keep("", scan);
}

TEST(Sessions, TheOneUsedLongestAgoGoesWhereThereAreTooMany) {
  Sessions sessions;
  sessions.Of("first");
  for (size_t i = 0; i + 1 < Sessions::kMost; ++i) sessions.Of(std::to_string(i));
  sessions.Trim();
  EXPECT_NE(sessions.Find("first"), nullptr);
  sessions.Of("one more");
  sessions.Trim();
  EXPECT_EQ(sessions.size(), Sessions::kMost);
  EXPECT_NE(sessions.Find("first"), nullptr);
  EXPECT_EQ(sessions.Find("0"), nullptr);
}

TEST(Sessions, TheyTakeNoMoreMemoryThanTheyMay) {
  Sessions sessions;
  for (size_t i = 0; i < 10; ++i) {
    KeepBodyOf(sessions.Of(std::to_string(i)), Sessions::kMostBytes / 5);
    sessions.Trim();
    EXPECT_LE(sessions.bytes(), Sessions::kMostBytes);
  }
  EXPECT_EQ(sessions.size(), 4u);
  EXPECT_NE(sessions.Find("9"), nullptr);
  EXPECT_EQ(sessions.Find("5"), nullptr);
}

TEST(Sessions, ASessionThatIsTooLargeByItselfStaysUntilThereIsAnother) {
  Sessions sessions;
  KeepBodyOf(sessions.Of("large"), 2 * Sessions::kMostBytes);
  sessions.Trim();
  EXPECT_NE(sessions.Find("large"), nullptr);
  sessions.Of("small");
  sessions.Trim();
  EXPECT_EQ(sessions.Find("large"), nullptr);
  EXPECT_LT(sessions.bytes(), Sessions::kMostBytes);
}

TEST(Sessions, WhatIsForgottenIsNoLongerCounted) {
  Sessions sessions;
  KeepBodyOf(sessions.Of("a"), 1 << 20);
  sessions.Trim();
  KeepBodyOf(sessions.Of("b"), 1 << 20);
  sessions.Trim();
  const size_t both = sessions.bytes();
  sessions.ForgetOthers("b");
  EXPECT_EQ(sessions.Find("a"), nullptr);
  EXPECT_LT(sessions.bytes(), both);
  EXPECT_GT(sessions.bytes(), 1u << 20);
  sessions.ForgetBodies();
  EXPECT_LT(sessions.bytes(), 1u << 20);
}

}  // namespace
}  // namespace postern::screening
