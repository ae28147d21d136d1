#include "agent/identity/key_file.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/agent/identity/temporary_directory.h"

namespace postern::identity {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

KeyRecord Record(std::string id) {
  KeyRecord record;
  record.id = KeyId{std::move(id)};
  record.secret_hash = crypto::Sha256(record.id.value);
  record.principal.user = "alice";
  record.created = *ParseTime("2026-11-23T22:18:55Z");
  return record;
}

mode_t ModeOf(const std::filesystem::path& path) {
  struct stat status{};
  EXPECT_EQ(stat(path.c_str(), &status), 0);
  return status.st_mode & 0777;
}

TEST(AppendKey, MakesAPrivateFileAndReadsBackWhatItWrote) {
  const TemporaryDirectory directory;
  KeyRecord record = Record("k7x2m9q4w8ab");
  record.principal = {"al\"ice\\ é: #x", "- platform", "'org'"};
  record.label = "laptop";
  record.expires = *ParseTime("2027-01-01");
  record.disabled = true;
  record.hosts = {"a", "b: c"};
  record.os_users = {"root"};
  ASSERT_TRUE(AppendKey(directory / "keys.yaml", record));
  EXPECT_EQ(ModeOf(directory / "keys.yaml"), 0600u);
  record.os_uids = {0};
  EXPECT_EQ(KeyTable::Load(directory / "keys.yaml")->records(), std::vector<KeyRecord>{record});
}

TEST(AppendKey, KeepsCommentsModeAndSpellingOfTheRest) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(AppendKey(directory / "keys.yaml", Record("k7x2m9q4w8ab")));
  const std::string before =
      Content(directory / "keys.yaml") + "  label: 'mine'  # a comment, and no newline at the end";
  Write(directory / "keys.yaml", before);
  chmod((directory / "keys.yaml").c_str(), 0640);
  ASSERT_TRUE(AppendKey(directory / "keys.yaml", Record("k7x2m9q4w8ac")));
  EXPECT_THAT(Content(directory / "keys.yaml"), StartsWith(before + "\n- id:"));
  EXPECT_EQ(ModeOf(directory / "keys.yaml"), 0640u);
  EXPECT_EQ(KeyTable::Load(directory / "keys.yaml")->records().size(), 2u);
}

TEST(AppendKey, LeavesTheFileAloneWhereItCannotChangeItSafely) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(AppendKey(directory / "keys.yaml", Record("k7x2m9q4w8ab")));
  EXPECT_EQ(AppendKey(directory / "keys.yaml", Record("k7x2m9q4w8ab")).error().code, ErrorCode::kInvalid);
  for (const char* text : {"[]\n", "- wrong\n", "keys: []\n"}) {
    Write(directory / "other.yaml", text);
    EXPECT_EQ(AppendKey(directory / "other.yaml", Record("k7x2m9q4w8ab")).error().code, ErrorCode::kInvalid)
        << text;
    EXPECT_EQ(Content(directory / "other.yaml"), text);
  }
  KeyRecord two_lines = Record("k7x2m9q4w8ac");
  two_lines.label = "a\n  disabled: true";
  EXPECT_FALSE(AppendKey(directory / "keys.yaml", two_lines));
  EXPECT_EQ(AppendKey(directory / "nowhere/keys.yaml", Record("k7x2m9q4w8ab")).error().code,
            ErrorCode::kUnavailable);
  EXPECT_FALSE(std::filesystem::exists(directory / "keys.yaml.new"));
}

TEST(AppendKey, LosesNoneOfManyMadeAtOnce) {
  const TemporaryDirectory directory;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 5; ++j) {
        EXPECT_TRUE(
            AppendKey(directory / "keys.yaml", Record("key000000" + std::to_string(100 + i * 5 + j))));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(KeyTable::Load(directory / "keys.yaml")->records().size(), 40u);
}

TEST(AppendKey, FollowsALinkAndKeepsIt) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "real");
  Write(directory / "real/keys.yaml", "");
  std::filesystem::create_symlink(directory / "real/keys.yaml", directory / "keys.yaml");
  ASSERT_TRUE(AppendKey(directory / "keys.yaml", Record("k7x2m9q4w8ab")));
  EXPECT_TRUE(std::filesystem::is_symlink(directory / "keys.yaml"));
  EXPECT_EQ(KeyTable::Load(directory / "real/keys.yaml")->records().size(), 1u);
}

TEST(SwitchKey, ChangesThatOneKeyAndNothingElse) {
  const TemporaryDirectory directory;
  const auto path = directory / "keys.yaml";
  for (const char* id : {"k7x2m9q4w8aa", "k7x2m9q4w8ab", "k7x2m9q4w8ac"})
    ASSERT_TRUE(AppendKey(path, Record(id)));
  const std::string before = Content(path);
  ASSERT_TRUE(SwitchKey(path, KeyId{"k7x2m9q4w8ab"}, KeySwitch::kDisabled));
  const auto table = *KeyTable::Load(path);
  EXPECT_FALSE(table.Find("k7x2m9q4w8aa")->disabled);
  EXPECT_TRUE(table.Find("k7x2m9q4w8ab")->disabled);
  EXPECT_FALSE(table.Find("k7x2m9q4w8ac")->disabled);
  EXPECT_THAT(Content(path), HasSubstr("- id: \"k7x2m9q4w8ab\"\n  disabled: true\n"));
  ASSERT_TRUE(SwitchKey(path, KeyId{"k7x2m9q4w8ab"}, KeySwitch::kEnabled));
  EXPECT_FALSE(KeyTable::Load(path)->Find("k7x2m9q4w8ab")->disabled);
  EXPECT_EQ(SwitchKey(path, KeyId{"k7x2m9q4w8zz"}, KeySwitch::kDisabled).error().code, ErrorCode::kNotFound);
}

TEST(SwitchKey, WorksInFilesWrittenByHand) {
  const std::string hash(64, 'a');
  const std::string texts[] = {
      "- user: a\n  disabled:   false  # not yet\n  created: 2026-01-01\n  id: k7x2m9q4w8ab\n  sha256: " +
          hash + "\n",
      "  - {id: k7x2m9q4w8ab, disabled: false, user: a, created: 2026-01-01, sha256: " + hash + "}",
      "-   id: k7x2m9q4w8ab # id\r\n    user: a\r\n    created: 2026-01-01\r\n    sha256: " + hash + "\r\n",
      "-\n  user: \"id\"\n  'id': k7x2m9q4w8ab\n  created: 2026-01-01\n  sha256: " + hash,
  };
  for (const std::string& text : texts) {
    const TemporaryDirectory directory;
    Write(directory / "keys.yaml", text);
    const auto before = KeyTable::Load(directory / "keys.yaml");
    ASSERT_TRUE(before) << before.error().message;
    const Status done = SwitchKey(directory / "keys.yaml", KeyId{"k7x2m9q4w8ab"}, KeySwitch::kDisabled);
    if (done) {
      EXPECT_TRUE(KeyTable::Load(directory / "keys.yaml")->records()[0].disabled) << text;
    } else {
      EXPECT_EQ(Content(directory / "keys.yaml"), text);
      EXPECT_THAT(done.error().message, HasSubstr("by hand"));
    }
    EXPECT_EQ(done.has_value(), text.find("'id'") == text.npos) << text;
  }
}

TEST(SwitchKey, DoesNothingWhereNothingIsToBeDone) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(AppendKey(directory / "keys.yaml", Record("k7x2m9q4w8ab")));
  const std::string before = Content(directory / "keys.yaml");
  ASSERT_TRUE(SwitchKey(directory / "keys.yaml", KeyId{"k7x2m9q4w8ab"}, KeySwitch::kEnabled));
  EXPECT_EQ(Content(directory / "keys.yaml"), before);
}

}  // namespace
}  // namespace postern::identity
