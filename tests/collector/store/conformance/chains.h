// Of every engine: chains of agents: what is known of them, forks, what is set aside.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "tests/collector/store/conformance/fixture.h"

namespace postern::store {

template <class Engine>
class StoreChains : public StoreConformance<Engine> {};

TYPED_TEST_SUITE_P(StoreChains);

TYPED_TEST_P(StoreChains, ChainsOfAnAgentAreItsOwn) {
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

TYPED_TEST_P(StoreChains, DigestsTellADuplicateFromAFork) {
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

TYPED_TEST_P(StoreChains, AHistoryMayBeginLateAndHaveHoles) {
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

TYPED_TEST_P(StoreChains, AChainIsRememberedWithItsHoles) {
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

TYPED_TEST_P(StoreChains, AClosedChainStaysClosed) {
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

TYPED_TEST_P(StoreChains, WhatIsSetAsideIsBoundedForEachAgent) {
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

REGISTER_TYPED_TEST_SUITE_P(StoreChains, ChainsOfAnAgentAreItsOwn, DigestsTellADuplicateFromAFork,
                            AHistoryMayBeginLateAndHaveHoles, AChainIsRememberedWithItsHoles,
                            AClosedChainStaysClosed, WhatIsSetAsideIsBoundedForEachAgent);

}  // namespace postern::store
