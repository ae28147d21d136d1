// Of every engine: questions about events, in pages.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "tests/collector/store/conformance/fixture.h"

namespace postern::store {

template <class Engine>
class StoreQuestions : public StoreConformance<Engine> {};

TYPED_TEST_SUITE_P(StoreQuestions);

TYPED_TEST_P(StoreQuestions, FindsByTimeAtItsEdges) {
  Writer writer;
  for (const int64_t second : {-7200, -1, 0, 1799, 1800, 3599, 3600, 7200}) writer.Add({.time = At(second)});
  this->MustCommit(writer.Take());
  const auto found = [&](std::optional<WallTime> from, std::optional<WallTime> to) {
    return this->LeavesOf({.from = from, .to = to, .order = Order::kOldestFirst});
  };
  using Leaves = std::vector<uint64_t>;
  EXPECT_EQ(found(At(0), At(3600)), (Leaves{2, 3, 4, 5}));
  EXPECT_EQ(found(At(1800), At(3601)), (Leaves{4, 5, 6}));
  EXPECT_EQ(found(At(1), At(1800)), (Leaves{3}));
  EXPECT_EQ(found(std::nullopt, At(0)), (Leaves{0, 1}));
  EXPECT_EQ(found(At(3600), std::nullopt), (Leaves{6, 7}));
  EXPECT_EQ(found(At(0) + std::chrono::nanoseconds(1), At(1799)), Leaves());
  EXPECT_EQ(found(At(5), At(5)), Leaves());
  EXPECT_EQ(found(At(3600), At(0)), Leaves());
  EXPECT_EQ(found(WallTime::min(), WallTime::max()).size(), 8u);
}

TYPED_TEST_P(StoreQuestions, TimesAtTheEndsOfTheRangeAreKept) {
  Writer writer;
  writer.Add({.time = WallTime::min(), .kind = "a"}, {.requests = 1});
  writer.Add({.time = WallTime::max(), .kind = "b"}, {.requests = 2});
  this->MustCommit(writer.Take());
  EXPECT_EQ(this->LeavesOf({.from = WallTime::max()}), std::vector<uint64_t>{1});
  EXPECT_EQ(this->LeavesOf({.to = At(0)}), std::vector<uint64_t>{0});
  const auto rows =
      *this->store().Sum({.from = WallTime::min(), .to = WallTime::max(), .by = {Dimension::kDay}});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].values[0], "1677-09-21");
  EXPECT_EQ(rows[1].values[0], "2262-04-11");
  this->ExpectSound();
}

TYPED_TEST_P(StoreQuestions, PagesMeetEachOtherInBothOrders) {
  Writer writer;
  for (int i = 0; i < 50; ++i) this->MustCommit(writer.Add({.kind = i % 5 == 0 ? "start" : "intent"}).Take());
  for (const Order order : {Order::kOldestFirst, Order::kNewestFirst}) {
    std::vector<uint64_t> all(50);
    for (uint64_t i = 0; i < 50; ++i) all[i] = order == Order::kOldestFirst ? i : 49 - i;
    for (const size_t size : {1, 3, 10, 49, 50, 1000}) EXPECT_EQ(this->LeavesOf({.order = order}, size), all);
  }
  const auto page = *this->store().Find({.kind = "start", .order = Order::kOldestFirst}, {}, 10);
  EXPECT_EQ(page.events.size(), 10u);
  EXPECT_FALSE(page.next) << "there are no more";
  EXPECT_TRUE(this->store().Find({.kind = "start"}, {}, 9)->next);
}

TYPED_TEST_P(StoreQuestions, ACursorBelongsToItsQuestion) {
  Writer writer;
  for (int i = 0; i < 10; ++i) writer.Add({.time = At(i), .kind = "intent", .user = "alice"});
  this->MustCommit(writer.Take());
  const EventFilter filter{.user = "alice"};
  const Cursor cursor = *this->store().Find(filter, {}, 3)->next;
  EXPECT_EQ(cursor.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(this->store().Find(filter, cursor, 3)->events[0].leaf, Leaf{6});
  const auto refused = [&](const EventFilter& asked, const Cursor& text) {
    const auto page = this->store().Find(asked, text, 3);
    return !page && page.error().code == ErrorCode::kInvalid;
  };
  EXPECT_TRUE(refused({.user = "bob"}, cursor));
  EXPECT_TRUE(refused({.user = "alice", .order = Order::kOldestFirst}, cursor));
  EXPECT_TRUE(refused({.user = "alice", .kind = "intent"}, cursor));
  EXPECT_TRUE(refused({.key = "alice"}, cursor));
  EXPECT_TRUE(refused({.from = At(0), .user = "alice"}, cursor));
  for (const char* text : {"", "x", "00", "zz", "0123456789abcdef0123456789abcdef"})
    EXPECT_TRUE(refused(filter, text)) << text;
  EXPECT_TRUE(refused(filter, cursor + "00"));
  EXPECT_TRUE(refused(filter, cursor.substr(0, cursor.size() - 2)));
  EXPECT_TRUE(this->store().Find({.user = ""}, {}, 3).error().code == ErrorCode::kInvalid);
}

TYPED_TEST_P(StoreQuestions, TurningPagesIsNotDisturbedByNewEvents) {
  Writer writer;
  const auto add = [&](int count) {
    for (int i = 0; i < count; ++i) writer.Add({.time = At(50 - i), .user = i % 2 == 0 ? "alice" : "bob"});
    this->MustCommit(writer.Take());
  };
  add(20);
  for (const Order order : {Order::kNewestFirst, Order::kOldestFirst}) {
    const EventFilter filter{.user = "alice", .order = order};
    const auto before = AllLeaves(this->store(), filter, 1000);
    std::vector<uint64_t> walked;
    std::optional<Cursor> cursor;
    do {
      const auto page = *this->store().Find(filter, cursor, 3);
      for (const StoredEvent& event : page.events) walked.push_back(static_cast<uint64_t>(event.leaf));
      cursor = page.next;
      if (walked.size() < 30) add(4);
    } while (cursor);
    EXPECT_TRUE(std::set<uint64_t>(walked.begin(), walked.end()).size() == walked.size());
    EXPECT_EQ(walked, order == Order::kNewestFirst ? before : AllLeaves(this->store(), filter, 1000));
  }
}

TYPED_TEST_P(StoreQuestions, TheLogCanBeFollowed) {
  Writer writer;
  std::vector<uint64_t> followed;
  std::optional<Leaf> after;
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 5; ++i) writer.Add({.time = At(-round), .user = i % 2 == 0 ? "alice" : "bob"});
    this->MustCommit(writer.Take());
    const auto page =
        *this->store().Find({.after = after, .user = "bob", .order = Order::kOldestFirst}, {}, 100);
    for (const StoredEvent& event : page.events) followed.push_back(static_cast<uint64_t>(event.leaf));
    after = page.events.back().leaf;
  }
  EXPECT_EQ(followed, this->LeavesOf({.user = "bob", .order = Order::kOldestFirst}));
  EXPECT_TRUE(this->store().Find({.after = Leaf{49}}, {}, 10)->events.empty());
  EXPECT_EQ(this->LeavesOf({.after = Leaf{47}}), (std::vector<uint64_t>{49, 48}));
  EXPECT_TRUE(this->store().Find({.after = Leaf{~uint64_t{0}}}, {}, 10)->events.empty());
}

TYPED_TEST_P(StoreQuestions, LongValuesCountByTheirBeginning) {
  const std::string base(kMaxFactBytes, 's');
  Writer writer;
  writer.Add({.session = base + "one"}).Add({.session = base + "two"}).Add({.session = base.substr(1)});
  this->MustCommit(writer.Take());
  EXPECT_EQ(this->LeavesOf({.session = base}).size(), 2u);
  EXPECT_EQ(this->LeavesOf({.session = base + "three"}).size(), 2u);
  EXPECT_EQ(this->LeavesOf({.session = base.substr(1)}).size(), 1u);
  this->ExpectSound();
}

TYPED_TEST_P(StoreQuestions, ValuesOfAnyBytesAreKeptApart) {
  const std::vector<std::string> values = {"a",     "aa",   std::string("a\0", 2),
                                           "a\xff", "\xff", std::string(1, '\0')};
  Writer writer;
  for (const std::string& value : values) writer.Add({.user = value, .model = "m"}, {.requests = 1});
  this->MustCommit(writer.Take());
  for (uint64_t i = 0; i < values.size(); ++i)
    EXPECT_EQ(this->LeavesOf({.user = values[i]}), std::vector<uint64_t>{i});
  EXPECT_EQ(this->store().Sum({.to = At(1), .by = {Dimension::kUser}})->size(), values.size());
}

// Every combination of filters, over a log with everything in it.
TYPED_TEST_P(StoreQuestions, FindsWhatTheMemoryEngineFinds) {
  for (const uint32_t seed : {1, 2, 3}) {
    TypeParam engine;
    const auto twin = MakeMemoryStore();
    RandomLog log(seed);
    for (int commit = 0; commit < 60; ++commit) {
      const Change change = log.Next();
      ASSERT_TRUE(engine.store().Commit(change));
      ASSERT_TRUE(twin->Commit(change));
      if (commit % 25 == 24) engine.Reopen();
    }
    for (uint32_t fields = 0; fields < RandomLog::kFilterFields; ++fields) {
      const EventFilter filter = log.Filter(fields);
      const size_t page_size = fields % 3 == 0 ? 5 : 1000;
      ASSERT_EQ(AllLeaves(engine.store(), filter, page_size), AllLeaves(*twin, filter, 1000))
          << "seed " << seed << ", fields " << fields;
    }
    const auto problems = engine.store().Check([](uint64_t, uint64_t) {});
    ASSERT_TRUE(problems);
    EXPECT_EQ(*problems, std::vector<std::string>());
  }
}

REGISTER_TYPED_TEST_SUITE_P(StoreQuestions, FindsByTimeAtItsEdges, TimesAtTheEndsOfTheRangeAreKept,
                            PagesMeetEachOtherInBothOrders, ACursorBelongsToItsQuestion,
                            TurningPagesIsNotDisturbedByNewEvents, TheLogCanBeFollowed,
                            LongValuesCountByTheirBeginning, ValuesOfAnyBytesAreKeptApart,
                            FindsWhatTheMemoryEngineFinds);

}  // namespace postern::store
