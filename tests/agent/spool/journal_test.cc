#include "agent/spool/journal.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "shared/kv/faults.h"
#include "tests/agent/spool/events.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::spool {
namespace {

class JournalTest : public testing::Test {
 protected:
  JournalTest() { SetMachine("one"); }

  void SetMachine(const std::string& id) { std::ofstream(directory_ / "machine-id") << id; }

  JournalOptions MakeOptions() {
    return {.directory = directory_ / "state",
            .machine_id_file = directory_ / "machine-id",
            .start = {},
            .wall_now = [this] { return now_; },
            .faults = faults_};
  }

  std::unique_ptr<Journal> MustOpen() {
    auto journal = Journal::Open(MakeOptions());
    CHECK(journal.has_value());
    return *std::move(journal);
  }

  static void Append(Journal& journal, wire::Event event) {
    journal.Stage(event);
    ASSERT_TRUE(journal.Write());
  }

  Page All() { return ReadAll(directory_ / "state"); }

  TemporaryDirectory directory_;
  std::shared_ptr<kv::Faults> faults_;
  WallTime now_{std::chrono::hours(24 * 20000)};
};

TEST_F(JournalTest, BeginsWithAStartThatNamesTheKey) {
  const auto journal = MustOpen();
  const Page page = *journal->Read({});
  const auto events = Events(page);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_TRUE(events[0].has_start());
  EXPECT_EQ(events[0].sequence(), 1u);
  EXPECT_EQ(events[0].incarnation(), journal->incarnation());
  EXPECT_EQ(events[0].start().public_key(), journal->public_key().raw());
  EXPECT_EQ(events[0].start().previous_incarnation(), 0u);
  EXPECT_EQ(events[0].salt().size(), 16u);
  EXPECT_TRUE(Verify(page).sound());
}

TEST_F(JournalTest, GoesOnInTheSameIncarnationAfterARestart) {
  uint64_t incarnation = 0;
  {
    const auto journal = MustOpen();
    incarnation = journal->incarnation();
    Append(*journal, Intent(1));
    Append(*journal, Outcome(1));
    ASSERT_TRUE(journal->Seal());
    Append(*journal, Intent(2));
    Append(*journal, Outcome(2));  // unsealed
  }
  const auto journal = MustOpen();
  EXPECT_EQ(journal->incarnation(), incarnation);
  const Page page = *journal->Read({});
  const Verdict verdict = Verify(page);
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.events, 6u);
  EXPECT_EQ(verdict.unsealed, 0u);
  EXPECT_EQ(verdict.incarnations, 1u);
}

TEST_F(JournalTest, AnotherMachineIsAnotherIncarnation) {
  uint64_t incarnation = 0;
  {
    const auto journal = MustOpen();
    incarnation = journal->incarnation();
    Append(*journal, Intent(1));
  }
  SetMachine("two");
  const auto journal = MustOpen();
  EXPECT_NE(journal->incarnation(), incarnation);
  const Page page = *journal->Read({});
  const auto events = Events(page);
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[2].start().previous_incarnation(), incarnation);
  EXPECT_EQ(events[2].sequence(), 1u);
  EXPECT_EQ(events[3].outcome().ending(), wire::ENDING_INTERRUPTED);
  const Verdict verdict = Verify(page);
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.incarnations, 2u);
}

TEST_F(JournalTest, ALostKeyIsAnotherIncarnationAndOldSealsStillVerify) {
  uint64_t incarnation = 0;
  {
    const auto journal = MustOpen();
    incarnation = journal->incarnation();
  }
  std::filesystem::remove(directory_ / "state/agent.key");
  const auto journal = MustOpen();
  EXPECT_NE(journal->incarnation(), incarnation);
  const Page page = *journal->Read({});
  EXPECT_EQ(page.public_keys.size(), 2u);
  EXPECT_TRUE(Verify(page).sound());
}

TEST_F(JournalTest, AFreshStateIsAnotherIncarnation) {
  uint64_t incarnation = 0;
  {
    const auto journal = MustOpen();
    incarnation = journal->incarnation();
  }
  std::filesystem::remove_all(directory_ / "state/store");
  EXPECT_NE(MustOpen()->incarnation(), incarnation);
}

TEST_F(JournalTest, OpenExchangesAreSettledOnce) {
  {
    const auto journal = MustOpen();
    for (uint64_t i = 0; i < 200; ++i) {
      Append(*journal, Intent(i));
      if (i % 50 != 7) Append(*journal, Outcome(i));
      if (i % 30 == 0) {
        ASSERT_TRUE(journal->Seal());
      }
    }
    EXPECT_EQ(journal->open_exchanges(), 4u);
  }
  MustOpen();
  MustOpen();
  const Page page = All();
  size_t interrupted = 0;
  for (const wire::Event& event : Events(page))
    interrupted += event.outcome().ending() == wire::ENDING_INTERRUPTED;
  EXPECT_EQ(interrupted, 4u);
  const Verdict verdict = Verify(page);
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.open_exchanges, 0u);
  EXPECT_EQ(verdict.closed_exchanges, 200u);
}

TEST_F(JournalTest, AFailedOpeningSettlesNothingTwice) {
  {
    const auto journal = MustOpen();
    Append(*journal, Intent(1));
  }
  faults_ = std::make_shared<kv::Faults>(false);
  faults_->SetSpace(20'000);  // enough to open, not enough for everything
  for (int64_t space = 0; space < 30'000; space += 1500) {
    faults_->SetSpace(space);
    static_cast<void>(Journal::Open(MakeOptions()).has_value());
  }
  faults_.reset();
  MustOpen();
  const Page page = All();
  size_t interrupted = 0;
  for (const wire::Event& event : Events(page))
    interrupted += event.outcome().ending() == wire::ENDING_INTERRUPTED;
  EXPECT_EQ(interrupted, 1u);
  EXPECT_TRUE(Verify(page).sound());
}

TEST_F(JournalTest, ReopeningBringsBackWhatAFailedSyncMayHaveLost) {
  faults_ = std::make_shared<kv::Faults>(false);
  auto journal = MustOpen();
  for (uint64_t i = 0; i < 10; ++i) Append(*journal, Intent(i));
  ASSERT_TRUE(journal->Seal());
  faults_->FailSyncs(true);
  EXPECT_FALSE(journal->Sync());
  wire::Event late = Intent(10);
  journal->Stage(late);
  EXPECT_FALSE(journal->Write());
  EXPECT_FALSE(journal->Reopen());
  faults_->FailSyncs(false);
  ASSERT_TRUE(journal->Reopen());
  Append(*journal, Outcome(0));
  ASSERT_TRUE(journal->Seal());
  const Verdict verdict = Verify(*journal->Read({}));
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.events, 13u);
}

TEST_F(JournalTest, TrimmingRemovesWholeSealedBeginningsOnly) {
  auto journal = MustOpen();
  uint64_t number = 0;
  for (int hour = 0; hour < 100; ++hour) {
    now_ += std::chrono::hours(1);
    for (int i = 0; i < 10; ++i, ++number) {
      Append(*journal, Intent(number));
      Append(*journal, Outcome(number));
    }
    ASSERT_TRUE(journal->Seal());
  }
  const uint64_t before = journal->kept_bytes();
  ASSERT_TRUE(journal->Trim(now_ - std::chrono::hours(10)));
  EXPECT_LT(journal->kept_bytes(), before / 5);
  const Page page = *journal->Read({});
  const Verdict verdict = Verify(page);
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_TRUE(verdict.trimmed);
  EXPECT_EQ(verdict.events, 220u);  // the hour of the boundary, ten after it
  EXPECT_EQ(verdict.last_position, 2001u);
  const uint64_t kept = journal->kept_bytes();
  journal.reset();
  journal = MustOpen();  // the counts are found again
  EXPECT_GT(journal->kept_bytes(), kept);
  EXPECT_LT(journal->kept_bytes(), kept + 1000);
  EXPECT_TRUE(Verify(*journal->Read({})).sound());
}

TEST_F(JournalTest, TrimmingKeepsWhatAnOpenExchangeNeeds) {
  const auto journal = MustOpen();
  Append(*journal, Intent(1));
  ASSERT_TRUE(journal->Seal());
  for (uint64_t i = 2; i < 50; ++i) {
    Append(*journal, Intent(i));
    Append(*journal, Outcome(i));
    ASSERT_TRUE(journal->Seal());
  }
  now_ += std::chrono::hours(100);
  ASSERT_TRUE(journal->Trim(now_));
  const Verdict verdict = Verify(*journal->Read({}));
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.open_exchanges, 1u);
  EXPECT_LE(verdict.first_position, 2u);
}

TEST_F(JournalTest, ATrimmedChainKeepsSettlingOpenExchanges) {
  {
    const auto journal = MustOpen();
    for (uint64_t i = 0; i < 20; ++i) {
      Append(*journal, Intent(i));
      Append(*journal, Outcome(i));
      ASSERT_TRUE(journal->Seal());
    }
    Append(*journal, Intent(99));
    now_ += std::chrono::hours(1);
    ASSERT_TRUE(journal->Trim(now_));
  }
  MustOpen();
  const Verdict verdict = Verify(All());
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.open_exchanges, 0u);
}

TEST_F(JournalTest, PagesMeetEachOther) {
  const auto journal = MustOpen();
  for (uint64_t i = 0; i < 100; ++i) {
    Append(*journal, Intent(i));
    if (i % 3 == 0) {
      ASSERT_TRUE(journal->Seal());
    }
  }
  ASSERT_TRUE(journal->Seal());
  Page all = *journal->Read({});
  for (const size_t limit : {1, 2, 7, 50}) {
    std::vector<Record> collected;
    for (uint64_t from = 0;;) {
      PageRequest request;
      request.from = from;
      request.limit = limit;
      const Page page = *journal->Read(request);
      for (const Record& record : page.records) {
        if (collected.empty() || RecordKey{record.position, record.kind} >
                                     RecordKey{collected.back().position, collected.back().kind}) {
          collected.push_back(record);
        }
      }
      if (page.resume == page.next) break;
      from = page.resume;
    }
    ASSERT_EQ(collected.size(), all.records.size()) << limit;
    for (size_t i = 0; i < collected.size(); ++i) EXPECT_EQ(collected[i].bytes, all.records[i].bytes);
  }
}

TEST_F(JournalTest, ReadsFromATimeAndTheLastFew) {
  const auto journal = MustOpen();
  const WallTime begin = now_;
  for (uint64_t i = 0; i < 100; ++i) {
    now_ += std::chrono::minutes(1);
    Append(*journal, Intent(i));
    ASSERT_TRUE(journal->Seal());
  }
  PageRequest since;
  since.since = begin + std::chrono::minutes(91);
  EXPECT_EQ(Events(*journal->Read(since)).size(), 10u);
  PageRequest last;
  last.last = 3;
  const auto events = Events(*journal->Read(last));
  ASSERT_EQ(events.size(), 3u);
  EXPECT_EQ(events[2].sequence(), 101u);
}

TEST_F(JournalTest, AnEventThatIsMissingAtTheEndIsCorrupt) {
  {
    const auto journal = MustOpen();
    for (uint64_t i = 0; i < 5; ++i) Append(*journal, Intent(i));
  }
  {
    auto store = kv::Store::Open(StoreDirectory(directory_ / "state"), StoreOptions());
    ASSERT_TRUE(store);
    kv::Batch batch;
    const auto key = RecordKey{4, RecordKind::kEvent}.Encode();
    batch.Delete(kRecords, {key.data(), key.size()});
    ASSERT_TRUE((*store)->Write(batch, kv::Durability::kSynced));
  }
  const auto journal = Journal::Open(MakeOptions());
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(journal.error().message.find("event 4 is missing"), std::string::npos) << journal.error().message;
}

TEST_F(JournalTest, EventsThatAreTooLargeAreCut) {
  const auto journal = MustOpen();
  wire::Event event = Intent(1);
  for (int i = 0; i < 5000; ++i) event.mutable_intent()->add_tools(std::string(500, 't'));
  Append(*journal, event);
  ASSERT_TRUE(journal->Seal());
  const Page page = *journal->Read({});
  EXPECT_TRUE(Verify(page).sound());
  EXPECT_GT(Events(page).back().dropped_items(), 0u);
}

}  // namespace
}  // namespace postern::spool
