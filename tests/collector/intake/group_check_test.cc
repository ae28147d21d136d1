#include "collector/intake/group_check.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tests/collector/intake/host_chain.h"

namespace postern::intake {
namespace {

class GroupCheck : public testing::Test {
 protected:
  std::shared_ptr<const crypto::SigningKey> key_ =
      std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate());
  HostChain host_{key_, 7};
  store::Chain chain_;  // nothing is stored yet
  std::map<uint64_t, crypto::Digest> stored_;

  std::variant<CheckedGroup, Finding> Check(const wire::Group& group) {
    auto checked = CheckGroup(group, chain_, key_->public_key(), [this](uint64_t first, size_t limit) {
      std::vector<crypto::Digest> digests;
      while (digests.size() < limit && stored_.contains(first + digests.size())) {
        digests.push_back(stored_[first + digests.size()]);
      }
      return Result<std::vector<crypto::Digest>>(digests);
    });
    EXPECT_TRUE(checked);
    return *std::move(checked);
  }

  // Checks the group and takes it into the chain.
  CheckedGroup Store(const wire::Group& group) {
    auto checked = Check(group);
    EXPECT_TRUE(std::holds_alternative<CheckedGroup>(checked)) << std::get<Finding>(checked).sentence;
    auto& good = std::get<CheckedGroup>(checked);
    EXPECT_EQ(GoodPrefix({&good}, key_->public_key()), 1u);
    for (size_t i = 0; i < good.digests.size(); ++i) stored_[good.first + i] = good.digests[i];
    if (good.is_duplicate()) return good;
    chain_.sequence = good.last();
    chain_.head = good.head;
    return good;
  }

  std::string ReasonOf(const wire::Group& group) {
    const auto checked = Check(group);
    const auto* finding = std::get_if<Finding>(&checked);
    return finding == nullptr ? "good" : finding->reason;
  }

  // The same events under a seal that somebody else has made.
  std::string ReasonWithSeal(wire::Group group, const wire::Statement& statement) {
    group.set_seal(wire::MakeSeal(statement, *key_).SerializeAsString());
    return ReasonOf(group);
  }
};

TEST_F(GroupCheck, WhatFollowsIsTakenUpToItsSeal) {
  Store(host_.Start().Exchange("alice").Group());
  const CheckedGroup second = Store(host_.Exchange("bob").Group());
  EXPECT_EQ(second.first, 4u);
  EXPECT_EQ(second.last(), 5u);
  EXPECT_EQ(second.head, host_.now().head);
  EXPECT_EQ(second.digests.front(), crypto::Sha256(host_.event(4)));
  EXPECT_EQ(second.events.front().body, wire::Event::kIntent);
  EXPECT_FALSE(second.hole);
}

TEST_F(GroupCheck, WhatIsStoredAlreadyIsADuplicate) {
  const wire::Group group = host_.Start().Exchange("alice").Group();
  Store(group);
  EXPECT_TRUE(Store(group).is_duplicate());
}

TEST_F(GroupCheck, TheNewPartOfAnOverlapIsTaken) {
  Store(host_.Start().Exchange("alice").Group());
  host_.Exchange("bob");
  const CheckedGroup both = Store(host_.GroupOf(2, 5));
  EXPECT_EQ(both.skipped, 2);
  EXPECT_EQ(both.first, 4u);
  EXPECT_EQ(both.events.size(), 2u);
}

TEST_F(GroupCheck, TheRestOfASealedGroupIsTaken) {
  host_.Start().Exchange("alice").Exchange("bob");
  Store(host_.GroupOf(1, 2));
  wire::Group rest = host_.GroupOf(3, 5);
  // The seal as it lies in the spool: over 2 … 5.
  rest.set_seal(wire::MakeSeal({7, 2, 5, host_.now().head}, *key_).SerializeAsString());
  EXPECT_EQ(Store(rest).last(), 5u);
}

TEST_F(GroupCheck, AnotherEventAtAStoredPlaceIsAFork) {
  host_.Start();
  HostChain clone = host_;
  Store(host_.Exchange("alice").Group());
  const auto checked = Check(clone.Exchange("mallory").Group());
  ASSERT_TRUE(std::holds_alternative<Finding>(checked));
  EXPECT_EQ(std::get<Finding>(checked).problem, Problem::kFork);
}

TEST_F(GroupCheck, AHistoryThatForkedEarlierIsAForkByItsOwnSeal) {
  host_.Start();
  HostChain clone = host_;
  Store(host_.Exchange("alice").Group());
  clone.Exchange("mallory").Exchange("mallory");
  const auto checked = Check(clone.GroupOf(4, 5));
  ASSERT_TRUE(std::holds_alternative<Finding>(checked));
  EXPECT_EQ(std::get<Finding>(checked).problem, Problem::kFork);
}

TEST_F(GroupCheck, AHoleIsMissing) {
  Store(host_.Start().Group());
  host_.Exchange("alice").Exchange("bob");
  EXPECT_EQ(ReasonOf(host_.GroupOf(4, 5)), "missing");
}

TEST_F(GroupCheck, AHoleThatASealVouchesForIsNoted) {
  Store(host_.Start().Group());
  host_.Exchange("alice").Exchange("bob");
  wire::Group group = host_.GroupOf(4, 5);
  group.set_base(host_.SealAt(3));
  const CheckedGroup checked = Store(group);
  ASSERT_TRUE(checked.hole);
  EXPECT_EQ(checked.hole->first, 2u);
  EXPECT_EQ(checked.hole->last, 3u);
  EXPECT_EQ(checked.hole->head, host_.PlaceAt(3).head);
  EXPECT_EQ(checked.head, host_.now().head);
  // What was said to be lost can't come later.
  EXPECT_EQ(ReasonOf(host_.GroupOf(2, 3)), "hole");
}

TEST_F(GroupCheck, AHistoryWhoseBeginningWasTrimmedIsTakenFromItsBase) {
  host_.Start().Exchange("alice").Exchange("bob");
  wire::Group group = host_.GroupOf(4, 5);
  group.set_base(host_.SealAt(3));
  EXPECT_EQ(Store(group).hole->first, 1u);
}

TEST_F(GroupCheck, ABaseMustBeASealOverWhatIsRightBefore) {
  Store(host_.Start().Group());
  host_.Exchange("alice").Exchange("bob");
  wire::Group group = host_.GroupOf(4, 5);
  group.set_base("no seal");
  EXPECT_EQ(ReasonOf(group), "base");
  group.set_base(host_.SealAt(2));
  EXPECT_EQ(ReasonOf(group), "base");
  const auto other = crypto::SigningKey::Generate();
  group.set_base(wire::MakeSeal({7, 3, 3, host_.PlaceAt(3).head}, other).SerializeAsString());
  EXPECT_EQ(ReasonOf(group), "base");
}

TEST_F(GroupCheck, NothingOfAClosedChainIsTaken) {
  chain_.closed = true;
  EXPECT_EQ(ReasonOf(host_.Start().Group()), "closed");
}

TEST_F(GroupCheck, AChainBeginsWithAStart) { EXPECT_EQ(ReasonOf(host_.Exchange("alice").Group()), "event"); }

TEST_F(GroupCheck, AStartNamesTheKeyThatWasEnrolled) {
  wire::Event event;
  event.mutable_start()->set_public_key(std::string(crypto::SigningKey::Generate().public_key().raw()));
  EXPECT_EQ(ReasonOf(host_.Add(event).Group()), "key");
}

TEST_F(GroupCheck, AnEventSaysItsOwnPlace) {
  host_.Start();
  wire::Event event;
  event.set_incarnation(8);
  event.set_sequence(2);
  host_.AddRaw(event.SerializeAsString());
  EXPECT_EQ(ReasonOf(host_.Group()), "sequence");
}

TEST_F(GroupCheck, AnEventMustBeReadable) {
  EXPECT_EQ(ReasonOf(host_.Start().AddRaw("\xff\xff").Group()), "event");
}

TEST_F(GroupCheck, AgentsDontWriteTheCollectorsKinds) {
  wire::Event event;
  event.mutable_administration()->set_action("key.create");
  EXPECT_EQ(ReasonOf(host_.Start().Add(event).Group()), "event");
}

TEST_F(GroupCheck, EveryKindThatAgentsWriteIsTaken) {
  wire::Event stop, refusal, gap, first_use, secret, policy;
  stop.mutable_stop();
  refusal.mutable_refusal();
  gap.mutable_gap();
  first_use.mutable_key_first_used();
  secret.mutable_secret_found();
  policy.mutable_policy_change();
  host_.Start();
  for (const wire::Event& event : {stop, refusal, gap, first_use, secret, policy}) host_.Add(event);
  EXPECT_EQ(Store(host_.Group()).last(), 7u);
}

TEST_F(GroupCheck, ANewerAgentsKindIsTaken) {
  wire::Event event;
  event.set_version(1);
  event.set_incarnation(7);
  event.set_sequence(2);
  host_.Start().AddRaw(event.SerializeAsString() + std::string("\xfa\x01\x02hi", 5));
  EXPECT_EQ(Store(host_.Group()).last(), 2u);
}

TEST_F(GroupCheck, ASealSpeaksOfItsOwnEvents) {
  const wire::Group group = host_.Start().Exchange("alice").Group();
  const wire::Head head = host_.now().head;
  EXPECT_EQ(ReasonWithSeal(group, {7, 1, 3, head}), "good");
  EXPECT_EQ(ReasonWithSeal(group, {8, 1, 3, head}), "seal");
  EXPECT_EQ(ReasonWithSeal(group, {7, 1, 2, head}), "seal");
  EXPECT_EQ(ReasonWithSeal(group, {7, 2, 3, head}), "seal");
  wire::Group changed = group;
  changed.set_seal("no seal");
  EXPECT_EQ(ReasonOf(changed), "seal");
}

TEST_F(GroupCheck, ChangedEventsDontLeadToTheirHead) {
  wire::Group group = host_.Start().Exchange("alice").Group();
  std::string seal = group.seal();
  wire::Seal forged;
  ASSERT_TRUE(forged.ParseFromString(seal));
  forged.mutable_head()->front() ^= 1;
  group.set_seal(forged.SerializeAsString());
  EXPECT_EQ(ReasonOf(group), "chain");
}

TEST_F(GroupCheck, ASealOfAnotherKeyIsNotGood) {
  HostChain other(std::make_shared<crypto::SigningKey>(crypto::SigningKey::Generate()), 7);
  host_.Start();
  other.AddRaw(host_.event(1));  // the right event, sealed by another
  const wire::Group group = other.Group();
  const auto checked = Check(group);
  ASSERT_TRUE(std::holds_alternative<CheckedGroup>(checked));
  EXPECT_EQ(GoodPrefix({&std::get<CheckedGroup>(checked)}, key_->public_key()), 0u);
}

TEST_F(GroupCheck, TheLastGoodSealSpeaksForAllBeforeIt) {
  const wire::Group one = host_.Start().Group();
  const auto first = std::get<CheckedGroup>(Check(one));
  chain_.sequence = 1;
  chain_.head = host_.now().head;
  const wire::Group two = host_.Exchange("alice").Group();
  auto second = std::get<CheckedGroup>(Check(two));
  EXPECT_EQ(GoodPrefix({&first, &second}, key_->public_key()), 2u);
  wire::Seal forged;
  ASSERT_TRUE(forged.ParseFromString(two.seal()));
  forged.mutable_signature()->front() ^= 1;
  const std::string seal = forged.SerializeAsString();
  second.seal = seal;
  EXPECT_EQ(GoodPrefix({&first, &second}, key_->public_key()), 1u);
  EXPECT_EQ(GoodPrefix({}, key_->public_key()), 0u);
}

TEST_F(GroupCheck, AnErrorOfTheStoreIsNoVerdict) {
  const wire::Group group = host_.Start().Group();
  Store(group);
  const auto checked = CheckGroup(group, chain_, key_->public_key(),
                                  [](uint64_t, size_t) -> Result<std::vector<crypto::Digest>> {
                                    return Error{ErrorCode::kUnavailable, "the disk fails"};
                                  });
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace postern::intake
