// Of every engine: sums over events.
#pragma once

#include <string>
#include <vector>

#include "tests/collector/store/conformance/fixture.h"

namespace postern::store {

template <class Engine>
class StoreSums : public StoreConformance<Engine> {};

TYPED_TEST_SUITE_P(StoreSums);

TYPED_TEST_P(StoreSums, SumsAreTheSumsOfTheEvents) {
  for (const uint32_t seed : {4, 5}) {
    TypeParam engine;
    const auto twin = MakeMemoryStore();
    RandomLog log(seed);
    for (int commit = 0; commit < 60; ++commit) {
      const Change change = log.Next();
      ASSERT_TRUE(engine.store().Commit(change));
      ASSERT_TRUE(twin->Commit(change));
    }
    engine.Reopen();
    for (int round = 0; round < 1500; ++round) {
      const SumQuery query = log.Sums();
      const auto ours = engine.store().Sum(query);
      const auto theirs = twin->Sum(query);
      ASSERT_TRUE(ours && theirs);
      ASSERT_EQ(ours->size(), theirs->size()) << "seed " << seed << ", round " << round;
      for (size_t i = 0; i < ours->size(); ++i) {
        ASSERT_EQ((*ours)[i].values, (*theirs)[i].values) << "seed " << seed << ", round " << round;
        ASSERT_EQ((*ours)[i].spending, (*theirs)[i].spending) << "seed " << seed << ", round " << round;
      }
    }
  }
}

TYPED_TEST_P(StoreSums, SumsNameDaysAndHours) {
  Writer writer;
  const int64_t day = 1'795'392'000;  // 2026-11-23T00:00:00Z
  writer.Add({.time = At(day), .kind = "outcome", .user = "alice"}, {.requests = 1, .nano_dollars = 7});
  writer.Add({.time = At(day + 3600), .kind = "outcome", .user = "alice"}, {.requests = 1, .output = 3});
  writer.Add({.time = At(day + 86400), .kind = "outcome", .user = "bob"}, {.requests = 1, .cache_read = 4});
  writer.Add({.time = At(day), .kind = "intent", .user = "carol"});
  this->MustCommit(writer.Take());
  const auto rows = *this->store().Sum(
      {.from = At(day), .to = At(day + 2 * 86400), .by = {Dimension::kDay, Dimension::kUser}});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].values, (std::vector<std::string>{"2026-11-23", "alice"}));
  EXPECT_EQ(rows[0].spending, (Spending{.requests = 2, .output = 3, .nano_dollars = 7}));
  EXPECT_EQ(rows[1].values, (std::vector<std::string>{"2026-11-24", "bob"}));
  // Widened to whole hours.
  const auto hours =
      *this->store().Sum({.from = At(day + 1800), .to = At(day + 3601), .by = {Dimension::kHour}});
  ASSERT_EQ(hours.size(), 2u);
  EXPECT_EQ(hours[0].values[0], "2026-11-23T00");
  EXPECT_EQ(hours[1].values[0], "2026-11-23T01");
  EXPECT_EQ(this->store().Sum({.from = At(day), .to = At(day + 1), .filter = {.user = "bob"}})->size(), 0u);
}

TYPED_TEST_P(StoreSums, SumsRefuseWhatTheyDontKnow) {
  const auto code = [&](const SumQuery& query) { return this->store().Sum(query).error().code; };
  EXPECT_EQ(code({.to = At(1), .filter = {.session = "s"}}), ErrorCode::kInvalid);
  EXPECT_EQ(code({.to = At(1), .filter = {.kind = "k"}}), ErrorCode::kInvalid);
  EXPECT_EQ(code({.to = At(1), .filter = {.user = ""}}), ErrorCode::kInvalid);
  EXPECT_EQ(code({.from = At(2), .to = At(1)}), ErrorCode::kInvalid);
}

REGISTER_TYPED_TEST_SUITE_P(StoreSums, SumsAreTheSumsOfTheEvents, SumsNameDaysAndHours,
                            SumsRefuseWhatTheyDontKnow);

}  // namespace postern::store
