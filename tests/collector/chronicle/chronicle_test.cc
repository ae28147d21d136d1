#include "collector/chronicle/chronicle.h"

#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/chronicle/verify_chains.h"
#include "shared/wire/chain.h"
#include "tests/collector/chronicle/flawed_store.h"

namespace postern::chronicle {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

wire::Event Alarm(const std::string& sentence) {
  wire::Event event;
  event.mutable_alarm()->set_reason("test");
  event.mutable_alarm()->set_sentence(sentence);
  return event;
}

store::Change Put(const std::string& id, const std::string& bytes, uint64_t expected) {
  store::Change change;
  change.records.push_back(
      {.record = {.kind = store::RecordKind::kSetting, .id = id, .labels = {}, .bytes = bytes},
       .expected = expected});
  return change;
}

class ChronicleTest : public testing::Test {
 protected:
  std::unique_ptr<Chronicle> Open(Beginning beginning = Beginning::kGoOn) {
    auto chronicle = Chronicle::Open(
        store_, key_, {.beginning = beginning, .program = "run", .version = "1", .host = "keep"});
    EXPECT_TRUE(chronicle) << chronicle.error().message;
    return chronicle ? *std::move(chronicle) : nullptr;
  }

  // The whole log, parsed.
  std::vector<wire::Event> Events() {
    std::vector<wire::Event> events;
    for (uint64_t leaf = 0; leaf < store_.stats().log_size; ++leaf) {
      events.emplace_back();
      EXPECT_TRUE(events.back().ParseFromString(store_.Events({store::Leaf{leaf}})->at(0).bytes));
    }
    return events;
  }

  std::vector<std::string> Sentences() {
    std::vector<std::string> sentences;
    for (const wire::Event& event : Events()) {
      if (event.has_alarm()) sentences.push_back(event.alarm().sentence());
    }
    return sentences;
  }

  void ExpectSound() { EXPECT_THAT(VerifyChains(store_, nullptr)->problems, IsEmpty()); }

  FlawedStore store_;
  crypto::SigningKey key_ = crypto::SigningKey::Generate();
};

TEST_F(ChronicleTest, BeginsAChainWithAStart) {
  const auto chronicle = Open();
  const auto events = Events();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].collector_start().public_key(), key_.public_key().raw());
  EXPECT_EQ(events[0].collector_start().program(), "run");
  EXPECT_EQ(events[0].collector_start().host(), "keep");
  EXPECT_EQ(events[0].collector_start().previous_incarnation(), 0u);
  EXPECT_EQ(events[0].sequence(), 1u);
  EXPECT_EQ(events[0].salt().size(), 16u);
  EXPECT_NE(events[0].incarnation(), 0u);
  ExpectSound();
}

// Written out once more, without the code that is under test.
TEST_F(ChronicleTest, EventsHangTogetherAndTheLastSealIsOverAllOfThem) {
  const auto chronicle = Open();
  ASSERT_TRUE(chronicle->Append({Alarm("1"), Alarm("2")}, {}));
  ASSERT_TRUE(chronicle->Record(Alarm("3")));
  wire::Head head = wire::kFirstHead;
  for (uint64_t leaf = 0; leaf < 4; ++leaf) {
    const store::StoredEvent event = store_.Events({store::Leaf{leaf}})->at(0);
    EXPECT_EQ(event.entry.agent, "collector");
    EXPECT_EQ(event.entry.sequence, leaf + 1);
    EXPECT_EQ(event.entry.event, crypto::Sha256(event.bytes));
    head = wire::Extend(head, event.bytes);
  }
  const store::Chain chain = store_.Chains("collector")->at(0);
  EXPECT_EQ(chain.sequence, 4u);
  EXPECT_EQ(chain.head, head);
  EXPECT_FALSE(chain.closed);
  wire::Seal seal;
  ASSERT_TRUE(seal.ParseFromString(chain.seal));
  EXPECT_TRUE(wire::VerifySeal(seal, key_.public_key()));
  EXPECT_EQ(seal.first_sequence(), 4u);
  EXPECT_EQ(seal.last_sequence(), 4u);
  EXPECT_EQ(seal.head(), crypto::AsBytes(head));
}

TEST_F(ChronicleTest, GoesOnAfterARestart) {
  ASSERT_TRUE(Open()->Record(Alarm("before")));
  const uint64_t incarnation = Events().back().incarnation();
  ASSERT_TRUE(Open()->Record(Alarm("after")));
  const auto events = Events();
  ASSERT_EQ(events.size(), 4u);
  EXPECT_TRUE(events[2].has_collector_start());
  EXPECT_EQ(events[3].sequence(), 4u);
  EXPECT_EQ(events[3].incarnation(), incarnation);
  ExpectSound();
}

TEST_F(ChronicleTest, AnotherKeyBeginsAnotherIncarnationThatNamesTheOneBefore) {
  ASSERT_TRUE(Open()->Record(Alarm("before")));
  const store::Chain before = store_.Chains("collector")->at(0);
  key_ = crypto::SigningKey::Generate();
  ASSERT_TRUE(Open()->Record(Alarm("after")));
  const wire::Event start = Events().at(2);
  EXPECT_EQ(start.sequence(), 1u);
  EXPECT_NE(start.incarnation(), before.incarnation);
  EXPECT_EQ(start.collector_start().previous_incarnation(), before.incarnation);
  EXPECT_EQ(start.collector_start().previous_head(), crypto::AsBytes(before.head));
  EXPECT_TRUE((*store_.FindChain("collector", before.incarnation))->closed);
  ExpectSound();
  ASSERT_TRUE(Open()->Record(Alarm("and on")));
  EXPECT_EQ(Events().back().incarnation(), start.incarnation());
}

TEST_F(ChronicleTest, ANewIncarnationCanBeAskedFor) {
  Open();
  Open(Beginning::kNewIncarnation);
  const auto events = Events();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_NE(events[0].incarnation(), events[1].incarnation());
  EXPECT_EQ(events[1].collector_start().previous_incarnation(), events[0].incarnation());
  ExpectSound();
}

TEST_F(ChronicleTest, AnEndThatItsKeyHasNotSealedIsCorrupt) {
  ASSERT_TRUE(Open()->Record(Alarm("before")));
  store_.change_chain = [](store::Chain& chain) { chain.head[3] ^= 1; };
  EXPECT_EQ(Chronicle::Open(store_, key_, {}).error().code, ErrorCode::kCorrupt);
  store_.change_chain = [](store::Chain& chain) { chain.seal.clear(); };
  EXPECT_EQ(Chronicle::Open(store_, key_, {}).error().code, ErrorCode::kCorrupt);
}

TEST_F(ChronicleTest, EventAndRecordAreOneCommit) {
  const auto chronicle = Open();
  const uint64_t commits = store_.commits();
  const auto receipt = chronicle->Append({Alarm("made")}, Put("a", "1", 0));
  ASSERT_TRUE(receipt);
  EXPECT_EQ(store_.commits(), commits + 1);
  EXPECT_EQ(receipt->first_leaf, store::Leaf{1});
  EXPECT_EQ(receipt->log_size, 2u);
  EXPECT_EQ(store_.Get(store::RecordKind::kSetting, "a")->value().revision, receipt->revision);
}

TEST_F(ChronicleTest, WhatIsNotAsExpectedLeavesNoEvent) {
  const auto chronicle = Open();
  ASSERT_TRUE(chronicle->Append({Alarm("first")}, Put("a", "1", 0)));
  EXPECT_EQ(chronicle->Append({Alarm("second")}, Put("a", "2", 0)).error().code, ErrorCode::kDenied);
  ASSERT_TRUE(chronicle->Record(Alarm("third")));
  EXPECT_THAT(Sentences(), ElementsAre("first", "third"));
  ExpectSound();
}

TEST_F(ChronicleTest, AChangeWithoutEventsLeavesTheChainAlone) {
  const auto chronicle = Open();
  ASSERT_TRUE(chronicle->Append({}, Put("a", "1", 0)));
  EXPECT_EQ(store_.stats().log_size, 1u);
  EXPECT_EQ(store_.Get(store::RecordKind::kSetting, "a")->value().bytes, "1");
}

TEST_F(ChronicleTest, EventsAreCutToSize) {
  const auto chronicle = Open();
  ASSERT_TRUE(chronicle->Record(Alarm(std::string(1000, 'x'))));
  EXPECT_EQ(Events().back().alarm().sentence().size(), wire::kMaxStringBytes);
  EXPECT_EQ(Events().back().cut_strings(), 1u);
}

TEST_F(ChronicleTest, ACommitThatFailedIsNotRepeatedAndBreaksNothing) {
  const auto chronicle = Open();
  store_.flaw = Flaw::kBefore;
  EXPECT_EQ(chronicle->Record(Alarm("never")).error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE(chronicle->Record(Alarm("then")));
  EXPECT_THAT(Sentences(), ElementsAre("then"));
  ExpectSound();
}

TEST_F(ChronicleTest, ACommitThatFailedLateIsGoneOnFrom) {
  const auto chronicle = Open();
  store_.flaw = Flaw::kAfter;
  EXPECT_EQ(chronicle->Record(Alarm("late")).error().code, ErrorCode::kUnavailable);
  ASSERT_TRUE(chronicle->Record(Alarm("then")));
  EXPECT_THAT(Sentences(), ElementsAre("late", "then"));
  ExpectSound();
}

TEST_F(ChronicleTest, TwoProgramsWithTheSameKeyShareTheChain) {
  const auto one = Open(), other = Open();
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(one->Record(Alarm("one")));
    ASSERT_TRUE(other->Append({Alarm("other")}, Put("a" + std::to_string(i), "", 0)));
  }
  EXPECT_EQ(Sentences().size(), 10u);
  ExpectSound();
}

TEST_F(ChronicleTest, AProgramWithAnotherKeyTakesTheChainOver) {
  const auto one = Open();
  const crypto::SigningKey other_key = crypto::SigningKey::Generate();
  ASSERT_TRUE(Chronicle::Open(store_, other_key, {.program = "recover", .version = {}, .host = {}}));
  EXPECT_EQ(one->Record(Alarm("one")).error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(Sentences(), IsEmpty());
  ExpectSound();
}

TEST_F(ChronicleTest, ManyThreadsWriteOneChain) {
  constexpr int kThreads = 6, kEach = 60;
  const auto chronicle = Open();
  std::vector<std::thread> threads;
  std::vector<std::vector<store::Receipt>> receipts(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEach; ++i) {
        const std::string name = std::to_string(thread) + "/" + std::to_string(i);
        const auto receipt =
            i % 3 == 0 ? chronicle->Append({Alarm(name)}, Put(name, "", 0)) : chronicle->Record(Alarm(name));
        if (receipt) receipts[thread].push_back(*receipt);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ExpectSound();
  // Each receipt names the leaf at which its event lies.
  const auto events = Events();
  std::set<uint64_t> leaves;
  for (int thread = 0; thread < kThreads; ++thread) {
    ASSERT_EQ(receipts[thread].size(), static_cast<size_t>(kEach));
    for (int i = 0; i < kEach; ++i) {
      const auto leaf = static_cast<uint64_t>(receipts[thread][i].first_leaf);
      EXPECT_TRUE(leaves.insert(leaf).second);
      EXPECT_EQ(events.at(leaf).alarm().sentence(), std::to_string(thread) + "/" + std::to_string(i));
    }
  }
}

// While one commit is under way, events that come alone gather and share the next.
TEST_F(ChronicleTest, EventsThatWaitShareACommit) {
  constexpr int kThreads = 8;
  const auto chronicle = Open();
  std::vector<std::thread> threads;
  const uint64_t before = store_.commits();
  store_.before_commit = [&] {
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] { EXPECT_TRUE(chronicle->Record(Alarm("waiting"))); });
    }
    while (chronicle->waiting() != kThreads) std::this_thread::yield();
  };
  ASSERT_TRUE(chronicle->Record(Alarm("first")));
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Sentences().size(), static_cast<size_t>(kThreads) + 1);
  EXPECT_EQ(store_.commits() - before, 2u);
  ExpectSound();
}

TEST_F(ChronicleTest, WhatCanBeAskedForIsIndexed) {
  const auto chronicle = Open();
  wire::Event event;
  event.mutable_administration()->set_action("key.revoke");
  event.mutable_administration()->set_outcome("refused");
  event.mutable_administration()->set_target_kind("key");
  event.mutable_administration()->set_target("k7x2m9q4w8ab");
  ASSERT_TRUE(chronicle->Record(event));
  store::EventFilter filter;
  filter.kind = "administration";
  filter.key = "k7x2m9q4w8ab";
  filter.decision = store::Decision::kRefused;
  EXPECT_EQ(store_.Find(filter, std::nullopt, 10)->events.size(), 1u);
  filter.decision = store::Decision::kAllowed;
  EXPECT_EQ(store_.Find(filter, std::nullopt, 10)->events.size(), 0u);
}

}  // namespace
}  // namespace postern::chronicle
