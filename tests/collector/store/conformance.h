// What every engine of the store must do, as one suite:
//
//   struct MemoryEngine {
//     Store& store();
//     void Reopen();                  // closes and opens again, where that means anything
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreConformance, MemoryEngine);
//
// Answers are compared with what is written in the test, and, where they are many, with the memory engine's.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "collector/store/memory_store.h"
#include "collector/store/store.h"
#include "tests/collector/store/random_log.h"
#include "tests/collector/store/writer.h"

namespace postern::store {

// The value itself, so that a loop may go through it.
template <class T>
T Must(Result<T> result) {
  EXPECT_TRUE(result) << result.error().message;
  return *std::move(result);
}

template <class Engine>
class StoreConformance : public testing::Test {
 protected:
  Store& store() { return engine_.store(); }
  Receipt MustCommit(const Change& change) {
    const auto receipt = store().Commit(change);
    EXPECT_TRUE(receipt) << receipt.error().message;
    return receipt ? *receipt : Receipt{};
  }
  ErrorCode Refusal(const Change& change) {
    const auto receipt = store().Commit(change);
    EXPECT_FALSE(receipt);
    return receipt ? ErrorCode::kUnavailable : receipt.error().code;
  }
  Record MustGet(RecordKind kind, const std::string& id) {
    const auto record = store().Get(kind, id);
    EXPECT_TRUE(record && record->has_value()) << id;
    return record && *record ? **record : Record{};
  }
  std::vector<uint64_t> LeavesOf(const EventFilter& filter, size_t page_size = 7) {
    return AllLeaves(store(), filter, page_size);
  }
  void ExpectSound() {
    const auto problems = store().Check([](uint64_t, uint64_t) {});
    ASSERT_TRUE(problems) << problems.error().message;
    EXPECT_EQ(*problems, std::vector<std::string>());
  }

  Engine engine_;
};

TYPED_TEST_SUITE_P(StoreConformance);

// ── changes ────────────────────────────────────────────────────────────────────────────────────────────────

TYPED_TEST_P(StoreConformance, BeginsEmpty) {
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

TYPED_TEST_P(StoreConformance, ACommitIsSeenWholeAndRemembered) {
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

TYPED_TEST_P(StoreConformance, NothingOfAChangeIsAppliedWhereAnExpectationFails) {
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

TYPED_TEST_P(StoreConformance, AChangeThatBreaksTheRulesIsInvalid) {
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

TYPED_TEST_P(StoreConformance, CommitsOfManyThreadsHaveOneOrder) {
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

TYPED_TEST_P(StoreConformance, OfManyWhoExpectTheSameRevisionOneWins) {
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

// ── the directory ──────────────────────────────────────────────────────────────────────────────────────────

TYPED_TEST_P(StoreConformance, RecordsOfOneChangeShareTheNextRevision) {
  Change first;
  first.records = {PutRecord(RecordKind::kKey, "a", "1"), PutRecord(RecordKind::kUser, "a", "2")};
  EXPECT_EQ(this->MustCommit(first).revision, 1u);
  Change second;
  second.records = {PutRecord(RecordKind::kKey, "a", "3", 1)};
  EXPECT_EQ(this->MustCommit(second).revision, 2u);
  EXPECT_EQ(this->MustCommit(Writer().Add().Take()).revision, 2u);  // events are not the directory's
  EXPECT_EQ(this->MustGet(RecordKind::kKey, "a").revision, 2u);
  EXPECT_EQ(this->MustGet(RecordKind::kUser, "a").revision, 1u);
}

TYPED_TEST_P(StoreConformance, ARecordMayBeOfMegabytes) {
  std::string large(9 << 20, 'p');
  for (size_t i = 0; i < large.size(); i += 4096) large[i] = static_cast<char>(i >> 12);
  Change change;
  change.records = {PutRecord(RecordKind::kSnapshot, "14", large),
                    PutRecord(RecordKind::kPolicy, "14", "who")};
  this->MustCommit(change);
  EXPECT_EQ(this->MustGet(RecordKind::kSnapshot, "14").bytes, large);
  EXPECT_EQ(this->MustGet(RecordKind::kPolicy, "14").bytes, "who");
  EXPECT_EQ(Must(this->store().ChangedSince(0, 10)).size(), 2u);
  EXPECT_EQ(Must(this->store().List(RecordKind::kPolicy, {}, {}, 10)).records.size(), 1u);
  this->ExpectSound();
}

TYPED_TEST_P(StoreConformance, RevisionsCanBeMadeToJumpAndGoOnFromThere) {
  Change first;
  first.records.push_back(PutRecord(RecordKind::kSetting, "epoch", "2", 0));
  first.least_revision = uint64_t{1} << 40;
  EXPECT_EQ(this->store().Commit(first)->revision, uint64_t{1} << 40);
  Change second;
  second.records.push_back(PutRecord(RecordKind::kKey, "k", "one", 0));
  second.least_revision = 7;  // is long past
  EXPECT_EQ(this->store().Commit(second)->revision, (uint64_t{1} << 40) + 1);
  this->engine_.Reopen();
  EXPECT_EQ(this->store().stats().revision, (uint64_t{1} << 40) + 1);
  EXPECT_EQ(this->store().ChangedSince(uint64_t{1} << 40, 10)->size(), 1u);
  this->ExpectSound();
}

TYPED_TEST_P(StoreConformance, WhatChangedIsListedOnceAtItsNewestRevision) {
  std::map<std::string, uint64_t> revisions;
  for (const char* id : {"a", "b", "a", "c", "b", "d"}) {
    Change change;
    change.records = {PutRecord(RecordKind::kKey, id, "x", revisions[id])};
    revisions[id] = this->MustCommit(change).revision;
  }
  const auto ids = [&](uint64_t since, size_t limit) {
    std::string all;
    for (const Record& record : Must(this->store().ChangedSince(since, limit))) all += record.id;
    return all;
  };
  for (int life = 0; life < 2; ++life, this->engine_.Reopen()) {
    EXPECT_EQ(ids(0, 10), "acbd");
    EXPECT_EQ(ids(3, 10), "cbd");
    EXPECT_EQ(ids(4, 1), "b");
    EXPECT_EQ(ids(6, 10), "");
  }
}

TYPED_TEST_P(StoreConformance, WhatChangedTogetherIsNotTornApart) {
  Change change;
  for (const char* id : {"a", "b", "c"}) change.records.push_back(PutRecord(RecordKind::kKey, id, "x"));
  this->MustCommit(change);
  change.records = {PutRecord(RecordKind::kKey, "d", "x")};
  this->MustCommit(change);
  EXPECT_EQ(this->store().ChangedSince(0, 2)->size(), 3u);
  EXPECT_EQ(this->store().ChangedSince(0, 3)->size(), 3u);
  EXPECT_EQ(this->store().ChangedSince(0, 4)->size(), 4u);
}

TYPED_TEST_P(StoreConformance, ListsByKindAndLabelInPages) {
  std::map<std::string, uint64_t> revisions;
  for (int i = 0; i < 30; ++i) {
    const std::string id = std::to_string(100 + i);
    Change change;
    change.records = {PutRecord(RecordKind::kKey, id, id, 0,
                                {i % 2 == 0 ? "even:yes" : "even:no", "third:" + std::to_string(i % 3)}),
                      PutRecord(RecordKind::kUser, id, "user")};
    revisions[id] = this->MustCommit(change).revision;
  }
  const auto list = [&](const std::optional<std::string>& label, size_t limit) {
    std::vector<std::string> ids;
    std::optional<Cursor> cursor;
    do {
      const auto page = *this->store().List(RecordKind::kKey, label, cursor, limit);
      EXPECT_LE(page.records.size(), limit);
      for (const Record& record : page.records) {
        EXPECT_EQ(record.bytes, record.id);
        ids.push_back(record.id);
      }
      cursor = page.next;
      EXPECT_FALSE(cursor && page.records.empty());
    } while (cursor);
    return ids;
  };
  for (const size_t limit : {1, 4, 5, 100}) {
    EXPECT_EQ(list(std::nullopt, limit).size(), 30u);
    EXPECT_EQ(list("even:yes", limit).size(), 15u);
    EXPECT_EQ(list("third:1", limit), (std::vector<std::string>{"101", "104", "107", "110", "113", "116",
                                                                "119", "122", "125", "128"}));
    EXPECT_EQ(list("third:", limit), std::vector<std::string>());
  }
  Change moved;
  moved.records = {PutRecord(RecordKind::kKey, "101", "101", revisions["101"], {"even:yes"})};
  this->MustCommit(moved);
  EXPECT_EQ(list("third:1", 100).size(), 9u);
  EXPECT_EQ(list("even:no", 100).size(), 14u);
  EXPECT_EQ(list("even:yes", 100).size(), 16u);

  const auto cursor = *this->store().List(RecordKind::kKey, {}, {}, 1)->next;
  EXPECT_EQ(this->store().List(RecordKind::kUser, {}, cursor, 1).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(this->store().List(RecordKind::kKey, "even:no", cursor, 1).error().code, ErrorCode::kInvalid);
  this->ExpectSound();
}

TYPED_TEST_P(StoreConformance, IdsAndLabelsOfAnyBytesAreKeptApart) {
  const std::vector<std::string> ids = {"a", std::string("a\0", 2), "aa", "a\xff", "b", "\xff\xff"};
  Change change;
  for (const std::string& id : ids) change.records.push_back(PutRecord(RecordKind::kTeam, id, id, 0, {id}));
  this->MustCommit(change);
  std::vector<std::string> listed;
  for (const Record& record : Must(this->store().List(RecordKind::kTeam, {}, {}, 100)).records)
    listed.push_back(record.id);
  EXPECT_EQ(listed, ids);
  for (const std::string& id : ids) {
    const auto page = *this->store().List(RecordKind::kTeam, id, {}, 100);
    ASSERT_EQ(page.records.size(), 1u);
    EXPECT_EQ(page.records[0].id, id);
  }
}

// ── chains ─────────────────────────────────────────────────────────────────────────────────────────────────

TYPED_TEST_P(StoreConformance, ChainsOfAnAgentAreItsOwn) {
  Writer one("agent", 3);
  Writer two("agent", 1'000'000'007);
  Writer other("agent2", 3);
  for (int i = 0; i < 5; ++i) {
    this->MustCommit(one.Add().Take());
    this->MustCommit(two.Add().Add().Take());
    this->MustCommit(other.Add().Take());
  }
  EXPECT_EQ(this->store().Chains("agent")->size(), 2u);
  EXPECT_EQ((*this->store().Chains("agent"))[0].sequence, 5u);
  EXPECT_EQ((*this->store().Chains("agent"))[1].sequence, 10u);
  EXPECT_EQ(this->store().Chains("agent2")->size(), 1u);
  EXPECT_TRUE(this->store().Chains("agen")->empty());
  EXPECT_EQ(*this->store().Locate("agent", 3, 1), Leaf{0});
  EXPECT_EQ(*this->store().Locate("agent", 1'000'000'007, 4), Leaf{6});
  EXPECT_EQ(*this->store().Locate("agent2", 3, 5), Leaf{19});
  EXPECT_EQ(this->store().Locate("agent", 3, 6).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(this->store().Locate("agent", 4, 1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(this->store().Locate("agent", 3, 0).error().code, ErrorCode::kNotFound);
}

TYPED_TEST_P(StoreConformance, DigestsTellADuplicateFromAFork) {
  Writer writer("agent", 3);
  Writer other("other", 3);
  std::vector<crypto::Digest> all;
  for (int commit = 0; commit < 40; ++commit) {
    for (int i = 0; i <= commit % 20; ++i) writer.Add();
    const Change change = writer.Take();
    for (const NewEvent& event : change.events) all.push_back(event.entry.event);
    this->MustCommit(change);
    if (commit % 3 == 0) this->MustCommit(other.Add().Take());
  }
  for (const uint64_t first : {1, 2, 20, 21, 300, 419, 420}) {
    for (const size_t limit : {0, 1, 3, 100, 5000}) {
      const size_t end = std::min({all.size(), first - 1 + limit});
      EXPECT_EQ(*this->store().Digests("agent", 3, first, limit),
                std::vector<crypto::Digest>(all.begin() + first - 1, all.begin() + end))
          << first << " " << limit;
    }
  }
  EXPECT_TRUE(this->store().Digests("agent", 3, 421, 10)->empty());
  EXPECT_TRUE(this->store().Digests("agent", 4, 1, 10)->empty());
}

TYPED_TEST_P(StoreConformance, AHistoryMayBeginLateAndHaveHoles) {
  Change change = Writer("agent", 3).Add().Add().Add().Take();
  for (size_t i = 0; i < 3; ++i) change.events[i].entry.sequence = 100 + i * i;  // 100, 101, 104
  change.chains[0].chain.sequence = 110;
  this->MustCommit(change);
  EXPECT_EQ(*this->store().Locate("agent", 3, 104), Leaf{2});
  EXPECT_EQ(this->store().Locate("agent", 3, 102).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(this->store().Locate("agent", 3, 1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(this->store().Digests("agent", 3, 100, 10)->size(), 2u);
  EXPECT_EQ(this->store().Digests("agent", 3, 104, 10)->size(), 1u);
  EXPECT_TRUE(this->store().Digests("agent", 3, 1, 10)->empty());
}

TYPED_TEST_P(StoreConformance, AChainIsRememberedWithItsHoles) {
  Writer writer("agent", 3);
  Change change = writer.Add().Add().Take();
  Chain& chain = change.chains[0].chain;
  crypto::Digest head{};  // after the forgotten events 3 to 9
  head[0] = 7;
  chain.holes = {{.first = 3, .last = 9, .head = head}};
  chain.sequence = 9;
  chain.head = head;
  chain.seal = "a seal";
  chain.open_state = "open";
  this->MustCommit(change);
  this->engine_.Reopen();
  const Chain found = **this->store().FindChain("agent", 3);
  ASSERT_EQ(found.holes.size(), 1u);
  EXPECT_EQ(found.holes[0].first, 3u);
  EXPECT_EQ(found.holes[0].last, 9u);
  EXPECT_EQ(found.holes[0].head, head);
  EXPECT_EQ(found.sequence, 9u);
  EXPECT_EQ(found.seal, "a seal");
  EXPECT_EQ(found.open_state, "open");
  this->ExpectSound();
}

TYPED_TEST_P(StoreConformance, AClosedChainStaysClosed) {
  Writer writer;
  Change close = writer.Add().Take();
  close.chains[0].chain.closed = true;
  this->MustCommit(close);
  EXPECT_EQ(this->Refusal(writer.Add().Take()), ErrorCode::kDenied);
  close.events.clear();
  close.chains[0].expected = 1;
  close.chains[0].chain.open_state = "closed still";
  this->MustCommit(close);
  EXPECT_TRUE((**this->store().FindChain("agent0000000", 1)).closed);
  EXPECT_EQ(this->store().stats().log_size, 1u);
}

TYPED_TEST_P(StoreConformance, WhatIsSetAsideIsBoundedForEachAgent) {
  const auto set_aside = [&](const std::string& agent, uint64_t number, size_t size) {
    Change change;
    change.set_aside.push_back({agent, 1, number, At(0), "fork", std::string(size, 'x')});
    this->MustCommit(change);
  };
  Change many;
  for (uint64_t i = 0; i < Store::kMaxSetAsidePerAgent + 5; ++i)
    many.set_aside.push_back({"a", 1, i, At(0), "fork", "x"});
  this->MustCommit(many);
  set_aside("b", 7, 1);
  set_aside("a", 5000, 1);
  EXPECT_EQ(this->store().stats().set_aside, Store::kMaxSetAsidePerAgent + 1);
  const auto newest = *this->store().ListSetAside("a", 3);
  ASSERT_EQ(newest.size(), 3u);
  EXPECT_EQ(newest[0].first_sequence, 5000u);
  EXPECT_EQ(newest[1].first_sequence, Store::kMaxSetAsidePerAgent + 4);
  EXPECT_EQ(this->store().ListSetAside("a", Store::kMaxPage)->back().first_sequence, 6u);

  for (uint64_t i = 0; i < 20; ++i) set_aside("c", i, 1 << 20);
  EXPECT_EQ(this->store().ListSetAside("c", 100)->size(), 16u);
  EXPECT_EQ(this->store().ListSetAside("c", 100)->back().first_sequence, 4u);
  EXPECT_EQ(this->store().ListSetAside("b", 100)->size(), 1u);
  this->engine_.Reopen();
  EXPECT_EQ(this->store().stats().set_aside, Store::kMaxSetAsidePerAgent + 17);
  set_aside("c", 99, 1);
  EXPECT_EQ(this->store().ListSetAside("c", 100)->size(), 16u);
}

// ── bodies ─────────────────────────────────────────────────────────────────────────────────────────────────

TYPED_TEST_P(StoreConformance, RemovingBodiesLeavesEverythingElse) {
  Writer writer;
  for (int i = 0; i < 300; ++i)
    writer.Add({.time = At(i), .kind = i % 2 == 0 ? "intent" : "outcome"}, {.requests = 1});
  this->MustCommit(writer.Take());
  const auto before = this->store().Sum({.to = At(3600)});
  uint64_t removed = 0;
  while (const uint64_t some = *this->store().RemoveBodies(At(100), {"intent", "start"})) removed += some;
  EXPECT_EQ(removed, 50u);
  EXPECT_EQ(*this->store().RemoveBodies(At(100), {}), 0u);
  for (int life = 0; life < 2; ++life, this->engine_.Reopen()) {
    const auto events = this->store().Find({.order = Order::kOldestFirst}, {}, 300)->events;
    ASSERT_EQ(events.size(), 300u);
    for (uint64_t i = 0; i < 300; ++i) EXPECT_EQ(events[i].bytes.empty(), i < 100 && i % 2 == 0) << i;
    EXPECT_EQ(this->store().Entries(Leaf{0}, 1000)->size(), 300u);
    EXPECT_EQ(this->LeavesOf({.kind = "intent"}).size(), 150u);
    EXPECT_EQ(this->store().Sum({.to = At(3600)})->at(0).spending, before->at(0).spending);
    this->ExpectSound();
  }
  removed = 0;
  while (const uint64_t some = *this->store().RemoveBodies(At(1000), {"intent", "outcome"})) removed += some;
  EXPECT_EQ(removed, 250u);
  this->ExpectSound();
}

TYPED_TEST_P(StoreConformance, RemovingBodiesEndsAtTheFirstThatCameLater) {
  Writer writer;
  for (const int64_t received : {10, 20, 90, 30, 40})  // a clock that was set back
    writer.AddReceived(At(received), {.time = At(0), .kind = "intent"});
  this->MustCommit(writer.Take());
  uint64_t removed = 0;
  while (const uint64_t some = *this->store().RemoveBodies(At(50), {"intent"})) removed += some;
  EXPECT_EQ(removed, 2u);
  EXPECT_FALSE(this->store().Events({Leaf{3}})->at(0).bytes.empty());
}

TYPED_TEST_P(StoreConformance, AnEventSaysWhatItIsFiledUnderAlsoWithoutItsBody) {
  Writer writer;
  const EventFacts facts{.time = At(7),
                         .kind = "outcome",
                         .organisation = "org",
                         .team = "team",
                         .user = "alice",
                         .key = "k7x2m9q4w8ab",
                         .model = "model",
                         .session = "session",
                         .host = "build-1",
                         .decision = Decision::kAllowed};
  writer.Add(facts).Add({.time = At(8), .kind = "stop"});
  this->MustCommit(writer.Take());
  this->engine_.Reopen();
  for (int turn = 0; turn < 2; ++turn) {
    EXPECT_EQ(Must(this->store().Events({Leaf{0}}))[0].facts, facts);
    EXPECT_EQ(Must(this->store().Find({.user = "alice"}, {}, 1)).events[0].facts, facts);
    EXPECT_EQ(Must(this->store().Events({Leaf{1}}))[0].facts.user, "");
    EXPECT_EQ(Must(this->store().RemoveBodies(At(100), {"outcome"})), turn == 0 ? 1u : 0u);
  }
}

TYPED_TEST_P(StoreConformance, EventsThatAreNotThereAreNotFound) {
  this->MustCommit(Writer().Add().Take());
  EXPECT_EQ(this->store().Events({Leaf{0}, Leaf{1}}).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(this->store().Entries(Leaf{1}, 10)->empty());
  EXPECT_TRUE(this->store().Entries(Leaf{~uint64_t{0}}, 10)->empty());
}

// ── questions ──────────────────────────────────────────────────────────────────────────────────────────────

TYPED_TEST_P(StoreConformance, FindsByTimeAtItsEdges) {
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

TYPED_TEST_P(StoreConformance, TimesAtTheEndsOfTheRangeAreKept) {
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

TYPED_TEST_P(StoreConformance, PagesMeetEachOtherInBothOrders) {
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

TYPED_TEST_P(StoreConformance, ACursorBelongsToItsQuestion) {
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

TYPED_TEST_P(StoreConformance, TurningPagesIsNotDisturbedByNewEvents) {
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

TYPED_TEST_P(StoreConformance, TheLogCanBeFollowed) {
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

TYPED_TEST_P(StoreConformance, LongValuesCountByTheirBeginning) {
  const std::string base(kMaxFactBytes, 's');
  Writer writer;
  writer.Add({.session = base + "one"}).Add({.session = base + "two"}).Add({.session = base.substr(1)});
  this->MustCommit(writer.Take());
  EXPECT_EQ(this->LeavesOf({.session = base}).size(), 2u);
  EXPECT_EQ(this->LeavesOf({.session = base + "three"}).size(), 2u);
  EXPECT_EQ(this->LeavesOf({.session = base.substr(1)}).size(), 1u);
  this->ExpectSound();
}

TYPED_TEST_P(StoreConformance, ValuesOfAnyBytesAreKeptApart) {
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
TYPED_TEST_P(StoreConformance, FindsWhatTheMemoryEngineFinds) {
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

TYPED_TEST_P(StoreConformance, SumsAreTheSumsOfTheEvents) {
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

TYPED_TEST_P(StoreConformance, SumsNameDaysAndHours) {
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

TYPED_TEST_P(StoreConformance, SumsRefuseWhatTheyDontKnow) {
  const auto code = [&](const SumQuery& query) { return this->store().Sum(query).error().code; };
  EXPECT_EQ(code({.to = At(1), .filter = {.session = "s"}}), ErrorCode::kInvalid);
  EXPECT_EQ(code({.to = At(1), .filter = {.kind = "k"}}), ErrorCode::kInvalid);
  EXPECT_EQ(code({.to = At(1), .filter = {.user = ""}}), ErrorCode::kInvalid);
  EXPECT_EQ(code({.from = At(2), .to = At(1)}), ErrorCode::kInvalid);
}

// Readers see whole commits, whatever is going on.
TYPED_TEST_P(StoreConformance, ReadersSeeWholeCommits) {
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

REGISTER_TYPED_TEST_SUITE_P(
    StoreConformance, BeginsEmpty, ACommitIsSeenWholeAndRemembered,
    NothingOfAChangeIsAppliedWhereAnExpectationFails, AChangeThatBreaksTheRulesIsInvalid,
    CommitsOfManyThreadsHaveOneOrder, OfManyWhoExpectTheSameRevisionOneWins,
    RecordsOfOneChangeShareTheNextRevision, ARecordMayBeOfMegabytes, RevisionsCanBeMadeToJumpAndGoOnFromThere,
    WhatChangedIsListedOnceAtItsNewestRevision, WhatChangedTogetherIsNotTornApart, ListsByKindAndLabelInPages,
    IdsAndLabelsOfAnyBytesAreKeptApart, ChainsOfAnAgentAreItsOwn, DigestsTellADuplicateFromAFork,
    AHistoryMayBeginLateAndHaveHoles, AChainIsRememberedWithItsHoles, AClosedChainStaysClosed,
    WhatIsSetAsideIsBoundedForEachAgent, RemovingBodiesLeavesEverythingElse,
    RemovingBodiesEndsAtTheFirstThatCameLater, AnEventSaysWhatItIsFiledUnderAlsoWithoutItsBody,
    EventsThatAreNotThereAreNotFound, FindsByTimeAtItsEdges, TimesAtTheEndsOfTheRangeAreKept,
    PagesMeetEachOtherInBothOrders, ACursorBelongsToItsQuestion, TurningPagesIsNotDisturbedByNewEvents,
    TheLogCanBeFollowed, LongValuesCountByTheirBeginning, ValuesOfAnyBytesAreKeptApart,
    FindsWhatTheMemoryEngineFinds, SumsAreTheSumsOfTheEvents, SumsNameDaysAndHours,
    SumsRefuseWhatTheyDontKnow, ReadersSeeWholeCommits);

}  // namespace postern::store
