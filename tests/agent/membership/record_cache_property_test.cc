// A cache with room for hardly anything, into which words come late and in any order: what was withdrawn is
// never good again, also where the cache has forgotten that it was.
#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "agent/membership/record_cache.h"
#include "tests/agent/membership/truth.h"

namespace postern::membership {
namespace {

class SmallCache {
 public:
  explicit SmallCache(uint32_t seed) : random_(seed) { cache_.BeginConversation(); }

  void Step() {
    const int key = static_cast<int>(random_() % kKeys);
    switch (random_() % 8) {
      case 0: return truth_.Change(key, Truth::Fate::kRevoked);
      case 1: return truth_.Change(key, Truth::Fate::kDisabled);
      case 2: return truth_.Change(key, Truth::Fate::kActive);
      case 3:
      case 4: return words_.push_back(truth_.Say(key));
      default: return Deliver();
    }
  }

  // A key that is held to be good though its withdrawal was taken; empty: none.
  std::string Wrong() {
    for (const auto& [key, revision] : taken_) {
      if (truth_.fate(key) == Truth::Fate::kActive || revision < truth_.withdrawn(key)) continue;
      const KeyAnswer answer = cache_.FindKey(IdOf(key), BootTime{});
      if (answer.key != nullptr && !answer.key->record.disabled) return IdOf(key);
    }
    return "";
  }
  size_t forgotten() const { return forgotten_; }

 private:
  // One of those on their way, not always the oldest.
  void Deliver() {
    if (words_.empty()) return;
    const auto place = words_.begin() + static_cast<ptrdiff_t>(random_() % words_.size());
    const wire::Directory word = std::move(*place);
    words_.erase(place);
    if (!cache_.IsCurrent(word.revision())) return;
    const wire::KeyRecord& record = word.keys(0);
    cache_.TakeKey(record, {}, RecordCache::Origin::kCollector);
    cache_.NoteRevision(word.revision());
    forgotten_ += cache_.TakeForgotten().keys.size();
    const int key = record.id().back() - '0';
    if (record.revoked() || record.disabled()) taken_[key] = std::max(taken_[key], record.revision());
  }

  std::mt19937 random_;
  Truth truth_;
  RecordCache cache_{{.keys = 2}};
  std::deque<wire::Directory> words_;
  std::map<int, uint64_t> taken_;  // withdrawals, by the record's revision
  size_t forgotten_ = 0;
};

TEST(RecordCacheProperty, WhatWasWithdrawnIsNeverGoodAgainThoughTheCacheForgetsKeys) {
  size_t forgotten = 0;
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    SmallCache cache(seed);
    for (int step = 0; step < 120; ++step) {
      cache.Step();
      ASSERT_EQ(cache.Wrong(), "") << "seed " << seed << ", step " << step;
    }
    forgotten += cache.forgotten();
  }
  EXPECT_GT(forgotten, 1000u) << "the room was not small enough to try anything";
}

}  // namespace
}  // namespace postern::membership
