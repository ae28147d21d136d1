// Of every engine: what is committed: whole, in one order, or not at all.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/collector/store/conformance/fixture.h"

namespace postern::store {

template <class Engine>
class StoreCommits : public StoreConformance<Engine> {};

TYPED_TEST_SUITE_P(StoreCommits);

TYPED_TEST_P(StoreCommits, BeginsEmpty) {
  const StoreStats stats = this->store().stats();
  EXPECT_EQ(stats.log_size, 0u);
  EXPECT_EQ(stats.revision, 0u);
  EXPECT_EQ(stats.set_aside, 0u);
  EXPECT_TRUE(this->store().Entries(Leaf{0}, 10)->empty());
  EXPECT_FALSE(this->store().FindChain("a", 1)->has_value());
  EXPECT_TRUE(this->store().Find({}, {}, 10)->events.empty());
  EXPECT_TRUE(this->store().Sum({.to = At(1)})->empty());
  EXPECT_FALSE(this->store().Get(RecordKind::kKey, "k")->has_value());
  EXPECT_TRUE(this->store().ChangedSince(0, 10)->empty());
  this->ExpectSound();
}

TYPED_TEST_P(StoreCommits, ACommitIsSeenWholeAndRemembered) {
  Writer writer("agentone", 7);
  Change change = writer.Add({.time = At(100), .kind = "intent", .user = "alice"})
                      .Add({.time = At(101), .kind = "outcome", .user = "alice"}, {.requests = 1, .input = 5})
                      .Take();
  change.chains[0].chain.open_state = "open";
  change.records.push_back(PutRecord(RecordKind::kUser, "alice", "record", 0, {"team:blue"}));
  change.set_aside.push_back({"agentone", 7, 9, At(102), "seal", "group"});
  const Receipt receipt = this->MustCommit(change);
  EXPECT_EQ(receipt.first_leaf, Leaf{0});
  EXPECT_EQ(receipt.log_size, 2u);
  EXPECT_EQ(receipt.revision, 1u);

  for (int life = 0; life < 2; ++life, this->engine_.Reopen()) {
    const auto entries = *this->store().Entries(Leaf{0}, 10);
    ASSERT_EQ(entries.size(), 2u);
    EXPECT_EQ(entries[1].agent, "agentone");
    EXPECT_EQ(entries[1].incarnation, 7u);
    EXPECT_EQ(entries[1].sequence, 2u);
    EXPECT_EQ(entries[1].received_at, At(101));
    EXPECT_EQ(entries[1].event, change.events[1].entry.event);
    const auto events = *this->store().Events({Leaf{1}, Leaf{0}});
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].bytes, change.events[1].bytes);
    EXPECT_EQ(events[0].leaf, Leaf{1});
    EXPECT_EQ(events[1].bytes, change.events[0].bytes);
    EXPECT_EQ(*this->store().Locate("agentone", 7, 2), Leaf{1});
    const auto chain = **this->store().FindChain("agentone", 7);
    EXPECT_EQ(chain.agent, "agentone");
    EXPECT_EQ(chain.incarnation, 7u);
    EXPECT_EQ(chain.sequence, 2u);
    EXPECT_EQ(chain.head, writer.chain().head);
    EXPECT_EQ(chain.seal_key, writer.chain().seal_key);
    EXPECT_TRUE(chain.issued);
    EXPECT_FALSE(chain.closed);
    EXPECT_EQ(chain.open_state, "open");
    const Record record = this->MustGet(RecordKind::kUser, "alice");
    EXPECT_EQ(record.bytes, "record");
    EXPECT_EQ(record.labels, std::vector<std::string>{"team:blue"});
    EXPECT_EQ(record.revision, 1u);
    const auto aside = *this->store().ListSetAside("agentone", 10);
    ASSERT_EQ(aside.size(), 1u);
    EXPECT_EQ(aside[0].first_sequence, 9u);
    EXPECT_EQ(aside[0].received_at, At(102));
    EXPECT_EQ(aside[0].reason, "seal");
    EXPECT_EQ(aside[0].bytes, "group");
    const StoreStats stats = this->store().stats();
    EXPECT_EQ(stats.log_size, 2u);
    EXPECT_EQ(stats.revision, 1u);
    EXPECT_EQ(stats.set_aside, 1u);
    this->ExpectSound();
  }
}

TYPED_TEST_P(StoreCommits, NothingOfAChangeIsAppliedWhereAnExpectationFails) {
  Writer writer;
  this->MustCommit(writer.Add({.kind = "intent"}).Take());
  Change put;
  put.records.push_back(PutRecord(RecordKind::kKey, "k", "one"));
  this->MustCommit(put);

  Writer stale;  // thinks that the chain hasn't begun
  Change change = stale.Add({.kind = "outcome"}, {.requests = 1}).Take();
  change.records.push_back(PutRecord(RecordKind::kKey, "new", "x"));
  change.set_aside.push_back({"agent0000000", 1, 1, At(0), "fork", "bytes"});
  EXPECT_EQ(this->Refusal(change), ErrorCode::kDenied);

  Change second = writer.Add({.kind = "outcome"}, {.requests = 1}).Take();
  second.records.push_back(PutRecord(RecordKind::kKey, "new", "x"));
  second.records.push_back(PutRecord(RecordKind::kKey, "k", "two", 0));  // it is at revision 1
  EXPECT_EQ(this->Refusal(second), ErrorCode::kDenied);

  EXPECT_EQ(this->store().stats().log_size, 1u);
  EXPECT_EQ(this->store().stats().revision, 1u);
  EXPECT_EQ(this->store().stats().set_aside, 0u);
  EXPECT_FALSE(this->store().Get(RecordKind::kKey, "new")->has_value());
  EXPECT_TRUE(this->LeavesOf({.kind = "outcome"}).empty());
  EXPECT_TRUE(this->store().Sum({.from = At(0), .to = At(3600)})->empty());
  EXPECT_EQ((**this->store().FindChain("agent0000000", 1)).sequence, 1u);
  this->ExpectSound();
}

TYPED_TEST_P(StoreCommits, AChangeThatBreaksTheRulesIsInvalid) {
  Change orphan = Writer("a").Add().Take();
  orphan.chains.clear();
  EXPECT_EQ(this->Refusal(orphan), ErrorCode::kInvalid);

  Change backwards = Writer("a").Add().Add().Take();
  std::swap(backwards.events[0], backwards.events[1]);
  EXPECT_EQ(this->Refusal(backwards), ErrorCode::kInvalid);

  Change beyond = Writer("a").Add().Add().Take();
  beyond.chains[0].chain.sequence = 1;
  EXPECT_EQ(this->Refusal(beyond), ErrorCode::kInvalid);

  Change shorter;
  shorter.chains.push_back({Writer("a").chain(), 5});
  EXPECT_EQ(this->Refusal(shorter), ErrorCode::kInvalid);

  Change twice = Writer("a").Add().Take();
  twice.chains.push_back(twice.chains[0]);
  EXPECT_EQ(this->Refusal(twice), ErrorCode::kInvalid);

  Change records;
  records.records.push_back(PutRecord(RecordKind::kKey, "k", "one"));
  records.records.push_back(PutRecord(RecordKind::kKey, "k", "two"));
  EXPECT_EQ(this->Refusal(records), ErrorCode::kInvalid);

  EXPECT_EQ(this->Refusal(Writer("a").Add({}, {.nano_dollars = -1}).Take()), ErrorCode::kInvalid);
  EXPECT_EQ(this->Refusal(Writer("a").Add({}, {.input = kMaxSpending + 1}).Take()), ErrorCode::kInvalid);
  EXPECT_EQ(this->store().stats().log_size, 0u);
}

TYPED_TEST_P(StoreCommits, CommitsOfManyThreadsHaveOneOrder) {
  constexpr int kThreads = 6;
  constexpr int kCommits = 25;
  std::vector<std::vector<Receipt>> receipts(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      Writer writer("agent" + std::to_string(t));
      for (int i = 0; i < kCommits; ++i) {
        for (int n = 0; n <= i % 3; ++n) writer.Add({.time = At(i), .kind = "intent", .user = "all"});
        const auto receipt = this->store().Commit(writer.Take());
        ASSERT_TRUE(receipt) << receipt.error().message;
        receipts[t].push_back(*receipt);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::map<uint64_t, std::pair<int, int>> at;  // first leaf → thread and commit
  for (int t = 0; t < kThreads; ++t) {
    for (int i = 0; i < kCommits; ++i) at[static_cast<uint64_t>(receipts[t][i].first_leaf)] = {t, i};
  }
  ASSERT_EQ(at.size(), size_t{kThreads * kCommits});
  uint64_t next = 0;
  for (const auto& [leaf, whose] : at) {
    EXPECT_EQ(leaf, next);
    next += whose.second % 3 + 1;
  }
  EXPECT_EQ(this->store().stats().log_size, next);
  std::map<std::string, uint64_t> sequences;
  for (const Entry& entry : Must(this->store().Entries(Leaf{0}, Store::kMaxPage)))
    EXPECT_EQ(entry.sequence, ++sequences[entry.agent]);
  EXPECT_EQ(this->LeavesOf({.user = "all"}).size(), next);
  this->ExpectSound();
}

TYPED_TEST_P(StoreCommits, OfManyWhoExpectTheSameRevisionOneWins) {
  constexpr int kThreads = 6;
  for (int round = 0; round < 5; ++round) {
    const std::string id = "k" + std::to_string(round);
    std::vector<int> won(kThreads);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        Change change;
        change.records.push_back(PutRecord(RecordKind::kKey, id, std::to_string(t)));
        const auto receipt = this->store().Commit(change);
        won[t] = receipt.has_value();
        if (!receipt) {
          EXPECT_EQ(receipt.error().code, ErrorCode::kDenied);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(std::count(won.begin(), won.end(), 1), 1);
    const auto winner = std::find(won.begin(), won.end(), 1) - won.begin();
    EXPECT_EQ(this->MustGet(RecordKind::kKey, id).bytes, std::to_string(winner));
    EXPECT_EQ(this->store().stats().revision, static_cast<uint64_t>(round) + 1);
  }
}

// Readers see whole commits, whatever is going on.
TYPED_TEST_P(StoreCommits, ReadersSeeWholeCommits) {
  std::atomic<bool> done{false};
  std::thread committer([&] {
    Writer writer;
    for (int i = 0; i < 60; ++i) {
      writer.Add({.kind = "intent", .user = "alice"});
      writer.Add({.kind = "outcome", .user = "alice"}, {.requests = 1});
      ASSERT_TRUE(this->store().Commit(writer.Take()));
    }
    done = true;
  });
  while (!done) {
    const uint64_t size = this->store().stats().log_size;
    EXPECT_EQ(size % 2, 0u);
    const auto entries = *this->store().Entries(Leaf{0}, 1000);
    EXPECT_EQ(entries.size() % 2, 0u);
    EXPECT_GE(entries.size(), size);
    const auto page = *this->store().Find({.user = "alice"}, {}, 1000);
    EXPECT_EQ(page.events.size() % 2, 0u);
    EXPECT_GE(page.events.size(), size);
    for (const StoredEvent& event : page.events) EXPECT_FALSE(event.bytes.empty());
    const auto chain = *this->store().FindChain("agent0000000", 1);
    if (chain) {
      EXPECT_EQ(chain->sequence % 2, 0u);
    }
  }
  committer.join();
  this->ExpectSound();
}

REGISTER_TYPED_TEST_SUITE_P(StoreCommits, BeginsEmpty, ACommitIsSeenWholeAndRemembered,
                            NothingOfAChangeIsAppliedWhereAnExpectationFails,
                            AChangeThatBreaksTheRulesIsInvalid, CommitsOfManyThreadsHaveOneOrder,
                            OfManyWhoExpectTheSameRevisionOneWins, ReadersSeeWholeCommits);

}  // namespace postern::store
