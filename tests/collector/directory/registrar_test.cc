#include "collector/directory/registrar.h"

#include <map>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/directory/house.h"

namespace postern::directory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class RegistrarTest : public testing::Test {
 protected:
  Registrar& registrar() { return house_.directory->registrar(); }
  House house_;
};

TEST_F(RegistrarTest, AnActIsRecordedWithWhoMadeItAndFromWhere) {
  house_.User("alice");
  const wire::Administration call = house_.Events().back().administration();
  EXPECT_EQ(call.action(), "user.create");
  EXPECT_EQ(call.outcome(), "done");
  EXPECT_EQ(call.administrator(), "adm1n0000001");
  EXPECT_EQ(call.name(), "root");
  EXPECT_EQ(call.role(), "admin");
  EXPECT_EQ(call.target_kind(), "user");
  EXPECT_EQ(call.target(), "alice");
  EXPECT_EQ(call.request_path(), "/v1/test");
  EXPECT_EQ(call.source(), "192.0.2.7");
}

TEST_F(RegistrarTest, ARefusalFromOutsideIsRecorded) {
  const Actor nobody{"", "", wire::ROLE_NONE, "192.0.2.9", "/v1/keys?user=alice"};
  ASSERT_TRUE(registrar().RecordRefusal(nobody, {"key.list", "key", ""},
                                        {ErrorCode::kDenied, "the administrator's token is unknown"}));
  const wire::Administration call = house_.Events().back().administration();
  EXPECT_EQ(call.outcome(), "refused");
  EXPECT_EQ(call.role(), "none");
  EXPECT_EQ(call.sentence(), "the administrator's token is unknown");
  ASSERT_TRUE(registrar().RecordDone(house_.actor, {"audit.query", "", ""}, "12 events"));
  EXPECT_EQ(house_.LastAct(), "audit.query done  12 events");
}

TEST_F(RegistrarTest, NoSecretOfAProviderIsRecorded) {
  Actor actor = house_.actor;
  actor.request_path = "/v1/credentials/sk-ant-api03-abcdefghijklmnop/rotate";
  ASSERT_TRUE(registrar().RecordRefusal(actor,
                                        {"credential.rotate", "credential", "sk-ant-api03-abcdefghijklmnop"},
                                        {ErrorCode::kNotFound, "no"}));
  EXPECT_THAT(house_.Bytes(), Not(HasSubstr("api03")));
  EXPECT_EQ(house_.Events().back().administration().request_path(), "/v1/credentials/sk-…/rotate");
}

TEST_F(RegistrarTest, WhatCannotBeRecordedIsNotDone) {
  house_.store.flaw = chronicle::Flaw::kBefore;
  NewUser user;
  user.id = "alice";
  EXPECT_EQ(house_.directory->people().CreateUser(house_.actor, user).error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(house_.directory->people().FindUser("alice"));
  EXPECT_THAT(house_.Acts(), IsEmpty());
}

TEST_F(RegistrarTest, ARefusalThatCannotBeRecordedIsUnavailable) {
  house_.store.flaw = chronicle::Flaw::kBefore;
  EXPECT_EQ(house_.directory->keys().Revoke(house_.actor, "k7x2m9q4w8ab", "").error().code,
            ErrorCode::kUnavailable);
}

TEST_F(RegistrarTest, ListenersHearOfEveryChangeUntilTheyLeave) {
  std::vector<uint64_t> heard;
  const uint64_t subscription = registrar().Subscribe([&](uint64_t revision) { heard.push_back(revision); });
  house_.User("alice");
  const uint64_t first = house_.directory->revision();
  EXPECT_FALSE(house_.directory->keys().Find("k7x2m9q4w8ab"));
  ASSERT_TRUE(registrar().RecordDone(house_.actor, {"audit.query", "", ""}, ""));
  house_.Key("alice");
  EXPECT_THAT(heard, ElementsAre(first, house_.directory->revision()));
  registrar().Unsubscribe(subscription);
  house_.Key("alice");
  EXPECT_EQ(heard.size(), 2u);
}

TEST_F(RegistrarTest, AnActThatOthersAreAlwaysQuickerThanEndsAtLast) {
  house_.User("alice");
  int times = 0;
  std::function<void()> disturb = [&] {
    ++times;
    const store::Record record = **house_.store.Get(store::RecordKind::kUser, "alice");
    store::Change change;
    change.records.push_back({.record = record, .expected = record.revision});
    ASSERT_TRUE(house_.store.real().Commit(change));
    house_.store.before_commit = disturb;
  };
  house_.store.before_commit = disturb;
  UserUpdate update;
  update.name = "Alice";
  const auto updated = house_.directory->people().UpdateUser(house_.actor, "alice", update);
  EXPECT_EQ(updated.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(times, 100);
  house_.store.before_commit = nullptr;
  EXPECT_TRUE(house_.directory->people().UpdateUser(house_.actor, "alice", update));
}

// Several threads change the same few things: each call happens once, in one order, and all of it is
// recorded.
TEST_F(RegistrarTest, ManyThreadsMakeOneHistory) {
  constexpr int kThreads = 6, kEach = 40;
  house_.Team("platform");
  house_.Team("web");
  house_.User("alice");
  const std::string shared = house_.Key("alice").record.id();
  const uint64_t revision = house_.directory->revision();
  std::atomic<int> keys_made{0}, refused{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      Actor actor = house_.actor;
      actor.name = "thread " + std::to_string(thread);
      uint64_t last = 0;
      for (int i = 0; i < kEach; ++i) {
        KeyUpdate label;
        label.label = actor.name + " " + std::to_string(i);
        UserUpdate move;
        move.team = i % 2 == 0 ? "platform" : "web";
        switch (i % 4) {
          case 0: {
            const auto key = house_.directory->keys().Update(actor, shared, label);
            ASSERT_TRUE(key) << key.error().message;
            EXPECT_GT(key->revision(),
                      last);  // of one thread's own changes, each is newer than the one before
            last = key->revision();
            break;
          }
          case 1: {
            NewKey key;
            key.user = "alice";
            if (const auto made = house_.directory->keys().Create(actor, key); made) ++keys_made;
            break;
          }
          case 2: ASSERT_TRUE(house_.directory->people().UpdateUser(actor, "alice", move)); break;
          default: EXPECT_FALSE(house_.directory->keys().Enable(actor, "k7x2m9q4w8ab")); ++refused;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  house_.ExpectSound();

  // Each change of a record has a revision of its own, and every event has its place.
  std::map<std::string, int> outcomes;
  for (const wire::Event& event : house_.Events()) {
    if (event.administration().name().starts_with("thread")) ++outcomes[event.administration().outcome()];
  }
  EXPECT_EQ(outcomes["done"], kThreads * kEach * 3 / 4);
  EXPECT_EQ(outcomes["refused"], refused.load());
  EXPECT_EQ(keys_made, kThreads * kEach / 4);
  EXPECT_GE(house_.directory->revision(), revision + static_cast<uint64_t>(keys_made));
  // All keys are in the team in which their user is.
  const std::string team = house_.directory->people().FindUser("alice")->team();
  KeyFilter filter;
  filter.team = team;
  EXPECT_EQ(house_.directory->keys().List(filter, {.cursor = {}, .limit = 1000})->items.size(),
            static_cast<size_t>(keys_made) + 1);
}

}  // namespace
}  // namespace postern::directory
