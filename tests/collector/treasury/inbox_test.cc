#include "collector/treasury/inbox.h"

#include <string>

#include <gtest/gtest.h>

namespace postern::treasury {
namespace {

Letter From(const std::string& agent, uint64_t number) {
  return {{agent, 1}, {}, limits::Demand{.number = number, .at = {}, .claims = {}}};
}

// "a1 b1 a2"
std::string Taken(Inbox& inbox) {
  std::string taken;
  for (const Letter& letter : inbox.Take()) {
    const auto* demand = std::get_if<limits::Demand>(&letter.body);
    taken += (taken.empty() ? "" : " ") + letter.holder.agent +
             (demand != nullptr ? std::to_string(demand->number) : "!");
  }
  return taken;
}

TEST(Inbox, AgentsHaveTheirTurnsAndEachItsOrder) {
  Inbox inbox;
  for (uint64_t i = 1; i <= 3; ++i) inbox.Put(From("a", i));
  inbox.Put(From("b", 1));
  inbox.Put(From("c", 1));
  EXPECT_EQ(inbox.size(), 5u);
  EXPECT_EQ(Taken(inbox), "a1 b1 c1 a2 a3");
  EXPECT_EQ(Taken(inbox), "");
}

TEST(Inbox, AFloodIsCutOffAndHoldsUpNobodyElse) {
  Inbox inbox;
  for (size_t i = 0; i < Inbox::kMostOfOne; ++i) ASSERT_TRUE(inbox.Put(From("flood", i)));
  EXPECT_FALSE(inbox.Put(From("flood", 0)));
  EXPECT_TRUE(inbox.Put(From("quiet", 1)));
  const auto letters = inbox.Take();
  ASSERT_GE(letters.size(), 2u);
  EXPECT_TRUE(letters[0].holder.agent == "quiet" || letters[1].holder.agent == "quiet");
}

TEST(Inbox, AtOnceNotMoreIsTakenThanCanBeWorkedOut) {
  Inbox inbox;
  for (const char* agent : {"a", "b", "c"})
    for (size_t i = 0; i < Inbox::kMostOfOne; ++i) inbox.Put(From(agent, i));
  EXPECT_EQ(inbox.Take().size(), Inbox::kMostAtOnce);
  EXPECT_EQ(inbox.Take().size(), 3 * Inbox::kMostOfOne - Inbox::kMostAtOnce);
}

TEST(Inbox, AGreetingIsAlwaysTakenAndWhatWasSaidBeforeItIsNot) {
  Inbox inbox;
  for (size_t i = 0; i < Inbox::kMostOfOne; ++i) inbox.Put(From("a", i));
  inbox.Put(From("b", 1));
  EXPECT_TRUE(inbox.Put({{"a", 2}, {}, Greeting{{"a", 2}, 1, {}, {}}}));
  inbox.Put(From("a", 7));
  EXPECT_EQ(inbox.size(), 3u);
  EXPECT_EQ(Taken(inbox), "a! b1 a7");
}

}  // namespace
}  // namespace postern::treasury
