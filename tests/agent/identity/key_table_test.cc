#include "agent/identity/key_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/tokens/token.h"

namespace postern::identity {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::chrono_literals;

constexpr std::string_view kHash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

std::string Entry(std::string_view id, std::string_view more = "") {
  std::string entry = "- id: " + std::string(id) + "\n  sha256: " + std::string(kHash) +
                      "\n  user: alice\n  created: 2026-11-23T22:18:55Z\n";
  return entry.append(more);
}

std::string WhyNot(std::string_view text) {
  const auto table = KeyTable::Parse(text, "keys.yaml");
  return table ? "(read)" : table.error().message;
}

TEST(KeyTable, ReadsWhatItsDescriptionShows) {
  const auto table = KeyTable::Parse(Entry("k7x2m9q4w8ab",
                                           "  team: platform\n  organisation: example\n  label: laptop\n"
                                           "  expires: 2027-11-23\n  disabled: true\n  hosts: [build-7]\n"
                                           "  os_users: [root, \"1000\", no-such-user-here]\n"),
                                     "keys.yaml");
  ASSERT_TRUE(table) << table.error().message;
  const KeyRecord* record = table->Find("k7x2m9q4w8ab");
  ASSERT_NE(record, nullptr);
  EXPECT_EQ(record->secret_hash, crypto::Sha256("test"));
  EXPECT_EQ(record->principal, (Principal{"alice", "platform", "example"}));
  EXPECT_EQ(record->label, "laptop");
  EXPECT_EQ(record->created, sys_days(2026y / 11 / 23) + 22h + 18min + 55s);
  EXPECT_EQ(record->expires, sys_days(2027y / 11 / 23));
  EXPECT_TRUE(record->disabled);
  EXPECT_EQ(record->hosts, std::vector<std::string>{"build-7"});
  EXPECT_EQ(record->os_uids, (std::vector<uid_t>{0, 1000}));
}

TEST(KeyTable, FindsEachOfManyByItsId) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += Entry("key00000" + std::to_string(1000 + i));
  const auto table = KeyTable::Parse(text, "keys.yaml");
  ASSERT_TRUE(table) << table.error().message;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = "key00000" + std::to_string(1000 + i);
    ASSERT_NE(table->Find(id), nullptr);
    EXPECT_EQ(table->Find(id)->id.value, id);
  }
  EXPECT_EQ(table->Find("key000000999"), nullptr);
}

TEST(KeyTable, AnEmptyFileHasNoKeys) {
  EXPECT_TRUE(KeyTable::Parse("# none yet\n", "keys.yaml")->records().empty());
  EXPECT_TRUE(KeyTable::Parse("[]", "keys.yaml")->records().empty());
}

TEST(KeyTable, RefusesTheWholeFileForOneWrongEntry) {
  const std::string good = Entry("k7x2m9q4w8ab");
  EXPECT_EQ(WhyNot(good), "(read)");
  EXPECT_EQ(WhyNot(good + Entry("k7x2m9q4w8ab")),
            "keys.yaml:5: [1]: found the id k7x2m9q4w8ab again (first on line 1), allowed is each id once");
  EXPECT_EQ(WhyNot(good + "  teem: x\n"), "keys.yaml:5: [0].teem: unknown key; did you mean \"team\"?");
  EXPECT_THAT(WhyNot(good + "- {id: k7x2m9q4w8ac}\n"),
              HasSubstr("keys.yaml:5: [1]: the key \"sha256\" is missing"));
  EXPECT_THAT(WhyNot(Entry("SHORT")), HasSubstr("keys.yaml:1: [0].id: found a text of 5 characters"));
  EXPECT_THAT(WhyNot(good + "  expires: soon\n"), HasSubstr("keys.yaml:5: [0].expires: found \"soon\""));
  EXPECT_THAT(WhyNot(good + "  hosts: []\n"), HasSubstr("keys.yaml:5: [0].hosts: found an empty list"));
  EXPECT_THAT(WhyNot(good + "  disabled: maybe\n"), HasSubstr("keys.yaml:5: [0].disabled"));
  EXPECT_THAT(WhyNot("keys: []\n"), HasSubstr("allowed is a list"));
  std::string short_hash = good;
  short_hash.erase(short_hash.find("9f86"), 2);
  EXPECT_THAT(WhyNot(short_hash), HasSubstr("keys.yaml:2: [0].sha256"));
}

TEST(KeyTable, NeverShowsAKeyThatStandsWhereItsIdOrHashBelongs) {
  const std::string key =
      tokens::Format(tokens::Kind::kVirtualKey, "k7x2m9q4w8ab", "0123456789ABCDEFGHIJKLMNOPQR");
  EXPECT_THAT(WhyNot(Entry(key)), Not(HasSubstr("ABCDEF")));
  std::string text = Entry("k7x2m9q4w8ab");
  text.replace(text.find(kHash), kHash.size(), key);
  EXPECT_THAT(WhyNot(text), Not(HasSubstr("ABCDEF")));
}

TEST(KeyTime, ReadsWhatItWrites) {
  for (const sys_seconds time : {sys_seconds(0s), sys_seconds(1'763'936'335s), sys_seconds(4'102'444'799s),
                                 sys_seconds(sys_days(9999y / 12 / 31))}) {
    EXPECT_EQ(ParseTime(FormatTime(time)), time);
  }
  EXPECT_EQ(FormatTime(sys_days(2024y / 2 / 29) + 23h + 59min + 59s), "2024-02-29T23:59:59Z");
}

TEST(KeyTime, RefusesWhatIsNoTime) {
  for (const char* wrong :
       {"", "2026-11-23T22:18:55", "2026-11-23T22:18:55+00:00", "2026-11-23 22:18:55Z", "2026-02-29",
        "2026-13-01", "2026-00-10", "2026-11-00", "2026-11-23T24:00:00Z", "2026-11-23T22:60:00Z",
        "2026-11-23T22:18:60Z", "+026-11-23", "2026-11-2a", "2026/11/23"}) {
    EXPECT_EQ(ParseTime(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace postern::identity
