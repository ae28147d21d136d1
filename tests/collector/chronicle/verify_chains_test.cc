#include "collector/chronicle/verify_chains.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/chronicle/chronicle.h"
#include "shared/wire/chain.h"
#include "shared/wire/directory.pb.h"
#include "tests/collector/chronicle/flawed_store.h"

namespace postern::chronicle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr uint64_t kIncarnation = 7;

// A store with the collector's chain and one agent's, of `events` events.
class VerifyChainsTest : public testing::Test {
 protected:
  VerifyChainsTest() {
    auto chronicle = Chronicle::Open(store_, log_key_, {.program = "run", .version = {}, .host = {}});
    EXPECT_TRUE(chronicle);
    wire::AgentRecord record;
    record.set_seal_key(std::string(agent_key_.public_key().raw()));
    store::Change change;
    change.records.push_back({.record = {.kind = store::RecordKind::kAgent,
                                         .id = "host",
                                         .labels = {},
                                         .bytes = record.SerializeAsString()},
                              .expected = 0});
    wire::Event event;
    event.mutable_enrolment()->set_agent("host");
    event.mutable_enrolment()->set_seal_key(record.seal_key());
    EXPECT_TRUE((*chronicle)->Append({event}, change));
    chain_ = {.agent = "host",
              .incarnation = kIncarnation,
              .sequence = 0,
              .head = {},
              .seal_key = record.seal_key(),
              .seal = {},
              .issued = true,
              .closed = false,
              .holes = {},
              .open_state = {}};
  }

  void AddEvents(int count) {
    store::Change change;
    const uint64_t before = chain_.sequence;
    for (int i = 0; i < count; ++i) {
      wire::Event event;
      event.set_version(1);
      event.set_incarnation(kIncarnation);
      event.set_sequence(++chain_.sequence);
      if (chain_.sequence == 1) event.mutable_start();
      else event.mutable_stop()->set_reason("again");
      store::NewEvent next;
      next.bytes = event.SerializeAsString();
      next.entry = {"host", kIncarnation, chain_.sequence, WallTime{}, crypto::Sha256(next.bytes)};
      next.facts.kind = wire::KindName(event);
      chain_.head = wire::Extend(chain_.head, next.bytes);
      change.events.push_back(next);
    }
    Commit(std::move(change), before);
  }

  // Events that nobody has any more; the chain goes on from a head that only a seal has told.
  void AddHole(uint64_t count) {
    store::Hole hole{chain_.sequence + 1, chain_.sequence + count, crypto::Sha256("whatever they were")};
    const uint64_t before = chain_.sequence;
    chain_.sequence = hole.last;
    chain_.head = hole.head;
    chain_.holes.push_back(hole);
    Commit({}, before);
  }

  void Commit(store::Change change, uint64_t before) {
    chain_.seal = wire::MakeSeal({kIncarnation, before + 1, chain_.sequence, chain_.head}, agent_key_)
                      .SerializeAsString();
    change.chains.push_back({.chain = chain_, .expected = before});
    const auto receipt = store_.Commit(change);
    ASSERT_TRUE(receipt) << receipt.error().message;
  }

  ChainsVerdict Verify() {
    auto verdict = VerifyChains(store_, nullptr);
    EXPECT_TRUE(verdict);
    return *verdict;
  }

  FlawedStore store_;
  crypto::SigningKey log_key_ = crypto::SigningKey::Generate();
  crypto::SigningKey agent_key_ = crypto::SigningKey::Generate();
  store::Chain chain_;
};

TEST_F(VerifyChainsTest, ASoundStoreIsSound) {
  AddEvents(700);
  std::vector<uint64_t> progress;
  const auto verdict = VerifyChains(store_, [&](uint64_t done, uint64_t total) {
    EXPECT_EQ(total, 702u);
    progress.push_back(done);
  });
  ASSERT_TRUE(verdict);
  EXPECT_THAT(verdict->problems, IsEmpty());
  EXPECT_EQ(verdict->entries, 702u);
  EXPECT_EQ(verdict->bodies, 702u);
  EXPECT_EQ(verdict->chains, 2u);
  EXPECT_THAT(progress, ElementsAre(256u, 512u, 702u));
}

TEST_F(VerifyChainsTest, NothingButAChainThatWasIssuedIsSound) {
  Commit({}, 0);
  EXPECT_TRUE(Verify().sound());
}

TEST_F(VerifyChainsTest, BodiesMayBeGone) {
  AddEvents(10);
  ASSERT_EQ(*store_.RemoveBodies(WallTime::max(), {"stop"}), 9u);
  const ChainsVerdict verdict = Verify();
  EXPECT_THAT(verdict.problems, IsEmpty());
  EXPECT_EQ(verdict.bodies, 3u);
}

TEST_F(VerifyChainsTest, HolesAreGoneOnFrom) {
  AddEvents(3);
  AddHole(4);
  AddEvents(2);
  AddHole(1);
  AddHole(2);
  EXPECT_THAT(Verify().problems, IsEmpty());
}

TEST_F(VerifyChainsTest, AChangedBodyIsFound) {
  AddEvents(3);
  store_.change_event = [](store::StoredEvent& event) {
    if (event.entry.agent == "host" && event.entry.sequence == 2) event.bytes.back() ^= 1;
  };
  EXPECT_THAT(Verify().problems, ElementsAre(HasSubstr("event 2): its body isn't what was hashed")));
}

TEST_F(VerifyChainsTest, AChangedDigestIsFoundAtTheHead) {
  AddEvents(3);
  ASSERT_EQ(*store_.RemoveBodies(WallTime::max(), {"stop"}), 2u);
  store_.change_entry = [](uint64_t, store::Entry& entry) {
    if (entry.agent == "host" && entry.sequence == 2) entry.event[0] ^= 1;
  };
  EXPECT_THAT(Verify().problems, ElementsAre(HasSubstr("its head isn't that of its events")));
}

TEST_F(VerifyChainsTest, AMissingEntryIsFound) {
  AddEvents(3);
  store_.change_entry = [](uint64_t, store::Entry& entry) {
    if (entry.agent == "host" && entry.sequence == 2) entry.agent = "nobody";
  };
  EXPECT_THAT(Verify().problems,
              ElementsAre(HasSubstr("event 1 was expected"), HasSubstr("event 2 was expected"),
                          HasSubstr("its head isn't"), HasSubstr("but it is no chain")));
}

TEST_F(VerifyChainsTest, AChainThatEndsElsewhereIsFound) {
  AddEvents(3);
  store_.change_chain = [](store::Chain& chain) {
    if (chain.agent == "host") chain.sequence = 5;
  };
  EXPECT_THAT(Verify().problems, ElementsAre(HasSubstr("should end at event 5, but the log has it up to 3")));
}

TEST_F(VerifyChainsTest, AWrongSealIsFound) {
  AddEvents(3);
  store_.change_chain = [](store::Chain& chain) {
    wire::Seal seal;
    ASSERT_TRUE(seal.ParseFromString(chain.seal));
    seal.mutable_signature()->at(5) ^= 1;
    if (chain.agent == "host") chain.seal = seal.SerializeAsString();
  };
  EXPECT_THAT(Verify().problems, ElementsAre(HasSubstr("its seal's signature is wrong")));
  store_.change_chain = [](store::Chain& chain) {
    if (chain.agent == "host") chain.seal.clear();
  };
  EXPECT_EQ(Verify().problems.size(), 1u);
}

TEST_F(VerifyChainsTest, ASealOverAnEarlierEndIsFound) {
  AddEvents(2);
  const std::string earlier = chain_.seal;
  AddEvents(2);
  store_.change_chain = [&](store::Chain& chain) {
    if (chain.agent == "host") chain.seal = earlier;
  };
  EXPECT_THAT(Verify().problems, ElementsAre(HasSubstr("its seal is over something else")));
}

// Whoever rewrites a whole chain and seals it with a key of their own still isn't the agent that joined.
TEST_F(VerifyChainsTest, AChainWithAKeyThatNeverJoinedIsFound) {
  agent_key_ = crypto::SigningKey::Generate();
  chain_.seal_key = std::string(agent_key_.public_key().raw());
  AddEvents(3);
  EXPECT_THAT(Verify().problems, ElementsAre(HasSubstr("its key isn't the one that its agent joined with")));
}

TEST_F(VerifyChainsTest, ACollectorsChainOfAnotherKeyIsFoundByWhoHasTheKey) {
  const crypto::SigningKey other = crypto::SigningKey::Generate();
  EXPECT_TRUE(VerifyChains(store_, nullptr, &log_key_.public_key())->sound());
  EXPECT_THAT(VerifyChains(store_, nullptr, &other.public_key())->problems,
              ElementsAre(HasSubstr("its key isn't this collector's log key")));
}

TEST_F(VerifyChainsTest, ManyProblemsAreCounted) {
  AddEvents(300);
  store_.change_event = [](store::StoredEvent& event) { event.bytes.back() ^= 1; };
  const ChainsVerdict verdict = Verify();
  EXPECT_EQ(verdict.problems.size(), ChainsVerdict::kMaxProblems);
  EXPECT_EQ(verdict.more_problems, 302 - ChainsVerdict::kMaxProblems);
  EXPECT_FALSE(verdict.sound());
}

}  // namespace
}  // namespace postern::chronicle
