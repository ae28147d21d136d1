#include "collector/intake/open_exchanges.h"

#include <gtest/gtest.h>

namespace postern::intake {
namespace {

ExchangeId Id(uint32_t number) {
  ExchangeId id;
  for (int i = 0; i < 4; ++i) id.bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(number >> (8 * i));
  return id;
}

ExchangeFacts Of(const char* user) {
  ExchangeFacts facts;
  facts.user = user;
  return facts;
}

TEST(OpenExchanges, AnOutcomeFindsTheFactsOfItsIntentOnce) {
  OpenExchanges open;
  open.Open(Id(1), 2, Of("alice"));
  open.Open(Id(2), 3, Of("bob"));
  const auto intent = open.Close(Id(1));
  ASSERT_TRUE(intent);
  EXPECT_EQ(intent->sequence, 2u);
  EXPECT_EQ(intent->facts->user, "alice");
  EXPECT_FALSE(open.Close(Id(1)));
  EXPECT_EQ(open.size(), 1u);
}

TEST(OpenExchanges, WhatIsWrittenKeepsThePlaces) {
  OpenExchanges open;
  open.Open(Id(9), 2, Of("alice"));
  open.Open(Id(1), 300, {});
  auto read = OpenExchanges::Read(open.Write());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->Write(), open.Write());
  const auto intent = read->Close(Id(9));
  ASSERT_TRUE(intent);
  EXPECT_EQ(intent->sequence, 2u);
  EXPECT_FALSE(intent->facts);
  EXPECT_EQ(read->Close(Id(1))->sequence, 300u);
}

TEST(OpenExchanges, GarbageIsCorrupt) {
  EXPECT_EQ(OpenExchanges::Read("short").error().code, ErrorCode::kCorrupt);
  const std::string place = std::string(16, 'x') + std::string("\0\0\0\0\0\0\0\1", 8);
  EXPECT_TRUE(OpenExchanges::Read(place));
  EXPECT_FALSE(OpenExchanges::Read(place + place));
}

TEST(OpenExchanges, OfTooManyTheOldestAreForgotten) {
  OpenExchanges open;
  for (uint32_t i = 0; i <= OpenExchanges::kMost; ++i) open.Open(Id(i), i + 2, {});
  EXPECT_EQ(open.size(), OpenExchanges::kMost);
  EXPECT_FALSE(open.Close(Id(0)));
  EXPECT_TRUE(open.Close(Id(1)));
}

TEST(OpenExchanges, OfTheSameExchangeTheNewerIntentCounts) {
  OpenExchanges open;
  open.Open(Id(1), 2, Of("alice"));
  open.Open(Id(1), 3, Of("bob"));
  EXPECT_EQ(open.size(), 1u);
  EXPECT_EQ(open.Close(Id(1))->facts->user, "bob");
}

}  // namespace
}  // namespace postern::intake
