#include "collector/directory/administrators.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/directory/house.h"

namespace postern::directory {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class AdministratorsTest : public testing::Test {
 protected:
  Administrators& administrators() { return house_.directory->administrators(); }
  IssuedAdministrator Make(wire::Role role, const std::string& user = "", int64_t expires = 0) {
    auto made = administrators().Create(house_.actor,
                                        {.name = "Ada", .role = role, .user = user, .expires = expires});
    EXPECT_TRUE(made) << made.error().message;
    return *std::move(made);
  }

  House house_;
};

TEST_F(AdministratorsTest, WhoPresentsTheTokenIsKnown) {
  const IssuedAdministrator made = Make(wire::ROLE_VIEWER);
  const auto who = administrators().Authenticate(made.text);
  ASSERT_TRUE(who);
  EXPECT_EQ(who->id(), made.record.id());
  EXPECT_EQ(who->name(), "Ada");
  EXPECT_EQ(who->role(), wire::ROLE_VIEWER);
  const std::string secret(tokens::Parse(tokens::Kind::kAdministrator, made.text).secret);
  EXPECT_THAT(house_.Bytes(), Not(HasSubstr(secret)));
  EXPECT_EQ(house_.LastAct(), "administrator.create done " + made.record.id() + " viewer Ada");
}

TEST_F(AdministratorsTest, NobodyElseIs) {
  const IssuedAdministrator made = Make(wire::ROLE_ADMIN, "", kNow + 10);
  std::string mistyped = made.text;
  mistyped.back() = mistyped.back() == 'x' ? 'y' : 'x';
  const std::string other_secret =
      tokens::Format(tokens::Kind::kAdministrator, made.record.id(), std::string(28, 'A'));
  const std::string unknown = "denied: the administrator's token is unknown";
  EXPECT_EQ(Why(administrators().Authenticate("")), "denied: this is no administrator's token");
  EXPECT_EQ(Why(administrators().Authenticate("pst_x")), "denied: this is no administrator's token");
  EXPECT_EQ(Why(administrators().Authenticate(mistyped)),
            "denied: the administrator's token was mistyped or cut");
  EXPECT_EQ(Why(administrators().Authenticate(other_secret)), unknown);
  EXPECT_EQ(
      Why(administrators().Authenticate(tokens::Make(tokens::Kind::kAdministrator, crypto::RandomBytes))),
      unknown);
  house_.now = kNow + 10;
  EXPECT_EQ(Why(administrators().Authenticate(made.text)), "denied: the administrator's token has expired");
}

TEST_F(AdministratorsTest, ARotatedTokenReplacesTheOldOne) {
  const IssuedAdministrator before = Make(wire::ROLE_VIEWER);
  const auto after = administrators().Rotate(house_.actor, before.record.id());
  ASSERT_TRUE(after);
  EXPECT_EQ(after->record.id(), before.record.id());
  EXPECT_TRUE(administrators().Authenticate(after->text));
  EXPECT_FALSE(administrators().Authenticate(before.text));
}

TEST_F(AdministratorsTest, ARemovedTokenIsWorthless) {
  Make(wire::ROLE_ADMIN);
  const IssuedAdministrator made = Make(wire::ROLE_ADMIN);
  ASSERT_TRUE(administrators().Remove(house_.actor, made.record.id()));
  EXPECT_EQ(Why(administrators().Authenticate(made.text)), "denied: the administrator's token was removed");
  EXPECT_THAT(Why(administrators().Find(made.record.id())), StartsWith("not_found"));
  EXPECT_EQ(administrators().List({})->items.size(), 1u);
  EXPECT_THAT(Why(administrators().Rotate(house_.actor, made.record.id())), StartsWith("not_found"));
}

TEST_F(AdministratorsTest, TheLastLastingAdminStays) {
  const IssuedAdministrator last = Make(wire::ROLE_ADMIN);
  Make(wire::ROLE_ADMIN, "", kNow + 60);
  Make(wire::ROLE_VIEWER);
  EXPECT_THAT(Why(administrators().Remove(house_.actor, last.record.id())),
              StartsWith("denied: this is the last one with the role admin that doesn't expire"));
  Make(wire::ROLE_ADMIN);
  EXPECT_TRUE(administrators().Remove(house_.actor, last.record.id()));
}

// Two who remove each other at the same moment.
TEST_F(AdministratorsTest, OneOfTwoAlwaysRemains) {
  const IssuedAdministrator one = Make(wire::ROLE_ADMIN), other = Make(wire::ROLE_ADMIN);
  const auto chronicle =
      chronicle::Chronicle::Open(house_.store, house_.log_key, {.program = "run", .version = {}, .host = {}});
  Directory second(house_.store, **chronicle, house_.master_key, {"example"});
  Status quicker = Error{ErrorCode::kUnavailable, ""};
  house_.store.before_commit = [&] {
    quicker = second.administrators().Remove(house_.actor, one.record.id());
  };
  EXPECT_THAT(Why(administrators().Remove(house_.actor, other.record.id())),
              StartsWith("denied: this is the last"));
  EXPECT_TRUE(quicker);
  EXPECT_EQ(administrators().List({})->items.size(), 1u);
}

TEST_F(AdministratorsTest, ADeveloperIsBoundToAUserWhoMustBeEnabled) {
  house_.User("alice");
  const IssuedAdministrator made = Make(wire::ROLE_DEVELOPER, "alice");
  EXPECT_EQ(administrators().Authenticate(made.text)->user(), "alice");
  UserUpdate update;
  update.disabled = true;
  ASSERT_TRUE(house_.directory->people().UpdateUser(house_.actor, "alice", update));
  EXPECT_EQ(Why(administrators().Authenticate(made.text)),
            "denied: the user of this token is disabled or was removed");
  ASSERT_TRUE(house_.directory->people().RemoveUser(house_.actor, "alice"));
  EXPECT_FALSE(administrators().Authenticate(made.text));
}

TEST_F(AdministratorsTest, WhatIsWrongIsSaid) {
  const auto create = [&](const NewAdministrator& wanted) {
    return Why(administrators().Create(house_.actor, wanted));
  };
  EXPECT_THAT(create({"", wire::ROLE_ADMIN, "", 0}), StartsWith("invalid: an administrator needs a name"));
  EXPECT_THAT(create({"a\nb", wire::ROLE_ADMIN, "", 0}), StartsWith("invalid: an administrator's name"));
  EXPECT_THAT(create({"Ada", wire::ROLE_NONE, "", 0}), StartsWith("invalid: a role is"));
  EXPECT_THAT(create({"Ada", wire::ROLE_ADMIN, "alice", 0}), StartsWith("invalid: only a developer"));
  EXPECT_THAT(create({"Ada", wire::ROLE_DEVELOPER, "", 0}), StartsWith("invalid: a developer needs a user"));
  EXPECT_THAT(create({"Ada", wire::ROLE_DEVELOPER, "alice", 0}),
              StartsWith("not_found: there is no such user"));
  EXPECT_THAT(create({"Ada", wire::ROLE_VIEWER, "", kNow}), StartsWith("invalid: the time of expiry"));
}

}  // namespace
}  // namespace postern::directory
