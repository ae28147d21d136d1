#include "collector/directory/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/directory/house.h"

namespace postern::directory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

NewKey For(const std::string& user) {
  NewKey key;
  key.user = user;
  return key;
}

class KeysTest : public testing::Test {
 protected:
  Keys& keys() { return house_.directory->keys(); }
  std::vector<std::string> Ids(const KeyFilter& filter) {
    std::vector<std::string> ids;
    const auto page = keys().List(filter, {});
    EXPECT_TRUE(page);
    for (const wire::KeyRecord& key : page->items) ids.push_back(key.id());
    return ids;
  }

  House house_;
};

TEST_F(KeysTest, AKeyIsShownOnceAndItsSecretIsStoredNowhere) {
  house_.User("alice");
  const IssuedKey issued = house_.Key("alice");
  const tokens::Token token = tokens::Parse(tokens::Kind::kVirtualKey, issued.text);
  ASSERT_EQ(token.form, tokens::Form::kOurs);
  EXPECT_EQ(token.id, issued.record.id());
  EXPECT_EQ(crypto::AsBytes(tokens::HashSecret(token.secret)), issued.record.secret_sha256());
  EXPECT_EQ(keys().Find(issued.record.id())->secret_sha256(), issued.record.secret_sha256());
  EXPECT_THAT(house_.Bytes(), Not(HasSubstr(std::string(token.secret))));
  EXPECT_EQ(house_.LastAct(), "key.create done " + issued.record.id() + " for user alice");
}

TEST_F(KeysTest, HoldsWhatItWasMadeWith) {
  house_.User("alice", house_.Team("platform"));
  house_.Credential("main");
  NewKey wanted = For("alice");
  wanted.label = "laptop";
  wanted.expires = kNow + 60;
  wanted.hosts = {"build-7"};
  wanted.os_users = {"alice", "1000"};
  wanted.credentials = {"main"};
  const auto issued = keys().Create(house_.actor, wanted);
  ASSERT_TRUE(issued) << issued.error().message;
  const auto key = keys().Find(issued->record.id());
  ASSERT_TRUE(key);
  EXPECT_EQ(key->SerializeAsString(), issued->record.SerializeAsString());
  EXPECT_EQ(key->user(), "alice");
  EXPECT_EQ(key->team(), "platform");
  EXPECT_EQ(key->organisation(), "example");
  EXPECT_EQ(key->label(), "laptop");
  EXPECT_EQ(key->created(), kNow);
  EXPECT_EQ(key->expires(), kNow + 60);
  EXPECT_THAT(key->hosts(), ElementsAre("build-7"));
  EXPECT_THAT(key->os_users(), ElementsAre("alice", "1000"));
  EXPECT_THAT(key->credentials(), ElementsAre("main"));
  EXPECT_EQ(key->revision(), house_.directory->revision());
}

TEST_F(KeysTest, NeedsAUserWhoIsThereAndEnabled) {
  EXPECT_EQ(Why(keys().Create(house_.actor, For("alice"))), "not_found: there is no such user: \"alice\"");
  house_.User("alice");
  UserUpdate update;
  update.disabled = true;
  ASSERT_TRUE(house_.directory->people().UpdateUser(house_.actor, "alice", update));
  EXPECT_EQ(Why(keys().Create(house_.actor, For("alice"))), "denied: the user \"alice\" is disabled");
  ASSERT_TRUE(house_.directory->people().RemoveUser(house_.actor, "alice"));
  EXPECT_THAT(Why(keys().Create(house_.actor, For("alice"))), StartsWith("not_found"));
  EXPECT_THAT(Ids({}), IsEmpty());
  EXPECT_THAT(house_.LastAct(), StartsWith("key.create refused  there is no such user"));
}

TEST_F(KeysTest, FieldsAreCheckedWithASentenceEach) {
  house_.User("alice");
  struct Case {
    std::function<void(NewKey&)> change;
    const char* sentence;
  };
  const Case cases[] = {
      {[](NewKey& k) { k.user = "al ice"; }, "invalid: a user's id has"},
      {[](NewKey& k) { k.user = ""; }, "invalid: a user's id has"},
      {[](NewKey& k) { k.label = std::string(129, 'x'); }, "invalid: a key's label has at most 128"},
      {[](NewKey& k) { k.label = "a\nb"; }, "invalid: a key's label"},
      {[](NewKey& k) { k.label = "\xff"; }, "invalid: a key's label"},
      {[](NewKey& k) { k.expires = kNow; }, "invalid: the time of expiry must lie in the future"},
      {[](NewKey& k) { k.expires = -5; }, "invalid: the time of expiry"},
      {[](NewKey& k) { k.expires = int64_t{1} << 60; }, "invalid: the time of expiry"},
      {[](NewKey& k) { k.hosts = {"a b"}; }, "invalid: a host's name"},
      {[](NewKey& k) { k.hosts = {"a", "a"}; }, "invalid: one of the hosts is named twice: \"a\""},
      {[](NewKey& k) { k.hosts.assign(65, "a"); }, "invalid: there can be at most 64 hosts"},
      {[](NewKey& k) { k.os_users = {""}; }, "invalid: a name of the operating system"},
      {[](NewKey& k) { k.credentials = {"None"}; }, "invalid: a credential's name has"},
      {[](NewKey& k) { k.credentials = {"none"}; }, "not_found: there is no such credential: \"none\""},
  };
  for (const Case& each : cases) {
    NewKey key = For("alice");
    each.change(key);
    EXPECT_THAT(Why(keys().Create(house_.actor, key)), StartsWith(each.sentence));
  }
  EXPECT_THAT(Ids({}), IsEmpty());
  EXPECT_EQ(house_.Acts().size(), 1 + std::size(cases));  // each refusal is recorded
}

TEST_F(KeysTest, AnUpdateChangesWhatIsGivenAndSaysWhat) {
  house_.User("alice");
  const std::string id = house_.Key("alice").record.id();
  KeyUpdate update;
  update.label = "desk";
  update.expires = kNow + 10;
  auto key = keys().Update(house_.actor, id, update);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->label(), "desk");
  EXPECT_EQ(key->expires(), kNow + 10);
  EXPECT_EQ(house_.LastAct(), "key.update done " + id + " changed: label expires");
  KeyUpdate other;
  other.hosts = std::vector<std::string>{"h"};
  other.expires = 0;
  key = keys().Update(house_.actor, id, other);
  EXPECT_EQ(key->label(), "desk");
  EXPECT_EQ(key->expires(), 0);
  EXPECT_THAT(key->hosts(), ElementsAre("h"));
  EXPECT_EQ(keys().Find(id)->SerializeAsString(), key->SerializeAsString());
}

TEST_F(KeysTest, WhatChangesNothingRaisesNoRevision) {
  house_.User("alice");
  const std::string id = house_.Key("alice").record.id();
  const uint64_t revision = house_.directory->revision();
  const auto key = keys().Enable(house_.actor, id);
  ASSERT_TRUE(key);
  EXPECT_EQ(house_.directory->revision(), revision);
  EXPECT_LE(key->revision(), revision);
  EXPECT_EQ(house_.LastAct(), "key.enable done " + id + " ");
}

TEST_F(KeysTest, DisablingEndsWithEnabling) {
  house_.User("alice");
  const std::string id = house_.Key("alice").record.id();
  ASSERT_TRUE(keys().Disable(house_.actor, id, "lost laptop, ask Bob"));
  EXPECT_TRUE(keys().Find(id)->disabled());
  EXPECT_EQ(keys().Find(id)->sentence(), "lost laptop, ask Bob");
  ASSERT_TRUE(keys().Disable(house_.actor, id, ""));
  EXPECT_EQ(keys().Find(id)->sentence(), "ask your administrator.");
  ASSERT_TRUE(keys().Enable(house_.actor, id));
  EXPECT_FALSE(keys().Find(id)->disabled());
  EXPECT_EQ(keys().Find(id)->sentence(), "");
}

TEST_F(KeysTest, RotatingGivesTheSameKeyAnotherSecret) {
  house_.User("alice");
  const IssuedKey before = house_.Key("alice");
  const auto after = keys().Rotate(house_.actor, before.record.id());
  ASSERT_TRUE(after);
  EXPECT_EQ(after->record.id(), before.record.id());
  EXPECT_NE(after->text, before.text);
  EXPECT_NE(after->record.secret_sha256(), before.record.secret_sha256());
  EXPECT_GT(after->record.revision(), before.record.revision());
  const tokens::Token token = tokens::Parse(tokens::Kind::kVirtualKey, after->text);
  EXPECT_EQ(crypto::AsBytes(tokens::HashSecret(token.secret)),
            keys().Find(before.record.id())->secret_sha256());
}

TEST_F(KeysTest, RevokingIsForEver) {
  house_.User("alice");
  const std::string id = house_.Key("alice").record.id();
  const auto revoked = keys().Revoke(house_.actor, id, "");
  ASSERT_TRUE(revoked);
  EXPECT_TRUE(revoked->revoked());
  EXPECT_EQ(revoked->sentence(), "ask your administrator for another.");
  const std::string denied = "denied: the key \"" + id + "\" was revoked, and that is for ever";
  EXPECT_EQ(Why(keys().Enable(house_.actor, id)), denied);
  EXPECT_EQ(Why(keys().Disable(house_.actor, id, "")), denied);
  EXPECT_EQ(Why(keys().Rotate(house_.actor, id)), denied);
  EXPECT_EQ(Why(keys().Update(house_.actor, id, {})), denied);
  const uint64_t revision = house_.directory->revision();
  ASSERT_TRUE(keys().Revoke(house_.actor, id, "again"));
  EXPECT_EQ(house_.directory->revision(), revision);
  EXPECT_TRUE(keys().Find(id)->revoked());
}

TEST_F(KeysTest, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(Why(keys().Find("k7x2m9q4w8ab")), "not_found: there is no such key: \"k7x2m9q4w8ab\"");
  EXPECT_THAT(Why(keys().Revoke(house_.actor, "k7x2m9q4w8ab", "")), StartsWith("not_found"));
  EXPECT_THAT(Why(keys().Rotate(house_.actor, "k7x2m9q4w8ab")), StartsWith("not_found"));
  EXPECT_THAT(Why(keys().Find("")), StartsWith("not_found"));
}

// Whoever pastes a whole key where its id belongs must not find it in the record.
TEST_F(KeysTest, ATokenInTheWrongPlaceIsNotRecorded) {
  house_.User("alice");
  const IssuedKey key = house_.Key("alice");
  Actor actor = house_.actor;
  actor.request_path = "/v1/keys/" + key.text + "/revoke";
  const auto revoked = keys().Revoke(actor, key.text, "");
  ASSERT_FALSE(revoked);
  EXPECT_EQ(Why(revoked), "not_found: there is no such key");
  const std::string secret(tokens::Parse(tokens::Kind::kVirtualKey, key.text).secret);
  EXPECT_THAT(house_.Bytes(), Not(HasSubstr(secret.substr(0, 6))));
  EXPECT_EQ(house_.Events().back().administration().request_path(),
            "/v1/keys/pst_" + key.record.id() + "_…/revoke");
}

TEST_F(KeysTest, ListsByUserAndTeamInPages) {
  house_.Team("platform");
  house_.Team("web");
  house_.User("alice", "platform");
  house_.User("bob", "web");
  for (int i = 0; i < 5; ++i) {
    house_.Key("alice");
    house_.Key("bob");
  }
  EXPECT_EQ(Ids({}).size(), 10u);
  EXPECT_EQ(Ids({.user = "alice", .team = {}}).size(), 5u);
  EXPECT_EQ(Ids({.user = {}, .team = "web"}).size(), 5u);
  EXPECT_EQ(Ids({.user = "alice", .team = "platform"}).size(), 5u);
  EXPECT_EQ(Ids({.user = "alice", .team = "web"}).size(), 0u);
  EXPECT_EQ(Ids({.user = "carol", .team = {}}).size(), 0u);
  std::vector<std::string> walked;
  PageRequest request{.cursor = {}, .limit = 3};
  do {
    const auto page = keys().List({}, request);
    ASSERT_TRUE(page);
    EXPECT_LE(page->items.size(), 3u);
    for (const wire::KeyRecord& key : page->items) walked.push_back(key.id());
    request.cursor = page->next;
  } while (request.cursor);
  EXPECT_EQ(walked, Ids({}));
}

TEST_F(KeysTest, AUsersKeysAreBounded) {
  house_.User("alice");
  for (size_t i = 0; i < Keys::kMaxPerUser; ++i) house_.Key("alice");
  EXPECT_THAT(Why(keys().Create(house_.actor, For("alice"))), StartsWith("denied: a user has at most 200"));
  ASSERT_TRUE(keys().Revoke(house_.actor, Ids({}).front(), ""));
  EXPECT_TRUE(keys().Create(house_.actor, For("alice")));
}

// ── what a key comes to through its user and team ──

TEST_F(KeysTest, ADisabledUsersKeysAreAllDisabled) {
  house_.User("alice");
  const std::string id = house_.Key("alice").record.id();
  const uint64_t before = keys().Find(id)->revision();
  UserUpdate update;
  update.disabled = true;
  ASSERT_TRUE(house_.directory->people().UpdateUser(house_.actor, "alice", update));
  const auto key = keys().Find(id);
  EXPECT_TRUE(key->disabled());
  EXPECT_EQ(key->sentence(), "its user is disabled; ask your administrator.");
  EXPECT_GT(key->revision(), before);
  EXPECT_TRUE(keys().List({}, {})->items.at(0).disabled());
  update.disabled = false;
  ASSERT_TRUE(house_.directory->people().UpdateUser(house_.actor, "alice", update));
  EXPECT_FALSE(keys().Find(id)->disabled());
  EXPECT_EQ(keys().Find(id)->sentence(), "");
}

TEST_F(KeysTest, WithoutCredentialsOfItsOwnAKeyHasItsTeams) {
  house_.Credential("main");
  house_.Credential("spare");
  house_.User("alice", house_.Team("platform", {"main"}));
  const std::string id = house_.Key("alice").record.id();
  EXPECT_THAT(keys().Find(id)->credentials(), ElementsAre("main"));
  const uint64_t before = keys().Find(id)->revision();
  TeamUpdate team;
  team.credentials = std::vector<std::string>{"spare", "main"};
  ASSERT_TRUE(house_.directory->people().UpdateTeam(house_.actor, "platform", team));
  EXPECT_THAT(keys().Find(id)->credentials(), ElementsAre("spare", "main"));
  EXPECT_GT(keys().Find(id)->revision(), before);
  KeyUpdate own;
  own.credentials = std::vector<std::string>{"main"};
  ASSERT_TRUE(keys().Update(house_.actor, id, own));
  EXPECT_THAT(keys().Find(id)->credentials(), ElementsAre("main"));
  own.credentials = std::vector<std::string>{};
  ASSERT_TRUE(keys().Update(house_.actor, id, own));
  EXPECT_THAT(keys().Find(id)->credentials(), ElementsAre("spare", "main"));
}

TEST_F(KeysTest, AKeyMovesWithItsUser) {
  house_.Team("platform");
  house_.Team("web");
  house_.User("alice", "platform");
  const std::string id = house_.Key("alice").record.id();
  UserUpdate update;
  update.team = "web";
  ASSERT_TRUE(house_.directory->people().UpdateUser(house_.actor, "alice", update));
  EXPECT_EQ(keys().Find(id)->team(), "web");
  EXPECT_THAT(Ids({.user = {}, .team = "web"}), ElementsAre(id));
  EXPECT_THAT(Ids({.user = {}, .team = "platform"}), IsEmpty());
}

TEST_F(KeysTest, ARemovedUsersKeysStayRevokedThoughOneOfTheSameIdIsMade) {
  house_.User("alice");
  const std::string id = house_.Key("alice").record.id();
  ASSERT_TRUE(house_.directory->people().RemoveUser(house_.actor, "alice"));
  EXPECT_TRUE(keys().Find(id)->revoked());
  EXPECT_EQ(keys().Find(id)->sentence(), "its user was removed; ask your administrator.");
  house_.User("alice");
  EXPECT_TRUE(keys().Find(id)->revoked());
  EXPECT_FALSE(house_.Key("alice").record.revoked());
}

// Nobody can make a key for a user at the moment in which the user is disabled, and have it live on.
TEST_F(KeysTest, AKeyThatIsMadeWhileItsUserIsDisabledIsDecidedAnew) {
  house_.User("alice");
  UserUpdate update;
  update.disabled = true;
  house_.store.before_commit = [&] {
    // Beside the chronicle, which is busy: as another collector would.
    const auto record = house_.store.Get(store::RecordKind::kUser, "alice");
    wire::UserRecord user;
    ASSERT_TRUE(user.ParseFromString((*record)->bytes));
    user.set_disabled(true);
    store::Change change;
    change.records.push_back({.record = **record, .expected = (*record)->revision});
    change.records.back().record.bytes = user.SerializeAsString();
    ASSERT_TRUE(house_.store.real().Commit(change));
  };
  EXPECT_EQ(Why(keys().Create(house_.actor, For("alice"))), "denied: the user \"alice\" is disabled");
  EXPECT_THAT(Ids({}), IsEmpty());
  house_.ExpectSound();
}

// ── what agents remember ──

TEST_F(KeysTest, AForgottenRevocationIsMadeAgain) {
  house_.User("alice");
  const std::string id = house_.Key("alice").record.id();
  wire::KeyRecord proved;
  proved.set_id(id);
  proved.set_revoked(true);
  EXPECT_EQ(*keys().Bury(proved, "agent0000001"), true);
  EXPECT_TRUE(keys().Find(id)->revoked());
  EXPECT_EQ(house_.Events().back().alarm().reason(), "forgotten_revocation");
  EXPECT_EQ(house_.Events().back().alarm().agent(), "agent0000001");
  const uint64_t revision = house_.directory->revision();
  EXPECT_EQ(*keys().Bury(proved, "agent0000001"), false);
  EXPECT_EQ(house_.directory->revision(), revision);
}

TEST_F(KeysTest, AForgottenKeyBecomesATombstone) {
  wire::KeyRecord proved;
  proved.set_id("k7x2m9q4w8ab");
  proved.set_user("whoever the agent says");
  EXPECT_EQ(*keys().Bury(proved, "agent0000001"), true);
  const auto key = keys().Find("k7x2m9q4w8ab");
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->revoked());
  EXPECT_EQ(key->user(), "");
  EXPECT_EQ(key->secret_sha256(), "");
  proved.set_id("no id");
  EXPECT_EQ(keys().Bury(proved, "agent0000001").error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace postern::directory
