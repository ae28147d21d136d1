#include "collector/intake/hello.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/collector/intake/host_chain.h"

namespace postern::intake {
namespace {

class Greeting : public testing::Test {
 protected:
  HostChain host_{std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate()), 7};
  wire::Hello hello_;
  Acquaintance known_;

  Greeting() {
    host_.Start().Exchange("alice");
    hello_.set_machine(std::string(32, 'm'));
    *hello_.mutable_now() = wire::ToMark(host_.now());
    known_.record.set_machine(std::string(32, 'm'));
    known_.record.set_incarnation(7);
    known_.issued = Stored(host_.now());
  }

  static store::Chain Stored(const wire::Place& place) {
    store::Chain chain;
    chain.incarnation = place.incarnation;
    chain.sequence = place.sequence;
    chain.head = place.head;
    chain.issued = true;
    return chain;
  }

  Course CourseNow() { return Judge(hello_, known_).course; }
  std::string AlarmNow() { return Judge(hello_, known_).alarm; }
};

TEST_F(Greeting, WhoHasAllThatIsStoredGoesOn) { EXPECT_EQ(CourseNow(), Course::kGoOn); }

TEST_F(Greeting, WhoHasMoreThanIsStoredGoesOn) {
  *hello_.mutable_now() = wire::ToMark(host_.Exchange("bob").now());
  EXPECT_EQ(CourseNow(), Course::kGoOn);
}

TEST_F(Greeting, AHostThatIsNewIsIssuedItsFirst) {
  known_.record.set_incarnation(0);
  known_.issued.reset();
  EXPECT_EQ(CourseNow(), Course::kIssue);
  EXPECT_EQ(AlarmNow(), "");
}

TEST_F(Greeting, AnotherMachineBesideOneThatIsAliveIsAClone) {
  hello_.set_machine(std::string(32, 'n'));
  EXPECT_EQ(CourseNow(), Course::kIssue);
  EXPECT_EQ(AlarmNow(), "machine");
  known_.company = Acquaintance::Company::kAnotherLife;
  EXPECT_EQ(CourseNow(), Course::kFork);
  EXPECT_EQ(AlarmNow(), "clone");
}

TEST_F(Greeting, AnOlderIncarnationBesideOneThatIsAliveIsAClone) {
  known_.record.set_incarnation(8);
  known_.issued->incarnation = 8;
  known_.origin = Acquaintance::Origin::kIssuedHere;
  EXPECT_EQ(AlarmNow(), "older");
  known_.company = Acquaintance::Company::kAnotherLife;
  EXPECT_EQ(CourseNow(), Course::kFork);
  EXPECT_EQ(AlarmNow(), "clone");
  // What it was offered and hasn't begun it is offered again, whoever else there was.
  known_.issued->sequence = 0;
  known_.offer = Acquaintance::Offer::kToThisLife;
  EXPECT_EQ(CourseNow(), Course::kOffer);
}

TEST_F(Greeting, AnotherHeadAtTheStoredPlaceIsAFork) {
  HostChain clone = host_;
  hello_.mutable_now()->set_sequence(3);
  known_.issued = Stored(clone.PlaceAt(3));
  hello_.mutable_now()->set_head(std::string(32, 'x'));
  EXPECT_EQ(CourseNow(), Course::kFork);
  EXPECT_EQ(AlarmNow(), "fork");
}

TEST_F(Greeting, AnOlderStateThatWentAnotherWayIsAFork) {
  HostChain snapshot = host_;
  known_.issued = Stored(host_.Exchange("bob").now());
  known_.head_at_now = host_.PlaceAt(4).head;
  *hello_.mutable_now() = wire::ToMark(snapshot.Start().now());  // its own fourth event
  EXPECT_EQ(CourseNow(), Course::kFork);
}

TEST_F(Greeting, AnOlderStateThatIsAPartOfWhatIsStoredGetsANewIncarnation) {
  known_.issued = Stored(HostChain(host_).Exchange("bob").now());
  known_.head_at_now = host_.now().head;
  EXPECT_EQ(CourseNow(), Course::kIssue);
  EXPECT_EQ(AlarmNow(), "restored");
  known_.head_at_now.reset();  // a hole in the chain: it can't be told
  EXPECT_EQ(CourseNow(), Course::kIssue);
}

TEST_F(Greeting, AnEmptyStateUnderTheSameIncarnationIsOlder) {
  known_.head_at_now = wire::kFirstHead;
  hello_.mutable_now()->set_sequence(0);
  hello_.mutable_now()->clear_head();
  EXPECT_EQ(CourseNow(), Course::kIssue);
  EXPECT_EQ(AlarmNow(), "restored");
}

TEST_F(Greeting, ALostStateGetsANewIncarnation) {
  hello_.mutable_now()->set_incarnation(8);
  EXPECT_EQ(CourseNow(), Course::kIssue);
  EXPECT_EQ(AlarmNow(), "lost");
}

TEST_F(Greeting, AStateOlderThanTheLastIncarnationGetsANewOne) {
  hello_.mutable_now()->set_incarnation(6);
  known_.origin = Acquaintance::Origin::kIssuedHere;
  EXPECT_EQ(CourseNow(), Course::kIssue);
  EXPECT_EQ(AlarmNow(), "older");
}

TEST_F(Greeting, AStateThatTheCollectorHasForgottenIsNoAlarm) {
  hello_.mutable_now()->set_incarnation(8);
  known_.last_memory = Acquaintance::Epoch::kEarlier;
  EXPECT_EQ(CourseNow(), Course::kIssue);
  EXPECT_EQ(AlarmNow(), "");
}

TEST_F(Greeting, AnotherMachineGetsANewIncarnation) {
  hello_.set_machine(std::string(32, 'n'));
  EXPECT_EQ(CourseNow(), Course::kIssue);
  EXPECT_EQ(AlarmNow(), "machine");
}

TEST_F(Greeting, AnIncarnationThatWasNotBegunIsOfferedAgainToTheSameLife) {
  hello_.mutable_now()->set_incarnation(6);
  known_.issued = Stored({7, 0, wire::kFirstHead});
  known_.offer = Acquaintance::Offer::kToThisLife;
  EXPECT_EQ(CourseNow(), Course::kOffer);
  known_.offer = Acquaintance::Offer::kNone;
  EXPECT_EQ(CourseNow(), Course::kIssue);
  EXPECT_EQ(AlarmNow(), "");
}

TEST_F(Greeting, AfterForfeitThereIsANewIncarnation) {
  known_.issued->closed = true;
  EXPECT_EQ(CourseNow(), Course::kIssue);
  EXPECT_EQ(AlarmNow(), "");
}

TEST_F(Greeting, AQuarantinedAgentStaysIt) {
  known_.record.set_state(wire::AGENT_QUARANTINED);
  known_.record.set_why("its history forked");
  EXPECT_EQ(CourseNow(), Course::kQuarantined);
  EXPECT_EQ(Judge(hello_, known_).why, "its history forked");
}

}  // namespace
}  // namespace postern::intake
