#include "collector/policy/policies.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/policy/signed.h"
#include "tests/collector/policy/desk.h"

namespace postern::policies {
namespace {

using ::testing::HasSubstr;
using Outcome = Attempt::Outcome;

class PoliciesTest : public Desk {};

TEST_F(PoliciesTest, ACollectorWithoutAPolicyMakesOneThatAllowsWhatHasAPrice) {
  const auto first = *policies->Current();
  EXPECT_EQ(first->version.version, 1u);
  EXPECT_EQ(first->version.how, "made at the first start");
  EXPECT_EQ(first->policy.organisation(), "example");
  EXPECT_EQ(house.LastAct(), "policy.apply done 1 made at the first start");
  Question question;
  question.user = "root@example.com";
  question.model = "claude-opus-5";
  const auto explained = policies->Explain(question);
  ASSERT_TRUE(explained) << explained.error().message;
  EXPECT_TRUE(explained->allowed) << explained->sentence;
  const uint64_t revision = house.directory->revision();
  Open();  // once
  EXPECT_EQ(InForce(), 1u);
  EXPECT_EQ(house.directory->revision(), revision);
}

TEST_F(PoliciesTest, ATextBecomesTheNextVersionSignedKeptAndTold) {
  const Attempt attempt = Apply(Text("  max_tokens: 32000\n"));
  ASSERT_EQ(attempt.outcome, Outcome::kDone) << attempt.sentence;
  EXPECT_EQ(told, 1);
  EXPECT_EQ(house.LastAct(), "policy.apply done 2 applied");
  Open();  // as it lies in the store
  const auto issued = *policies->Current();
  EXPECT_EQ(issued->version.version, 2u);
  EXPECT_EQ(issued->version.former, 1u);
  EXPECT_EQ(issued->version.author, "root");
  EXPECT_EQ(issued->version.administrator, "adm1n0000001");
  EXPECT_EQ(issued->version.revision, attempt.issued->version.revision);
  EXPECT_EQ(issued->source, Text("  max_tokens: 32000\n"));
  wire::SignedPolicy sent;
  ASSERT_TRUE(sent.ParseFromString(issued->sent));
  EXPECT_EQ(sent.source(), "");
  EXPECT_EQ(issued->sent_sha256, crypto::Sha256(issued->sent));
  EXPECT_EQ(issued->version.sha256, crypto::Sha256(sent.snapshot()));
  const auto verified = policy::Verify(sent, key.public_key());
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->version(), 2u);
  EXPECT_EQ(verified->collector(), "\xc0\xff\xee" + std::string(1, '\0') + "\xc0\xff\xee" +
                                       std::string(1, '\0') + "\xc0\xff\xee" + std::string(1, '\0') +
                                       "\xc0\xff\xee" + std::string(1, '\0'));
  EXPECT_EQ(verified->author(), "root");
  EXPECT_EQ(verified->made(), directory::kNow * 1'000'000'000);
  EXPECT_EQ(verified->defaults().max_tokens(), 32000u);
  house.ExpectSound();
}

TEST_F(PoliciesTest, EveryVersionHasTheFirstOnesKeyForFingerprints) {
  const std::string first = (*policies->Current())->policy.secrets().fingerprint_key();
  EXPECT_EQ(first.size(), 32u);
  Applied(Text("secrets: {answers: true}\n"));
  EXPECT_EQ((*policies->Current())->policy.secrets().fingerprint_key(), first);
  EXPECT_TRUE((*policies->Current())->policy.secrets().answers());
  ASSERT_EQ(policies->Rollback(house.actor, 1, Force::kYes)->outcome, Outcome::kDone);
  EXPECT_EQ((*policies->Current())->policy.secrets().fingerprint_key(), first);
}

TEST_F(PoliciesTest, TheSameTextChangesNothing) {
  Applied(Text("  max_tokens: 32000\n"));
  const Attempt again = Apply(WithBase(Text("  max_tokens: 32000\n"), 2));
  EXPECT_EQ(again.outcome, Outcome::kUnchanged);
  EXPECT_EQ(again.issued->version.version, 2u);
  EXPECT_EQ(InForce(), 2u);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(house.LastAct(), "policy.apply done 2 it is in force already");
}

TEST_F(PoliciesTest, WhatIsNoPolicyIsRefusedWithItsLine) {
  const Attempt attempt = Apply("organisation:\n  name: example\n  modles: {allow: [\"*\"]}\n");
  EXPECT_EQ(attempt.outcome, Outcome::kWrong);
  ASSERT_EQ(attempt.assessment.problems.size(), 1u);
  EXPECT_EQ(attempt.assessment.problems[0].line, 3);
  EXPECT_THAT(attempt.sentence, HasSubstr("did you mean \"models\"?"));
  EXPECT_EQ(InForce(), 1u);
  EXPECT_EQ(told, 0);
  EXPECT_THAT(house.LastAct(), HasSubstr("policy.apply refused  policy.yaml:3: "));
}

TEST_F(PoliciesTest, ATextThatIsAChangeOfAnOlderVersionIsRefusedWithWhatItMissed) {
  house.Team("ml");
  house.User("eve@example.com", "ml");
  house.Key("eve@example.com");
  Applied(Text("  max_tokens: 32000\n"));
  Applied(Text("  max_tokens: 32000\nteams: {ml: {models: {deny: [claude-opus-5]}}}\n"));
  const Attempt attempt = Apply(Text("  max_tokens: 16000\n"), 2);
  EXPECT_EQ(attempt.outcome, Outcome::kStale);
  EXPECT_EQ(attempt.sentence, "the text is a change of version 2, and version 3 by root is in force");
  ASSERT_FALSE(attempt.missed.empty());
  EXPECT_EQ(attempt.missed.differences[0].affected.who, "team ml");
  EXPECT_FALSE(attempt.assessment.comparison.empty());
  EXPECT_EQ(InForce(), 3u);
  EXPECT_EQ(Apply(WithBase(Text("  max_tokens: 16000\n"), 2)).outcome, Outcome::kStale);
  EXPECT_EQ(Apply(WithBase(Text("  max_tokens: 16000\n"), 2), 3).outcome, Outcome::kDone);
  EXPECT_THAT(Apply(Text("  max_tokens: 8000\n"), 77).sentence, HasSubstr("there is no version 77"));
}

TEST_F(PoliciesTest, TheFirstLineSaysWhichVersionATextIsAChangeOf) {
  EXPECT_EQ(BaseIn(""), std::nullopt);
  EXPECT_EQ(BaseIn("organisation: {}\n"), std::nullopt);
  EXPECT_EQ(BaseIn("# postern policy: version 14\nx: 1\n"), 14u);
  EXPECT_EQ(BaseIn("# postern policy: version 14\r\nx: 1\n"), 14u);
  EXPECT_EQ(BaseIn("# postern policy: version 14"), 14u);
  EXPECT_EQ(BaseIn("# postern policy: version \n"), std::nullopt);
  EXPECT_EQ(BaseIn("# postern policy: version 14 and more\n"), std::nullopt);
  EXPECT_EQ(WithBase("x: 1\n", 3), "# postern policy: version 3\nx: 1\n");
  EXPECT_EQ(WithBase("# postern policy: version 14\nx: 1\n", 3), "# postern policy: version 3\nx: 1\n");
  EXPECT_EQ(WithBase("# postern policy: version 14", 3), "# postern policy: version 3\n");
}

TEST_F(PoliciesTest, WhatIsProbablyNotMeantNeedsForce) {
  const std::string nobody = "organisation:\n  name: example\n  models: {deny: [\"*\"]}\n";
  const Attempt refused = Apply(nobody);
  EXPECT_EQ(refused.outcome, Outcome::kNeedsForce) << refused.sentence;
  EXPECT_TRUE(refused.assessment.has(Problem::Weight::kNeedsForce));
  EXPECT_EQ(InForce(), 1u);
  EXPECT_THAT(house.LastAct(), HasSubstr("policy.apply refused"));
  EXPECT_EQ(Apply(nobody, {}, Force::kYes).outcome, Outcome::kDone);
  EXPECT_EQ(InForce(), 2u);
  house.Team("ml");
  const Attempt unknown = Apply(Text("teams: {nowhere: {max_tokens: 5}}\n"));
  EXPECT_EQ(unknown.outcome, Outcome::kNeedsForce) << unknown.sentence;
}

TEST_F(PoliciesTest, ACheckChangesNothingAndSaysWhatApplyWouldComeTo) {
  const uint64_t size = house.store.stats().log_size;
  EXPECT_EQ(policies->Check(Text("  max_tokens: 32000\n"))->outcome, Outcome::kDone);
  EXPECT_FALSE(policies->Check(Text("  max_tokens: 32000\n"))->assessment.comparison.empty());
  EXPECT_EQ(policies->Check("nonsense")->outcome, Outcome::kWrong);
  EXPECT_EQ(policies->Check((*policies->Current())->source)->outcome, Outcome::kUnchanged);
  EXPECT_EQ(house.store.stats().log_size, size);
  EXPECT_EQ(InForce(), 1u);
}

TEST_F(PoliciesTest, AnEarlierTextComesBackAsANewVersion) {
  Applied(Text("  max_tokens: 32000\n"));
  Applied(WithBase(Text("  max_tokens: 16000\n"), 2));
  const auto attempt = policies->Rollback(house.actor, 2, Force::kNo);
  ASSERT_TRUE(attempt) << attempt.error().message;
  EXPECT_EQ(attempt->outcome, Outcome::kDone) << attempt->sentence;
  EXPECT_EQ(InForce(), 4u);
  EXPECT_EQ((*policies->Current())->policy.defaults().max_tokens(), 32000u);
  EXPECT_EQ((*policies->Current())->policy.version(), 4u);
  EXPECT_EQ(house.LastAct(), "policy.rollback done 4 rolled back to 2");
  EXPECT_EQ(policies->Rollback(house.actor, 99, Force::kNo).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(house.LastAct(), HasSubstr("policy.rollback refused 99 "));
  EXPECT_EQ(policies->Rollback(house.actor, 3, Force::kNo)->outcome,
            Outcome::kDone);  // its first line says 2
}

TEST_F(PoliciesTest, TheHistoryIsReadPageByPageFromTheNewest) {
  for (int i = 1; i <= 4; ++i) Applied(Text("  max_tokens: " + std::to_string(i) + "000\n"));
  auto page = *policies->History(0, 2);
  ASSERT_EQ(page.versions.size(), 2u);
  EXPECT_EQ(page.versions[0].version, 5u);
  EXPECT_EQ(page.next, 3u);
  page = *policies->History(page.next, 10);
  ASSERT_EQ(page.versions.size(), 3u);
  EXPECT_EQ(page.versions[2].version, 1u);
  EXPECT_EQ(page.next, 0u);
  EXPECT_EQ((*policies->Find(3))->policy.defaults().max_tokens(), 2000u);
  EXPECT_EQ(policies->Find(6).error().code, ErrorCode::kNotFound);
}

TEST_F(PoliciesTest, OfTwoChangesOfOneVersionOneIsMade) {
  std::atomic<int> done{0}, stale{0};
  const auto apply = [&](int tokens) {
    const Attempt attempt = Apply(Text("  max_tokens: " + std::to_string(tokens) + "\n"), 1);
    if (attempt.outcome == Outcome::kDone) ++done;
    if (attempt.outcome == Outcome::kStale) ++stale;
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(apply, 1000 + i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 1);
  EXPECT_EQ(stale, 3);
  EXPECT_EQ(InForce(), 2u);
  house.ExpectSound();
}

TEST_F(PoliciesTest, WhereSomebodyWasQuickerItIsJudgedAnew) {
  house.store.before_commit = [&] {
    const auto record = *house.store.Get(store::RecordKind::kSetting, "policy");
    store::Change change;
    change.records.push_back({.record = *record, .expected = record->revision});
    EXPECT_TRUE(house.store.real().Commit(change));
  };
  EXPECT_EQ(Apply(Text("  max_tokens: 2000\n"), 1).outcome, Outcome::kDone);
  EXPECT_EQ(InForce(), 2u);
  EXPECT_EQ(house.store.before_commit, nullptr);
}

TEST_F(PoliciesTest, WhatCannotBeRecordedIsNotDone) {
  house.store.flaw = chronicle::Flaw::kBefore;
  const auto attempt = policies->Apply(house.actor, Text("  max_tokens: 2000\n"), {}, Force::kNo);
  EXPECT_EQ(attempt.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(InForce(), 1u);
  EXPECT_EQ(told, 0);
}

TEST_F(PoliciesTest, WhatWasUnsubscribedIsNotTold) {
  int calls = 0;
  const uint64_t subscription = policies->Subscribe([&] { ++calls; });
  Applied(Text("  max_tokens: 1000\n"));
  policies->Unsubscribe(subscription);
  Applied(Text("  max_tokens: 2000\n"));
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(told, 2);
}

TEST_F(PoliciesTest, WhatIsWrongWithWhatIsKeptIsFound) {
  Applied(Text("  max_tokens: 1000\n"));
  Applied(Text("  max_tokens: 2000\n"));
  const auto check = [&] { return *CheckVersions(house.store, {key.public_key()}); };
  EXPECT_THAT(check(), ::testing::IsEmpty());
  const auto record = *house.store.Get(store::RecordKind::kSnapshot, "2");
  wire::SignedPolicy signed_policy;
  ASSERT_TRUE(signed_policy.ParseFromString(record->bytes));
  signed_policy.mutable_signature()->back() ^= 1;
  store::Change change;
  change.records.push_back({.record = *record, .expected = record->revision});
  change.records[0].record.bytes = signed_policy.SerializeAsString();
  ASSERT_TRUE(house.store.Commit(change));
  EXPECT_THAT(check(), ::testing::ElementsAre("version 2 of the policy: its signature is wrong"));
  signed_policy.mutable_snapshot()->back() ^= 1;
  change.records[0].expected = house.store.stats().revision;
  change.records[0].record.bytes = signed_policy.SerializeAsString();
  ASSERT_TRUE(house.store.Commit(change));
  EXPECT_THAT(check(), ::testing::ElementsAre("version 2 of the policy: version 2 of the policy is damaged"));
}

// ── agents that know more than a restored collector ──

TEST_F(PoliciesTest, VersionsGoOnAboveWhatAnAgentHas) {
  Applied(Text("  max_tokens: 1000\n"));
  ASSERT_TRUE(policies->NoteSeen("agent0000001", 2));
  EXPECT_EQ(*policies->Next(), 3u);
  const size_t before = house.Events().size();
  ASSERT_TRUE(policies->NoteSeen("agent0000001", 20));
  ASSERT_TRUE(policies->NoteSeen("agent0000002", 20));
  ASSERT_TRUE(policies->NoteSeen("agent0000002", 19));
  EXPECT_EQ(house.Events().size(), before + 1);  // once
  const wire::Alarm alarm = house.Events().back().alarm();
  EXPECT_EQ(alarm.reason(), "policy_forgotten");
  EXPECT_EQ(alarm.agent(), "agent0000001");
  EXPECT_THAT(alarm.sentence(), HasSubstr("it has version 20 of the policy, and the newest here is 2"));
  Open();  // it is remembered
  EXPECT_EQ(*policies->Next(), 21u);
  EXPECT_EQ(InForce(), 2u);
  EXPECT_EQ(Applied(Text("  max_tokens: 2000\n")), 21u);
  EXPECT_EQ((*policies->Current())->version.former, 2u);
  EXPECT_EQ(Applied(Text("  max_tokens: 3000\n")), 22u);
}

TEST_F(PoliciesTest, ARecoveredCollectorLeavesRoomForWhatItMayHaveForgotten) {
  Applied(Text("  max_tokens: 1000\n"));
  Open();
  EXPECT_EQ(*policies->Next(), 3u) << "nothing was restored";
  ASSERT_TRUE(house.directory->settings().RaiseEpoch(house.actor, 0, 0));
  Open();
  EXPECT_EQ(*policies->Next(), 1004u);
  EXPECT_EQ(InForce(), 2u);
  Open();  // once for each epoch
  EXPECT_EQ(*policies->Next(), 1004u);
  ASSERT_TRUE(policies->NoteSeen("agent0000001", 5));
  EXPECT_EQ(house.Events().back().alarm().reason(), "policy_forgotten");
  EXPECT_EQ(*policies->Next(), 1004u);
  EXPECT_EQ(Applied(Text("  max_tokens: 1000\n")), 1004u) << "the same text, for hosts that have another";
  EXPECT_EQ(Apply(Text("  max_tokens: 1000\n")).outcome, Outcome::kUnchanged);
  EXPECT_EQ(Applied(Text("  max_tokens: 2000\n")), 1005u);
}

TEST_F(PoliciesTest, ANewCollectorLeavesNoRoom) {
  EXPECT_EQ(InForce(), 1u);
  EXPECT_EQ(*policies->Next(), 2u);
}

TEST_F(PoliciesTest, AHostThatLiesDoesNotUseUpTheNumbers) {
  ASSERT_TRUE(policies->NoteSeen("agent0000001", ~uint64_t{0}));
  EXPECT_EQ(*policies->Next(), 2u);
}

}  // namespace
}  // namespace postern::policies
