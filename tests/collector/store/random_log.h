// Logs and questions at random, the same for the same seed: few values, so that filters meet, and times that
// go back and forth over several days.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "collector/store/store.h"
#include "tests/collector/store/writer.h"

namespace postern::store {

class RandomLog {
 public:
  // Filter's fields, each a bit.
  static constexpr uint32_t kFilterFields = 1 << 12;

  explicit RandomLog(uint32_t seed) : random_(seed) {
    for (int i = 0; i < 4; ++i) writers_.emplace_back("agent" + std::to_string(i), i / 2 + 1);
  }

  // The next commit: some events of one chain, or of two.
  Change Next() {
    Change change = Some(writers_[Below(writers_.size())]);
    if (Below(4) == 0) {
      Writer& other = writers_[Below(writers_.size())];
      if (other.chain().agent != change.chains[0].chain.agent) {
        Change more = Some(other);
        change.chains.push_back(more.chains[0]);
        for (NewEvent& event : more.events) change.events.push_back(std::move(event));
      }
    }
    return change;
  }

  EventFilter Filter(uint32_t fields) {
    EventFilter filter;
    const auto has = [&](int bit) { return (fields >> bit & 1) != 0; };
    if (has(0)) filter.organisation = Pick("org", 2);
    if (has(1)) filter.team = Pick("team", 2);
    if (has(2)) filter.user = Pick("user", 3);
    if (has(3)) filter.key = Pick("key", 3);
    if (has(4)) filter.model = Pick("model", 2);
    if (has(5)) filter.session = Pick("session", 3);
    if (has(6)) filter.host = Pick("host", 2);
    if (has(7)) filter.kind = Pick("kind", 3);
    if (has(8)) filter.agent = Pick("agent", 4);
    if (has(9)) filter.decision = static_cast<Decision>(Below(3));
    if (has(10)) {
      const WallTime from = Time();
      if (Below(3) != 0) filter.from = from;
      if (!filter.from || Below(3) != 0)
        filter.to = from + std::chrono::minutes(Below(2) == 0 ? Below(600) : Below(3));
    }
    if (has(11)) filter.after = Leaf{Below(200)};
    filter.order = Below(2) == 0 ? Order::kNewestFirst : Order::kOldestFirst;
    return filter;
  }

  SumQuery Sums() {
    SumQuery query;
    query.from = Time();
    query.to = query.from + std::chrono::minutes(Below(2) == 0 ? Below(200) : Below(8000));
    std::vector<Dimension> all = {Dimension::kOrganisation, Dimension::kTeam,  Dimension::kUser,
                                  Dimension::kKey,          Dimension::kModel, Dimension::kHost,
                                  Dimension::kDay,          Dimension::kHour};
    std::shuffle(all.begin(), all.end(), random_);
    all.resize(Below(4));
    query.by = all;
    query.filter = Filter(Below(8) == 0 ? Below(128) & ~uint32_t{1 << 5} : 1 << Below(5));
    query.filter.order = Order::kNewestFirst;
    return query;
  }

 private:
  uint32_t Below(size_t bound) { return static_cast<uint32_t>(random_() % bound); }
  std::string Pick(const char* what, size_t of) { return what + std::to_string(Below(of)); }
  // Now and then none.
  std::string Maybe(const char* what, size_t of) { return Below(10) == 0 ? "" : Pick(what, of); }
  WallTime Time() { return At(-100'000 + static_cast<int64_t>(Below(400'000))); }

  Change Some(Writer& writer) {
    const uint32_t count = 1 + Below(12);
    const WallTime begin = Time();
    for (uint32_t i = 0; i < count; ++i) {
      Spending spending;
      if (Below(2) == 0)
        spending = {.requests = 1,
                    .input = Below(1000),
                    .output = Below(100),
                    .cache_read = Below(3),
                    .cache_write = Below(3),
                    .nano_dollars = Below(1'000'000)};
      writer.Add({.time = begin + std::chrono::seconds(Below(1200)) + std::chrono::nanoseconds(Below(5)),
                  .kind = Pick("kind", 3),
                  .organisation = Maybe("org", 2),
                  .team = Maybe("team", 2),
                  .user = Maybe("user", 3),
                  .key = Maybe("key", 3),
                  .model = Maybe("model", 2),
                  .session = Maybe("session", 3),
                  .host = Maybe("host", 2),
                  .decision = static_cast<Decision>(Below(3))},
                 spending);
    }
    return writer.Take();
  }

  std::mt19937 random_;
  std::vector<Writer> writers_;
};

// Every event that the filter finds, page by page.
inline std::vector<uint64_t> AllLeaves(Store& store, const EventFilter& filter, size_t page_size) {
  std::vector<uint64_t> leaves;
  std::optional<Cursor> cursor;
  do {
    const auto page = store.Find(filter, cursor, page_size);
    if (!page) {
      ADD_FAILURE() << page.error().message;
      return leaves;
    }
    for (const StoredEvent& event : page->events) leaves.push_back(static_cast<uint64_t>(event.leaf));
    cursor = page->next;
  } while (cursor);
  return leaves;
}

}  // namespace postern::store
