#include "collector/intake/memory_proof.h"

#include <gtest/gtest.h>

namespace postern::intake {
namespace {

class MemoryProof : public testing::Test {
 protected:
  const wire::Place place_{7, 3, crypto::Sha256("three events")};
  Remembered now_{.agent = "agent0000001",
                  .collector = "c0",
                  .epoch = 2,
                  .revision = 40,
                  .log_size = 100,
                  .place = place_};
  wire::Memory memory_;

  MemoryProof() {
    memory_.set_agent("agent0000001");
    memory_.set_collector("c0");
    memory_.set_epoch(2);
    memory_.set_revision(40);
    memory_.set_log_size(100);
    *memory_.mutable_acknowledged() = wire::ToMark(place_);
  }

  bool Forgot() { return WhatWasForgotten(memory_, now_).has_value(); }
};

TEST_F(MemoryProof, WhatIsRememberedProvesNothing) {
  EXPECT_FALSE(Forgot());
  now_.log_size = 200;
  now_.revision = 50;
  now_.place = {7, 5, crypto::Sha256("five events")};
  EXPECT_FALSE(Forgot());
}

TEST_F(MemoryProof, ALargerLogProvesARestore) {
  memory_.set_log_size(101);
  EXPECT_EQ(WhatWasForgotten(memory_, now_), "this collector once said log size 101 and now has 100");
}

TEST_F(MemoryProof, ANewerRevisionProvesARestore) {
  memory_.set_revision(41);
  EXPECT_TRUE(Forgot());
}

TEST_F(MemoryProof, AnEventThatWasAcknowledgedAndIsNotStoredProvesARestore) {
  now_.place = {7, 2, crypto::Sha256("two events")};
  EXPECT_TRUE(Forgot());
  now_.place = {};  // not even the chain
  EXPECT_TRUE(Forgot());
}

TEST_F(MemoryProof, AnotherHistoryThanWasAcknowledgedProvesARestore) {
  now_.place.head = crypto::Sha256("other events");
  EXPECT_TRUE(Forgot());
}

TEST_F(MemoryProof, ALaterEpochProvesARestore) {
  memory_.set_epoch(3);
  EXPECT_TRUE(Forgot());
}

TEST_F(MemoryProof, AnEarlierEpochProvesNothingMore) {
  memory_.set_epoch(1);
  memory_.set_log_size(1000);
  EXPECT_FALSE(Forgot());
}

TEST_F(MemoryProof, AnothersMemoryProvesNothing) {
  memory_.set_log_size(1000);
  memory_.set_agent("agent0000002");
  EXPECT_FALSE(Forgot());
  memory_.set_agent("agent0000001");
  memory_.set_collector("c1");
  EXPECT_FALSE(Forgot());
}

}  // namespace
}  // namespace postern::intake
