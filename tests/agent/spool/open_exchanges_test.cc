#include "agent/spool/open_exchanges.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tests/agent/spool/events.h"

namespace postern::spool {
namespace {

TEST(OpenExchanges, TheOldestIsTheFirstThatIsStillOpen) {
  OpenExchanges open;
  EXPECT_EQ(open.Oldest(1), 1u);
  open.Open(Exchange(1), 5);
  open.Open(Exchange(2), 6);
  EXPECT_EQ(open.Oldest(7), 5u);
  EXPECT_TRUE(open.Close(Exchange(1)));
  EXPECT_FALSE(open.Close(Exchange(1)));
  EXPECT_EQ(open.Oldest(8), 6u);
  EXPECT_TRUE(open.Close(Exchange(2)));
  EXPECT_EQ(open.Oldest(9), 9u);
}

TEST(OpenExchanges, AgreesWithAMapOverRandomLives) {
  OpenExchanges open;
  std::map<uint64_t, uint64_t> model;  // position → exchange
  std::mt19937 random(3);
  open.Open(Exchange(0), 1);  // one that stays open behind all the others
  model[1] = 0;
  for (uint64_t position = 2; position < 20'000; ++position) {
    if (random() % 2 == 0 || model.size() == 1) {
      open.Open(Exchange(position), position);
      model[position] = position;
    } else {
      auto chosen =
          std::next(model.begin(), 1 + static_cast<long>(random() % std::min<size_t>(model.size() - 1, 5)));
      EXPECT_TRUE(open.Close(Exchange(chosen->second)));
      model.erase(chosen);
    }
    ASSERT_EQ(open.Oldest(position + 1), 1u);
    ASSERT_EQ(open.size(), model.size());
  }
  EXPECT_TRUE(open.Close(Exchange(0)));
  model.erase(1);
  EXPECT_EQ(open.Oldest(20'000), model.empty() ? 20'000 : model.begin()->first);
  std::vector<ExchangeId> expected;
  for (const auto& [position, exchange] : model) expected.push_back(Exchange(exchange));
  EXPECT_EQ(open.All(), expected);
}

}  // namespace
}  // namespace postern::spool
