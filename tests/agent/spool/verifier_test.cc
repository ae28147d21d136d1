#include "agent/spool/verifier.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/agent/spool/events.h"

namespace postern::spool {
namespace {

// Makes a record without a store, the obvious way.
class Scribe {
 public:
  explicit Scribe(uint64_t incarnation = 7) : incarnation_(incarnation) {
    wire::Event start;
    start.mutable_start()->set_public_key(std::string(key.public_key().raw()));
    Add(start);
  }

  void Add(wire::Event event) {
    event.set_version(wire::kEventVersion);
    event.set_salt(std::string(16, 's'));
    event.set_incarnation(incarnation_);
    event.set_sequence(++sequence_);
    const std::string bytes = event.SerializeAsString();
    head_ = wire::Extend(head_, bytes);
    page.records.push_back({++position_, RecordKind::kEvent, bytes});
  }

  void Seal() {
    const auto seal = wire::MakeSeal({incarnation_, sealed_ + 1, sequence_, head_}, key);
    page.records.push_back({position_, RecordKind::kSeal, seal.SerializeAsString()});
    sealed_ = sequence_;
  }

  void BeginAgain(uint64_t incarnation) {
    wire::Event start;
    start.mutable_start()->set_previous_incarnation(incarnation_);
    start.mutable_start()->set_previous_head(std::string(crypto::AsBytes(head_)));
    incarnation_ = incarnation;
    sequence_ = sealed_ = 0;
    head_ = wire::kFirstHead;
    Add(start);
  }

  const crypto::SigningKey key = crypto::SigningKey::Generate();
  Page page{.first = 1,
            .next = 1,
            .public_keys = {std::string(key.public_key().raw())},
            .records = {},
            .resume = 1};

 private:
  uint64_t incarnation_;
  uint64_t sequence_ = 0;
  uint64_t position_ = 0;
  uint64_t sealed_ = 0;
  wire::Head head_{};
};

// Two incarnations, eight exchanges, a seal after every third event.
Page Sound() {
  Scribe scribe;
  for (uint64_t i = 0; i < 4; ++i) {
    scribe.Add(Intent(i));
    scribe.Add(Outcome(i));
    if (i % 2 == 1) scribe.Seal();
  }
  scribe.BeginAgain(8);
  for (uint64_t i = 10; i < 14; ++i) scribe.Add(Intent(i));
  scribe.Seal();
  for (uint64_t i = 10; i < 14; ++i) scribe.Add(Outcome(i));
  scribe.Seal();
  return scribe.page;
}

TEST(Verifier, ASoundRecordIsSound) {
  const Verdict verdict = Verify(Sound());
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_EQ(verdict.events, 18u);
  EXPECT_EQ(verdict.seals, 4u);
  EXPECT_EQ(verdict.incarnations, 2u);
  EXPECT_EQ(verdict.unsealed, 0u);
  EXPECT_EQ(verdict.closed_exchanges, 8u);
  EXPECT_EQ(verdict.open_exchanges, 0u);
  EXPECT_FALSE(verdict.trimmed);
}

TEST(Verifier, AnyFlippedBitIsFound) {
  const Page sound = Sound();
  std::mt19937 random(11);
  for (size_t i = 0; i < sound.records.size(); ++i) {
    // Every bit of one record would be thorough; a random one of each byte keeps it quick.
    for (size_t byte = 0; byte < sound.records[i].bytes.size(); ++byte) {
      Page changed = sound;
      changed.records[i].bytes[byte] ^= static_cast<char>(1 << random() % 8);
      EXPECT_FALSE(Verify(changed).sound()) << "record " << i << ", byte " << byte;
    }
  }
}

TEST(Verifier, AnyRemovedRecordIsFound) {
  const Page sound = Sound();
  // The last seal is the exception: what it covered is then unsealed, which is allowed and reported.
  for (size_t i = 0; i + 1 < sound.records.size(); ++i) {
    Page changed = sound;
    changed.records.erase(changed.records.begin() + static_cast<long>(i));
    EXPECT_FALSE(Verify(changed).sound()) << i;
    // Also when the positions are made to look right.
    for (size_t j = i; j < changed.records.size() && sound.records[i].kind == RecordKind::kEvent; ++j)
      --changed.records[j].position;
    EXPECT_FALSE(Verify(changed).sound()) << i;
  }
  Page changed = sound;
  changed.records.pop_back();
  EXPECT_EQ(Verify(changed).unsealed, 4u);
}

TEST(Verifier, AnyTwoRecordsInTheWrongOrderAreFound) {
  const Page sound = Sound();
  for (size_t i = 0; i < sound.records.size(); ++i) {
    for (size_t j = i + 1; j < sound.records.size(); ++j) {
      Page changed = sound;
      std::swap(changed.records[i], changed.records[j]);
      EXPECT_FALSE(Verify(changed).sound()) << i << " and " << j;
      std::swap(changed.records[i].position, changed.records[j].position);
      EXPECT_FALSE(Verify(changed).sound()) << i << " and " << j << ", positions mended";
    }
  }
}

TEST(Verifier, AnyRepeatedRecordIsFound) {
  const Page sound = Sound();
  for (size_t i = 0; i < sound.records.size(); ++i) {
    Page changed = sound;
    changed.records.insert(changed.records.begin() + static_cast<long>(i), sound.records[i]);
    EXPECT_FALSE(Verify(changed).sound()) << i;
    Page at_the_end = sound;
    at_the_end.records.push_back(sound.records[i]);
    at_the_end.records.back().position =
        sound.records.back().position + (sound.records[i].kind == RecordKind::kEvent ? 1 : 0);
    EXPECT_FALSE(Verify(at_the_end).sound()) << i;
  }
}

TEST(Verifier, AnEventThatWasRewrittenTogetherWithItsChainFailsAtTheSeal) {
  Scribe scribe;
  scribe.Add(Intent(1));
  Page changed = scribe.page;
  scribe.Seal();
  wire::Event event;
  ASSERT_TRUE(event.ParseFromString(changed.records[1].bytes));
  event.mutable_intent()->set_model("another");
  changed.records[1].bytes = event.SerializeAsString();
  changed.records.push_back(scribe.page.records.back());
  const Verdict verdict = Verify(changed);
  ASSERT_FALSE(verdict.sound());
  EXPECT_EQ(*verdict.problem,
            "the seal after event 2: its head is not that of the events: one of them was changed since the "
            "last seal");
}

TEST(Verifier, ATrimmedRecordBeginsWithASeal) {
  Page page = Sound();
  // Everything before the second seal (record 8 is event 9, record 9 …): find it.
  size_t seal = 0;
  for (size_t i = 0, seen = 0; i < page.records.size(); ++i) {
    if (page.records[i].kind == RecordKind::kSeal && ++seen == 1) seal = i;
  }
  page.records.erase(page.records.begin(), page.records.begin() + static_cast<long>(seal));
  const Verdict verdict = Verify(page);
  EXPECT_TRUE(verdict.sound()) << *verdict.problem;
  EXPECT_TRUE(verdict.trimmed);
  // Without the seal it is not.
  page.records.erase(page.records.begin());
  EXPECT_FALSE(Verify(page).sound());
}

TEST(Verifier, ASealOfAnUnknownKeyIsFound) {
  Page page = Sound();
  page.public_keys = {std::string(crypto::SigningKey::Generate().public_key().raw())};
  const Verdict verdict = Verify(page);
  ASSERT_FALSE(verdict.sound());
  EXPECT_NE(verdict.problem->find("unknown key"), std::string::npos);
}

TEST(Verifier, ExchangesHaveOneIntentAndOneOutcome) {
  const auto problem_with = [](std::vector<wire::Event> events) {
    Scribe scribe;
    for (wire::Event& event : events) scribe.Add(event);
    scribe.Seal();
    return Verify(scribe.page).problem.value_or("");
  };
  EXPECT_EQ(problem_with({Intent(1), Outcome(1)}), "");
  EXPECT_NE(problem_with({Intent(1), Outcome(1), Outcome(1)}).find("has two outcomes"), std::string::npos);
  EXPECT_NE(problem_with({Intent(1), Intent(1)}).find("has two intents"), std::string::npos);
  EXPECT_NE(problem_with({Outcome(1)}).find("has an outcome but no intent"), std::string::npos);
}

TEST(Verifier, AnIncarnationMustNameTheOneBefore) {
  Scribe scribe;
  scribe.Seal();
  Page page = scribe.page;
  Scribe stranger(9);
  stranger.Seal();
  page.public_keys.push_back(stranger.page.public_keys[0]);
  for (Record record : stranger.page.records) {
    record.position += 1;
    page.records.push_back(record);
  }
  const Verdict verdict = Verify(page);
  ASSERT_FALSE(verdict.sound());
  EXPECT_NE(verdict.problem->find("as the incarnation before it"), std::string::npos) << *verdict.problem;
}

TEST(Verifier, NothingIsSound) { EXPECT_TRUE(Verify(Page{}).sound()); }

}  // namespace
}  // namespace postern::spool
