#include "collector/directory/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "collector/directory/names.h"
#include "tests/collector/directory/house.h"

namespace postern::directory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Directory, SaysWhatHasChangedSinceARevision) {
  House house;
  house.Credential("main");
  house.Team("platform", {"main"});
  house.User("alice", "platform");
  const std::string key = house.Key("alice").record.id();
  const std::string agent = house.Agent('a').id();
  auto changes = house.directory->ChangedSince(0);
  ASSERT_TRUE(changes);
  EXPECT_THAT(changes->keys, ElementsAre(key));
  EXPECT_THAT(changes->users, ElementsAre("alice"));
  EXPECT_THAT(changes->teams, ElementsAre("platform"));
  EXPECT_THAT(changes->credentials, ElementsAre("main"));
  EXPECT_THAT(changes->agents, ElementsAre(agent));
  EXPECT_EQ(changes->revision, house.directory->revision());
  EXPECT_FALSE(changes->more);

  const uint64_t before = house.directory->revision();
  ASSERT_TRUE(house.directory->keys().Revoke(house.actor, key, ""));
  changes = house.directory->ChangedSince(before);
  EXPECT_THAT(changes->keys, ElementsAre(key));
  EXPECT_THAT(changes->users, IsEmpty());
  EXPECT_EQ(changes->revision, house.directory->revision());
  changes = house.directory->ChangedSince(changes->revision);
  EXPECT_THAT(changes->keys, IsEmpty());
  EXPECT_EQ(changes->revision, house.directory->revision());
}

TEST(Directory, SaysItInPieces) {
  House house;
  for (int i = 0; i < 7; ++i) house.User("user" + std::to_string(i));
  std::vector<std::string> users;
  uint64_t revision = 0;
  bool more = true;
  while (more) {
    const auto changes = house.directory->ChangedSince(revision, 3);
    ASSERT_TRUE(changes);
    EXPECT_GT(changes->revision, revision);
    users.insert(users.end(), changes->users.begin(), changes->users.end());
    revision = changes->revision;
    more = changes->more;
  }
  EXPECT_EQ(users.size(), 7u);
}

TEST(Settings, AreKeptByName) {
  House house;
  Settings& settings = house.directory->settings();
  EXPECT_EQ(*settings.Get("colour"), std::nullopt);
  ASSERT_TRUE(settings.Set(house.actor, "colour", "grey"));
  EXPECT_EQ(*settings.Get("colour"), "grey");
  EXPECT_EQ(house.LastAct(), "setting.set done colour ");
  const uint64_t size = house.store.stats().log_size;
  ASSERT_TRUE(settings.Note("colour", "black"));
  EXPECT_EQ(*settings.Get("colour"), "black");
  EXPECT_EQ(house.store.stats().log_size, size);
  EXPECT_EQ(settings.Set(house.actor, "No Name", "").error().code, ErrorCode::kInvalid);
}

TEST(Settings, TheEpochOnlyGrowsAndRevisionsBeginBeyond) {
  House house;
  Settings& settings = house.directory->settings();
  EXPECT_EQ(*settings.Epoch(), 1u);
  EXPECT_EQ(*settings.RaiseEpoch(house.actor, 0, 0), 2u);
  EXPECT_EQ(*settings.RaiseEpoch(house.actor, 7, 5000), 8u);
  EXPECT_EQ(*settings.Epoch(), 8u);
  EXPECT_EQ(house.directory->revision(), 5001u);
  EXPECT_EQ(house.LastAct(), "epoch.raise done epoch epoch 8");
  ASSERT_TRUE(settings.Note("epoch", "eight"));
  EXPECT_EQ(settings.Epoch().error().code, ErrorCode::kCorrupt);
}

TEST(Names, ArePresentableOnlyWithoutSecrets) {
  EXPECT_TRUE(IsRecordable("alice@example.com"));
  EXPECT_TRUE(IsRecordable("sk-short"));
  EXPECT_FALSE(IsRecordable(""));
  EXPECT_FALSE(IsRecordable("a b"));
  EXPECT_FALSE(IsRecordable("sk-ant-api03-abcdefghijklmnop"));
  EXPECT_FALSE(IsRecordable(tokens::Make(tokens::Kind::kAdministrator, crypto::RandomBytes)));
  EXPECT_EQ(Presentable("/v1/users/task-force-of-everybody"), "/v1/users/task-force-of-everybody");
  EXPECT_EQ(Presentable("?value=sk-proj-0123456789abcdef&x=1"), "?value=sk-…&x=1");
}

}  // namespace
}  // namespace postern::directory
