// The journal with a collector: groups, acknowledgements, trimming, issued incarnations.
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "agent/spool/journal.h"
#include "shared/kv/faults.h"
#include "tests/agent/spool/events.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::spool {
namespace {

constexpr size_t kAll = 1 << 30;

class JournalWithCollector : public testing::Test {
 protected:
  JournalWithCollector() { std::ofstream(directory_ / "machine-id") << "one"; }

  std::unique_ptr<Journal> MustOpen() {
    auto journal = Journal::Open({.directory = directory_ / "state",
                                  .machine_id_file = directory_ / "machine-id",
                                  .start = {},
                                  .retention = Retention::kAcknowledged,
                                  .wall_now = [this] { return now_; },
                                  .faults = faults_});
    CHECK(journal.has_value());
    return *std::move(journal);
  }

  static void AppendSealed(Journal& journal, uint64_t first, uint64_t count) {
    for (uint64_t i = first; i < first + count; ++i) {
      wire::Event intent = Intent(i);
      wire::Event outcome = Outcome(i);
      journal.Stage(intent);
      journal.Stage(outcome);
    }
    ASSERT_TRUE(journal.Write());
    ASSERT_TRUE(journal.Seal());
    ASSERT_TRUE(journal.Sync());
  }

  static Mark NewestOf(const Journal& journal) { return journal.chains().present().end; }

  static std::vector<SealedGroup> Groups(const Journal& journal, const Mark& after, size_t bytes = kAll) {
    auto groups = journal.ReadGroups(after, bytes);
    CHECK(groups.has_value());
    return *std::move(groups);
  }

  TemporaryDirectory directory_;
  std::shared_ptr<kv::Faults> faults_;
  WallTime now_{std::chrono::hours(24 * 20000)};
};

// Checks what a collector would: the chain from the mark before, the seals, no holes.
void ExpectFollows(Mark before, const std::vector<SealedGroup>& groups, const crypto::PublicKey& key) {
  for (const SealedGroup& group : groups) {
    if (group.end.incarnation != before.incarnation) before = {group.end.incarnation, 0, wire::kFirstHead};
    EXPECT_EQ(group.first_sequence, before.sequence + 1);
    EXPECT_LE(group.events.size(), kMostSealedEvents);
    EXPECT_LE(group.bytes(), kMostSealedBytes + wire::kMaxEventBytes + 512);
    for (const std::string& event : group.events) {
      before.head = wire::Extend(before.head, event);
      ++before.sequence;
    }
    EXPECT_EQ(group.end, before);
    wire::Seal seal;
    ASSERT_TRUE(seal.ParseFromString(group.seal));
    EXPECT_TRUE(wire::VerifySeal(seal, key));
    EXPECT_EQ(seal.head(), crypto::AsBytes(before.head));
  }
}

TEST_F(JournalWithCollector, GroupsAreWhatTheCollectorCanVerify) {
  const auto journal = MustOpen();
  for (uint64_t i = 0; i < 10; ++i) AppendSealed(*journal, i * 10, 10);
  const auto groups = Groups(*journal, {});
  EXPECT_EQ(groups.size(), 11u);  // with the start's
  ExpectFollows({}, groups, journal->public_key());
  EXPECT_EQ(groups.back().end, NewestOf(*journal));
  EXPECT_TRUE(Groups(*journal, groups.back().end).empty());
}

TEST_F(JournalWithCollector, ReadingMayGoOnFromAnyGroupAndEndsWhereItIsTold) {
  const auto journal = MustOpen();
  for (uint64_t i = 0; i < 50; ++i) AppendSealed(*journal, i * 10, 10);
  const auto all = Groups(*journal, {});
  std::vector<SealedGroup> collected;
  for (Mark after; after != all.back().end; after = collected.back().end) {
    for (SealedGroup& group : Groups(*journal, after, 5000)) collected.push_back(std::move(group));
  }
  ASSERT_EQ(collected.size(), all.size());
  for (size_t i = 0; i < all.size(); ++i) EXPECT_EQ(collected[i].seal, all[i].seal);
  EXPECT_EQ(Groups(*journal, {}, 1).size(), 1u);
}

TEST_F(JournalWithCollector, AMarkWithinAGroupGivesTheRestOfIt) {
  const auto journal = MustOpen();
  AppendSealed(*journal, 1, 10);
  Mark within = NewestOf(*journal);
  within.sequence -= 5;
  const auto groups = Groups(*journal, within);
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0].events.size(), 5u);
  EXPECT_EQ(groups[0].first_sequence, within.sequence + 1);
}

TEST_F(JournalWithCollector, WhatIsNotSyncedIsNotGiven) {
  const auto journal = MustOpen();
  AppendSealed(*journal, 1, 10);
  const Mark synced = NewestOf(*journal);
  wire::Event event = Intent(99);
  journal->Stage(event);
  ASSERT_TRUE(journal->Write());
  ASSERT_TRUE(journal->Seal());
  EXPECT_FALSE(journal->all_sealed_is_synced());
  EXPECT_TRUE(Groups(*journal, synced).empty());
  ASSERT_TRUE(journal->Sync());
  EXPECT_EQ(Groups(*journal, synced).size(), 1u);
}

TEST_F(JournalWithCollector, ALargeBatchIsSealedInSeveralGroups) {
  const auto journal = MustOpen();
  for (uint64_t i = 0; i < 1000; ++i) {
    wire::Event event = Intent(i);
    journal->Stage(event);
  }
  for (uint64_t i = 1000; i < 1040; ++i) {
    wire::Event event = Intent(i);
    for (int tool = 0; tool < 256; ++tool) event.mutable_intent()->add_tools(std::string(128, 't'));
    journal->Stage(event);
  }
  ASSERT_TRUE(journal->Write());
  ASSERT_TRUE(journal->Seal());
  ASSERT_TRUE(journal->Sync());
  const auto groups = Groups(*journal, {});
  EXPECT_GE(groups.size(), 6u);
  ExpectFollows({}, groups, journal->public_key());
  EXPECT_TRUE(Verify(*journal->Read({.from = 0, .since = {}, .last = 0, .limit = 10'000})).sound());
}

// As a version of this program left it that knew no such bound: its seals are taken away.
TEST_F(JournalWithCollector, ALongUnsealedEndIsSealedInSeveralGroupsByTheNextOpen) {
  MustOpen();
  {
    const auto journal = MustOpen();
    AppendSealed(*journal, 0, 600);
  }
  {
    auto store = kv::Store::Open(StoreDirectory(directory_ / "state"), StoreOptions());
    ASSERT_TRUE(store);
    kv::Batch batch;
    for (uint64_t position = 3; position <= 1300; ++position) {
      const auto key = RecordKey{position, RecordKind::kSeal}.Encode();
      batch.Delete(kRecords, {key.data(), key.size()});
    }
    ASSERT_TRUE((*store)->Write(batch, kv::Durability::kSynced));
  }
  const auto journal = MustOpen();
  const auto groups = Groups(*journal, {});
  EXPECT_GE(groups.size(), 6u);
  ExpectFollows({}, groups, journal->public_key());
  const Verdict verdict = Verify(*journal->Read({.from = 0, .since = {}, .last = 0, .limit = 10'000}));
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.closed_exchanges, 600u);
}

TEST_F(JournalWithCollector, AcknowledgementsOutliveTheLife) {
  Mark middle;
  {
    const auto journal = MustOpen();
    AppendSealed(*journal, 1, 10);
    middle = NewestOf(*journal);
    AppendSealed(*journal, 11, 10);
    EXPECT_EQ(journal->chains().CountUnacknowledged(), 41u);
    ASSERT_TRUE(journal->CheckMarks({middle}));
    ASSERT_TRUE(journal->Acknowledge({middle}, Journal::Claim::kAtLeast));
    EXPECT_GT(journal->acknowledged_bytes(), 0u);
    ASSERT_TRUE(journal->Sync());
  }
  const auto journal = MustOpen();
  EXPECT_EQ(journal->chains().CountUnacknowledged(), 21u);
  const auto groups = Groups(*journal, {});
  ASSERT_FALSE(groups.empty());
  EXPECT_EQ(groups[0].first_sequence, middle.sequence + 1);
  EXPECT_GT(journal->acknowledged_bytes(), 0u);
}

TEST_F(JournalWithCollector, AMarkOfAnotherHistoryIsRefused) {
  const auto journal = MustOpen();
  AppendSealed(*journal, 1, 10);
  Mark mark = NewestOf(*journal);
  mark.head[7] ^= 1;
  EXPECT_EQ(journal->CheckMarks({mark}).error().code, ErrorCode::kInvalid);
  mark = NewestOf(*journal);
  mark.sequence += 1;
  EXPECT_EQ(journal->CheckMarks({mark}).error().code, ErrorCode::kInvalid);
  mark = NewestOf(*journal);
  mark.sequence -= 1;  // not where a group ends
  EXPECT_EQ(journal->CheckMarks({mark}).error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(journal->CheckMarks({{77, 1, {}}}));  // of a chain that is long gone
}

TEST_F(JournalWithCollector, OnlyWhatIsAcknowledgedIsTrimmed) {
  const auto journal = MustOpen();
  AppendSealed(*journal, 1, 10);
  const Mark first = NewestOf(*journal);
  AppendSealed(*journal, 11, 10);
  now_ += std::chrono::hours(1000);
  ASSERT_TRUE(journal->Trim(now_));
  ASSERT_TRUE(journal->TrimTo(0));
  EXPECT_FALSE(Verify(*journal->Read({})).trimmed);
  ASSERT_TRUE(journal->Acknowledge({first}, Journal::Claim::kAtLeast));
  ASSERT_TRUE(journal->TrimTo(0));
  const Verdict verdict = Verify(*journal->Read({}));
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.first_position, 22u);
  EXPECT_EQ(journal->acknowledged_bytes(), 0u);
  EXPECT_EQ(Groups(*journal, first).size(), 1u);
  EXPECT_TRUE(Groups(*journal, first)[0].base.empty());
}

// A lone host that has trimmed, and then joins; or a collector that was restored from a backup.
TEST_F(JournalWithCollector, WhereEventsAreGoneTheSealOverThemComesFirst) {
  const auto journal = MustOpen();
  AppendSealed(*journal, 1, 10);
  const Mark first = NewestOf(*journal);
  AppendSealed(*journal, 11, 10);
  ASSERT_TRUE(journal->Acknowledge({first}, Journal::Claim::kAtLeast));
  ASSERT_TRUE(journal->TrimTo(0));
  const auto groups = Groups(*journal, {first.incarnation, 0, {}});
  ASSERT_EQ(groups.size(), 1u);
  wire::Seal base;
  ASSERT_TRUE(base.ParseFromString(groups[0].base));
  EXPECT_TRUE(wire::VerifySeal(base, journal->public_key()));
  EXPECT_EQ(base.last_sequence(), first.sequence);
  EXPECT_EQ(groups[0].first_sequence, first.sequence + 1);
  ExpectFollows(first, groups, journal->public_key());
}

TEST_F(JournalWithCollector, ACollectorThatHasForgottenIsSentItAgain) {
  const auto journal = MustOpen();
  const Mark start = NewestOf(*journal);
  AppendSealed(*journal, 1, 10);
  const Mark newest = NewestOf(*journal);
  ASSERT_TRUE(journal->Acknowledge({newest}, Journal::Claim::kExactly));
  ASSERT_TRUE(journal->Acknowledge({start}, Journal::Claim::kAtLeast));
  EXPECT_EQ(journal->chains().CountUnacknowledged(), 0u);
  ASSERT_TRUE(journal->Acknowledge({start}, Journal::Claim::kExactly));
  EXPECT_EQ(journal->chains().CountUnacknowledged(), 20u);
  now_ += std::chrono::hours(1000);
  ASSERT_TRUE(journal->Trim(now_));
  EXPECT_EQ(Groups(*journal, {})[0].first_sequence, 2u);
}

TEST_F(JournalWithCollector, AnIssuedIncarnationNamesTheOneBeforeAndOutlivesTheLife) {
  uint64_t first = 0;
  {
    const auto journal = MustOpen();
    first = journal->incarnation();
    wire::Event open = Intent(1);
    journal->Stage(open);
    ASSERT_TRUE(journal->Write());
    ASSERT_TRUE(journal->BeginIncarnation(42));
    ASSERT_TRUE(journal->BeginIncarnation(42));  // again: nothing
    EXPECT_EQ(journal->incarnation(), 42u);
    wire::Event outcome = Outcome(1);
    journal->Stage(outcome);
    ASSERT_TRUE(journal->Write());
    ASSERT_TRUE(journal->Seal());
    ASSERT_TRUE(journal->Sync());
  }
  const auto journal = MustOpen();
  EXPECT_EQ(journal->incarnation(), 42u);
  const Page page = *journal->Read({});
  const Verdict verdict = Verify(page);
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.incarnations, 2u);
  EXPECT_EQ(verdict.closed_exchanges, 1u);
  const auto events = Events(page);
  EXPECT_EQ(events[2].start().previous_incarnation(), first);
  const auto ends = journal->chains().Ends();
  ASSERT_EQ(ends.size(), 2u);
  EXPECT_EQ(ends[0].incarnation, first);
  EXPECT_EQ(ends[0].sequence, 2u);
  EXPECT_EQ(events[2].start().previous_head(), crypto::AsBytes(ends[0].head));
  ExpectFollows({}, Groups(*journal, {}), journal->public_key());
  EXPECT_EQ(Groups(*journal, {first, 2, {}}).front().end.incarnation, 42u);
}

TEST_F(JournalWithCollector, AnIncarnationIsNeverBegunTwice) {
  const auto journal = MustOpen();
  const uint64_t first = journal->incarnation();
  ASSERT_TRUE(journal->BeginIncarnation(42));
  EXPECT_EQ(journal->BeginIncarnation(first).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(journal->BeginIncarnation(0).error().code, ErrorCode::kInvalid);
}

TEST_F(JournalWithCollector, AnIncarnationThatCouldNotBeWrittenIsFinishedByReopening) {
  faults_ = std::make_shared<kv::Faults>(false);
  const auto journal = MustOpen();
  faults_->FailSyncs(true);
  EXPECT_FALSE(journal->BeginIncarnation(42));
  EXPECT_FALSE(journal->all_sealed_is_synced());
  faults_->FailSyncs(false);
  ASSERT_TRUE(journal->Reopen());
  EXPECT_TRUE(journal->all_sealed_is_synced());
  EXPECT_EQ(NewestOf(*journal), (Mark{42, 1, NewestOf(*journal).head}));
  EXPECT_TRUE(Verify(*journal->Read({})).sound());
}

TEST_F(JournalWithCollector, ChainsAreForgottenWithTheirLastEvent) {
  auto journal = MustOpen();
  const uint64_t first = journal->incarnation();
  AppendSealed(*journal, 1, 5);
  const Mark end = NewestOf(*journal);
  ASSERT_TRUE(journal->BeginIncarnation(42));
  AppendSealed(*journal, 6, 5);
  ASSERT_TRUE(journal->Acknowledge({end, NewestOf(*journal)}, Journal::Claim::kAtLeast));
  ASSERT_TRUE(journal->Sync());
  ASSERT_TRUE(journal->TrimTo(0));
  ASSERT_EQ(journal->chains().Ends().size(), 1u);
  EXPECT_EQ(journal->chains().Find(first), nullptr);
  journal.reset();
  journal = MustOpen();
  EXPECT_EQ(journal->chains().Ends().size(), 1u);
  EXPECT_EQ(journal->incarnation(), 42u);
  EXPECT_EQ(journal->chains().CountUnacknowledged(), 1u);  // the new start
}

}  // namespace
}  // namespace postern::spool
