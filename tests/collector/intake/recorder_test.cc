#include "collector/intake/recorder.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "collector/store/memory_store.h"
#include "tests/collector/intake/host_chain.h"

namespace postern::intake {
namespace {

constexpr bus::Peer kPeer{1};

// The recorder over a store in memory; what the committer does is done by Commit.
class RecorderTest : public testing::Test {
 protected:
  std::shared_ptr<const crypto::SigningKey> key_ =
      std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate());
  std::unique_ptr<store::Store> store_ = store::MakeMemoryStore();
  AgentTable agents_;
  Presence presence_;
  Progress progress_;
  std::unique_ptr<Recorder> recorder_ = NewRecorder();
  HostChain host_{key_, 7};

  RecorderTest() { Enrol("agent0000001", *key_); }

  std::unique_ptr<Recorder> NewRecorder() {
    return std::make_unique<Recorder>(*store_, agents_, presence_, progress_, [] { return WallTime{}; });
  }

  void Enrol(const std::string& id, const crypto::SigningKey& key,
             wire::AgentState state = wire::AGENT_ACTIVE) {
    wire::AgentRecord record;
    record.set_id(id);
    record.set_host("laptop-17");
    record.set_seal_key(std::string(key.public_key().raw()));
    record.set_state(state);
    record.set_why(state == wire::AGENT_ACTIVE ? "" : "its history forked");
    agents_.Put(record);
  }

  static Submission Of(std::vector<wire::Group> groups, const std::string& agent = "agent0000001",
                       bus::Peer peer = kPeer) {
    Submission submission;
    submission.agent = agent;
    submission.peer = peer;
    submission.greeting = 1;
    for (wire::Group& group : groups) *submission.events.add_groups() = std::move(group);
    return submission;
  }

  void Commit(const Batch& batch) {
    if (!batch.change.empty()) {
      const auto receipt = store_->Commit(batch.change);
      ASSERT_TRUE(receipt) << receipt.error().message;
    }
    progress_.committed = batch.number;
  }

  Batch Take(std::vector<Submission> submissions) {
    Batch batch = recorder_->Verify(submissions);
    Commit(batch);
    return batch;
  }

  // "marks reasons" of the one reply.
  static std::string Told(const Batch& batch) {
    if (batch.replies.size() != 1) return std::to_string(batch.replies.size()) + " replies";
    std::string told;
    for (const wire::Place& mark : batch.replies[0].marks) {
      told += std::to_string(mark.incarnation) + ":" + std::to_string(mark.sequence) + " ";
    }
    for (const wire::Rejected& rejected : batch.replies[0].rejections) told += rejected.reason() + " ";
    return told;
  }

  uint64_t LogSize() { return store_->stats().log_size; }
};

TEST_F(RecorderTest, WhatVerifiesIsStoredAndAcknowledged) {
  const Batch batch = Take({Of({host_.Start().Exchange("alice").Group()})});
  EXPECT_EQ(Told(batch), "7:3 ");
  EXPECT_EQ(batch.replies[0].marks[0], host_.now());
  const auto chain = store_->FindChain("agent0000001", 7);
  ASSERT_TRUE(chain && *chain);
  EXPECT_EQ((*chain)->sequence, 3u);
  EXPECT_EQ((*chain)->head, host_.now().head);
  EXPECT_FALSE((*chain)->seal.empty());
  EXPECT_EQ((*chain)->seal_key, key_->public_key().raw());
}

TEST_F(RecorderTest, EachEventCountsOnceHoweverOftenItComes) {
  const Submission first = Of({host_.Start().Exchange("alice").Group()});
  Take({first});
  EXPECT_EQ(Told(Take({first, first})), "7:3 ");
  EXPECT_EQ(Told(Take({Of({host_.Exchange("bob").Group()}), first})), "7:5 ");
  EXPECT_EQ(LogSize(), 5u);
  const auto sums = store_->Sum({.from = WallTime::min(), .to = WallTime::max()});
  ASSERT_TRUE(sums && sums->size() == 1);
  EXPECT_EQ(sums->front().spending.requests, 2u);
}

TEST_F(RecorderTest, AnOutcomeIsFoundByItsIntentInALaterBatch) {
  Take({Of({host_.Start().Intent("alice", 1).Group()})});
  Take({Of({host_.Outcome(1).Group()})});
  store::EventFilter filter;
  filter.user = "alice";
  filter.kind = "outcome";
  EXPECT_EQ(store_->Find(filter, std::nullopt, 10)->events.size(), 1u);
}

TEST_F(RecorderTest, AnOutcomeIsFoundByItsIntentAfterARestart) {
  Take({Of({host_.Start().Intent("alice", 1).Intent("bob", 2).Outcome(2).Group()})});
  recorder_ = NewRecorder();
  Take({Of({host_.Outcome(1).Group()})});
  store::EventFilter filter;
  filter.user = "alice";
  filter.kind = "outcome";
  EXPECT_EQ(store_->Find(filter, std::nullopt, 10)->events.size(), 1u);
  EXPECT_TRUE((*store_->FindChain("agent0000001", 7))->open_state.empty());
}

TEST_F(RecorderTest, TheNextBatchIsVerifiedBeforeTheLastIsStored) {
  const Batch first = recorder_->Verify({Of({host_.Start().Group()})});
  const Batch second = recorder_->Verify({Of({host_.Exchange("alice").Group()})});
  EXPECT_EQ(Told(second), "7:3 ");
  Commit(first);
  Commit(second);
  EXPECT_EQ(LogSize(), 3u);
}

TEST_F(RecorderTest, ADuplicateOfWhatIsNotYetStoredIsOne) {
  const Submission start = Of({host_.Start().Exchange("alice").Group()});
  const Batch first = recorder_->Verify({start});
  const Batch second = recorder_->Verify({start});
  EXPECT_EQ(Told(second), "7:3 ");
  EXPECT_TRUE(second.change.empty());
  Commit(first);
  EXPECT_EQ(Told(Take({start})), "7:3 ");
}

TEST_F(RecorderTest, AfterABatchThatFailedEverythingIsReadAnew) {
  const Submission start = Of({host_.Start().Group()});
  const Submission rest = Of({host_.Exchange("alice").Group()});
  const Batch lost = recorder_->Verify({start});
  const Batch rests_on_it = recorder_->Verify({rest});
  EXPECT_EQ(lost.generation, rests_on_it.generation);
  progress_.generation++;  // the first was not stored
  const Batch again = recorder_->Verify({start, rest});
  EXPECT_NE(again.generation, lost.generation);
  Commit(again);
  EXPECT_EQ(LogSize(), 3u);
}

TEST_F(RecorderTest, AHoleIsTheAgentsToFillAndSaidOnce) {
  Take({Of({host_.Start().Group()})});
  host_.Exchange("alice").Exchange("bob").Exchange("carol");
  EXPECT_EQ(Told(Take({Of({host_.GroupOf(4, 5), host_.GroupOf(6, 7)})})), "missing ");
  EXPECT_EQ(presence_.counters.missing, 2u);
  EXPECT_EQ(Told(Take({Of({host_.GroupOf(2, 3), host_.GroupOf(4, 7)})})), "7:7 ");
}

TEST_F(RecorderTest, WhatDoesntVerifyIsSetAsideAndDoesntBlockWhatDoes) {
  const auto other_key = std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate());
  Enrol("agent0000002", *other_key);
  HostChain other(other_key, 9);
  wire::Group bad = host_.Start().Group();
  bad.set_seal("no seal");
  const Batch batch = Take({Of({bad}), Of({other.Start().Group()}, "agent0000002", bus::Peer{2})});
  ASSERT_EQ(batch.replies.size(), 2u);
  EXPECT_EQ(batch.replies[0].rejections[0].reason(), "unverified");
  EXPECT_EQ(batch.replies[1].marks[0].sequence, 1u);
  ASSERT_EQ(batch.alarms.size(), 1u);
  EXPECT_EQ(batch.alarms[0].reason, "unverified");
  const auto kept = store_->ListSetAside("agent0000001", 10);
  ASSERT_TRUE(kept && kept->size() == 1);
  EXPECT_EQ(kept->front().reason, "seal");
  EXPECT_EQ(kept->front().bytes, bad.SerializeAsString());
}

TEST_F(RecorderTest, AChainThatDidntVerifyIsLookedAtAgainAfterTheNextHello) {
  wire::Group good = host_.Start().Group();
  wire::Group bad = good;
  bad.set_seal("no seal");
  Take({Of({bad})});
  EXPECT_EQ(Told(Take({Of({good})})), "0 replies");
  Submission later = Of({good});
  later.greeting = 2;
  EXPECT_EQ(Told(Take({later})), "7:1 ");
}

TEST_F(RecorderTest, AnotherChainOfTheSameAgentGoesOn) {
  wire::Group bad = host_.Start().Group();
  bad.set_seal("no seal");
  HostChain second(key_, 8);
  EXPECT_EQ(Told(Take({Of({bad, second.Start().Group()})})), "8:1 unverified ");
}

TEST_F(RecorderTest, GroupsBeforeAForgedSealAreTaken) {
  const auto thief = std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate());
  wire::Group first = host_.Start().Group();
  host_.Exchange("alice");
  wire::Group forged = host_.GroupOf(2, 3);
  forged.set_seal(wire::MakeSeal({7, 2, 3, host_.now().head}, *thief).SerializeAsString());
  EXPECT_EQ(Told(Take({Of({first, forged})})), "7:1 unverified ");
  EXPECT_EQ(LogSize(), 1u);
}

TEST_F(RecorderTest, AnotherAgentsEventsAreNotTaken) {
  const auto thief = std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate());
  Enrol("agent0000002", *thief);
  const wire::Group group = host_.Start().Group();
  EXPECT_EQ(Told(Take({Of({group}, "agent0000002", bus::Peer{2})})), "unverified ");
  EXPECT_EQ(LogSize(), 0u);
}

TEST_F(RecorderTest, AForkIsFoundAndNothingMoreOfThatAgentIsTaken) {
  Take({Of({host_.Start().Group()})});
  HostChain clone = host_;
  Take({Of({host_.Exchange("alice").Group()})});
  const Batch batch = Take({Of({clone.Exchange("mallory").Group()}), Of({host_.Exchange("bob").Group()})});
  EXPECT_EQ(Told(batch), "fork ");
  ASSERT_EQ(batch.forks.size(), 1u);
  EXPECT_EQ(batch.forks[0].agent, "agent0000001");
  EXPECT_EQ(store_->ListSetAside("agent0000001", 10)->size(), 1u);
  EXPECT_EQ(LogSize(), 3u);
}

TEST_F(RecorderTest, OfAQuarantinedAgentNothingIsTaken) {
  Enrol("agent0000001", *key_, wire::AGENT_QUARANTINED);
  EXPECT_EQ(Told(Take({Of({host_.Start().Group()})})), "quarantined ");
  EXPECT_EQ(LogSize(), 0u);
}

TEST_F(RecorderTest, AChainThatWasClosedInTheMeantimeIsReadAnew) {
  Take({Of({host_.Start().Group()})});
  store::Chain chain = **store_->FindChain("agent0000001", 7);
  chain.closed = true;
  store::Change change;
  change.chains.push_back({chain, chain.sequence});
  ASSERT_TRUE(store_->Commit(change));
  const Batch late = recorder_->Verify({Of({host_.Exchange("alice").Group()})});
  EXPECT_EQ(store_->Commit(late.change).error().code, ErrorCode::kDenied);
  progress_.generation++;
  EXPECT_EQ(Told(Take({Of({host_.GroupOf(2, 3)})})), "closed ");
}

TEST_F(RecorderTest, AHoleThatASealVouchesForIsNotedAndAlarmed) {
  Take({Of({host_.Start().Group()})});
  host_.Exchange("alice").Exchange("bob");
  wire::Group group = host_.GroupOf(4, 5);
  group.set_base(host_.SealAt(3));
  const Batch batch = Take({Of({group})});
  EXPECT_EQ(Told(batch), "7:5 ");
  ASSERT_EQ(batch.alarms.size(), 1u);
  EXPECT_EQ(batch.alarms[0].reason, "hole");
  const auto chain = *store_->FindChain("agent0000001", 7);
  ASSERT_EQ(chain->holes.size(), 1u);
  EXPECT_EQ(chain->holes[0].last, 3u);
  EXPECT_EQ(Told(Take({Of({host_.Exchange("carol").GroupOf(6, 7)})})), "7:7 ");
}

TEST_F(RecorderTest, WhatIsSetAsideOfOneAgentIsBounded) {
  wire::Group bad = host_.Start().Group();
  bad.set_seal("no seal");
  for (uint64_t greeting = 1; greeting <= 40; ++greeting) {
    Submission submission = Of({bad});
    submission.greeting = greeting;
    Take({submission});
  }
  EXPECT_EQ(presence_.counters.unverified, 40u);
  EXPECT_EQ(store_->ListSetAside("agent0000001", 100)->size(), 16u);
}

}  // namespace
}  // namespace postern::intake
