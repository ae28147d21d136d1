// Of every engine: events and their bodies, also when these are removed.
#pragma once

#include "tests/collector/store/conformance/fixture.h"

namespace postern::store {

template <class Engine>
class StoreBodies : public StoreConformance<Engine> {};

TYPED_TEST_SUITE_P(StoreBodies);

TYPED_TEST_P(StoreBodies, RemovingBodiesLeavesEverythingElse) {
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

TYPED_TEST_P(StoreBodies, RemovingBodiesEndsAtTheFirstThatCameLater) {
  Writer writer;
  for (const int64_t received : {10, 20, 90, 30, 40})  // a clock that was set back
    writer.AddReceived(At(received), {.time = At(0), .kind = "intent"});
  this->MustCommit(writer.Take());
  uint64_t removed = 0;
  while (const uint64_t some = *this->store().RemoveBodies(At(50), {"intent"})) removed += some;
  EXPECT_EQ(removed, 2u);
  EXPECT_FALSE(this->store().Events({Leaf{3}})->at(0).bytes.empty());
}

TYPED_TEST_P(StoreBodies, AnEventSaysWhatItIsFiledUnderAlsoWithoutItsBody) {
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

TYPED_TEST_P(StoreBodies, EventsThatAreNotThereAreNotFound) {
  this->MustCommit(Writer().Add().Take());
  EXPECT_EQ(this->store().Events({Leaf{0}, Leaf{1}}).error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(this->store().Entries(Leaf{1}, 10)->empty());
  EXPECT_TRUE(this->store().Entries(Leaf{~uint64_t{0}}, 10)->empty());
}

REGISTER_TYPED_TEST_SUITE_P(StoreBodies, RemovingBodiesLeavesEverythingElse,
                            RemovingBodiesEndsAtTheFirstThatCameLater,
                            AnEventSaysWhatItIsFiledUnderAlsoWithoutItsBody,
                            EventsThatAreNotThereAreNotFound);

}  // namespace postern::store
