#include "collector/directory/people.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/collector/directory/house.h"

namespace postern::directory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

class PeopleTest : public testing::Test {
 protected:
  People& people() { return house_.directory->people(); }

  Result<wire::UserRecord> Create(const std::string& id, const std::string& team = "",
                                  std::vector<std::string> os_names = {}) {
    return people().CreateUser(house_.actor,
                               {.id = id, .team = team, .name = "", .os_names = std::move(os_names)});
  }

  wire::OsPrincipal Resolve(const std::string& name, const std::vector<std::string>& groups = {}) {
    wire::OsIdentity identity;
    identity.set_uid(1000);
    identity.set_name(name);
    identity.mutable_groups()->Assign(groups.begin(), groups.end());
    const auto principal = people().ResolveOsUser(identity);
    EXPECT_TRUE(principal);
    EXPECT_EQ(principal->uid(), 1000u);
    EXPECT_EQ(principal->name(), name);
    return *principal;
  }

  House house_;
};

TEST_F(PeopleTest, AUserIsMadeFoundAndListed) {
  house_.Team("platform");
  const auto made = people().CreateUser(
      house_.actor, {.id = "alice@example.com", .team = "platform", .name = "Älice", .os_names = {"alice"}});
  ASSERT_TRUE(made) << made.error().message;
  const auto found = people().FindUser("alice@example.com");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->SerializeAsString(), made->SerializeAsString());
  EXPECT_EQ(found->name(), "Älice");
  EXPECT_EQ(found->created(), kNow);
  EXPECT_EQ(found->revision(), house_.directory->revision());
  house_.User("bob");
  EXPECT_EQ(people().ListUsers(std::nullopt, {})->items.size(), 2u);
  EXPECT_EQ(people().ListUsers("platform", {})->items.size(), 1u);
  EXPECT_EQ(people().ListUsers("web", {})->items.size(), 0u);
}

TEST_F(PeopleTest, WhatIsWrongWithAUserIsSaid) {
  house_.User("bob");
  ASSERT_TRUE(Create("carol", "", {"carol"}));
  EXPECT_EQ(Why(Create("bob")), "denied: there is a user \"bob\" already");
  EXPECT_THAT(Why(Create("")), StartsWith("invalid: a user's id has"));
  EXPECT_THAT(Why(Create("-x")), StartsWith("invalid: a user's id has"));
  EXPECT_THAT(Why(Create(std::string(129, 'x'))), StartsWith("invalid: a user's id has"));
  EXPECT_EQ(Why(Create("alice", "web")), "not_found: there is no such team: \"web\"");
  EXPECT_EQ(Why(Create("alice", "", {"carol"})), "invalid: the OS name \"carol\" is \"carol\"'s already");
  EXPECT_THAT(Why(Create("alice", "", {"a b"})), StartsWith("invalid: a name of the operating system"));
  EXPECT_THAT(Why(people().FindUser("alice")), StartsWith("not_found"));
  EXPECT_EQ(house_.LastAct(),
            "user.create refused alice a name of the operating system has 1 to 64 visible "
            "ASCII characters and no comma");
}

TEST_F(PeopleTest, AnUpdateChangesWhatIsGiven) {
  house_.Team("web");
  ASSERT_TRUE(Create("alice", "", {"alice"}));
  UserUpdate update;
  update.team = "web";
  update.disabled = true;
  auto user = people().UpdateUser(house_.actor, "alice", update);
  ASSERT_TRUE(user);
  EXPECT_EQ(user->team(), "web");
  EXPECT_TRUE(user->disabled());
  EXPECT_THAT(user->os_names(), ElementsAre("alice"));
  EXPECT_EQ(house_.LastAct(), "user.update done alice changed: team disabled");
  UserUpdate back;
  back.team = "";
  back.disabled = false;
  user = people().UpdateUser(house_.actor, "alice", back);
  EXPECT_EQ(user->team(), "");
  EXPECT_EQ(people().FindUser("alice")->SerializeAsString(), user->SerializeAsString());
  update.team = "none";
  EXPECT_THAT(Why(people().UpdateUser(house_.actor, "alice", update)),
              StartsWith("not_found: there is no such team"));
  EXPECT_THAT(Why(people().UpdateUser(house_.actor, "dave", back)), StartsWith("not_found"));
}

TEST_F(PeopleTest, ARemovedUserIsGoneAndMayBeMadeAgain) {
  ASSERT_TRUE(Create("alice", "", {"alice"}));
  house_.Key("alice");
  house_.Key("alice");
  ASSERT_TRUE(people().RemoveUser(house_.actor, "alice"));
  EXPECT_EQ(house_.LastAct(), "user.remove done alice revoked 2 keys");
  EXPECT_THAT(Why(people().FindUser("alice")), StartsWith("not_found"));
  EXPECT_THAT(people().ListUsers(std::nullopt, {})->items, IsEmpty());
  EXPECT_FALSE(people().RemoveUser(house_.actor, "alice"));
  ASSERT_TRUE(Create("bob", "", {"alice"}));  // the OS name is free again
  const auto again = Create("alice");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_THAT(again->os_names(), IsEmpty());
}

TEST_F(PeopleTest, ATeamIsMadeChangedAndRemoved) {
  house_.Credential("main");
  house_.Team("platform", {"main"}, {"devs"});
  EXPECT_EQ(people().FindTeam("platform")->organisation(), "example");
  TeamUpdate update;
  update.os_groups = std::vector<std::string>{};
  ASSERT_TRUE(people().UpdateTeam(house_.actor, "platform", update));
  EXPECT_THAT(people().FindTeam("platform")->os_groups(), IsEmpty());
  EXPECT_THAT(people().FindTeam("platform")->credentials(), ElementsAre("main"));
  house_.User("alice", "platform");
  EXPECT_EQ(Why(people().RemoveTeam(house_.actor, "platform")),
            "denied: the team \"platform\" has users; move them to another one first");
  ASSERT_TRUE(people().RemoveUser(house_.actor, "alice"));
  ASSERT_TRUE(people().RemoveTeam(house_.actor, "platform"));
  EXPECT_THAT(Why(people().FindTeam("platform")), StartsWith("not_found"));
  EXPECT_THAT(people().ListTeams({})->items, IsEmpty());
  house_.Team("platform");
  EXPECT_THAT(people().FindTeam("platform")->credentials(), IsEmpty());
}

TEST_F(PeopleTest, WhatIsWrongWithATeamIsSaid) {
  house_.Team("platform", {}, {"devs"});
  const auto create = [&](NewTeam team) { return Why(people().CreateTeam(house_.actor, team)); };
  EXPECT_EQ(create({"platform", "", {}, {}}), "denied: there is a team \"platform\" already");
  EXPECT_THAT(create({"Web", "", {}, {}}), StartsWith("invalid: a team's id has 1 to 64 small letters"));
  EXPECT_THAT(create({"web", "", {"none"}, {}}), StartsWith("not_found: there is no such credential"));
  EXPECT_EQ(create({"web", "", {}, {"devs"}}),
            "invalid: the OS group \"devs\" is team \"platform\"'s already");
}

// ── OS users ──

TEST_F(PeopleTest, AnOsUserIsTheUserWhoHasTheName) {
  house_.Credential("main");
  house_.Team("platform", {"main"}, {});
  ASSERT_TRUE(Create("alice@example.com", "platform", {"alice", "a.smith"}));
  for (const std::string name : {"alice", "a.smith"}) {
    const wire::OsPrincipal principal = Resolve(name, {"whatever"});
    EXPECT_TRUE(principal.known());
    EXPECT_EQ(principal.user(), "alice@example.com");
    EXPECT_EQ(principal.team(), "platform");
    EXPECT_EQ(principal.organisation(), "example");
    EXPECT_THAT(principal.credentials(), ElementsAre("main"));
  }
  EXPECT_FALSE(Resolve("bob").known());
  EXPECT_FALSE(Resolve("").known());
}

TEST_F(PeopleTest, AnOsUserWithoutARecordIsOfTheTeamOfTheGroup) {
  house_.Credential("main");
  house_.Team("platform", {"main"}, {"devs", "ops"});
  const wire::OsPrincipal principal = Resolve("bob", {"bob", "devs", "ops"});
  EXPECT_TRUE(principal.known());
  EXPECT_EQ(principal.user(), "bob");
  EXPECT_EQ(principal.team(), "platform");
  EXPECT_THAT(principal.credentials(), ElementsAre("main"));
}

TEST_F(PeopleTest, AnOsUserOfTwoTeamsIsNobody) {
  house_.Team("platform", {}, {"devs"});
  house_.Team("web", {}, {"designers"});
  EXPECT_TRUE(Resolve("bob", {"devs"}).known());
  EXPECT_FALSE(Resolve("bob", {"devs", "designers"}).known());
}

TEST_F(PeopleTest, ADisabledUserIsNobodyWhateverTheGroup) {
  house_.Team("platform", {}, {"devs"});
  ASSERT_TRUE(Create("alice", "", {"alice"}));
  UserUpdate update;
  update.disabled = true;
  ASSERT_TRUE(people().UpdateUser(house_.actor, "alice", update));
  EXPECT_FALSE(Resolve("alice", {"devs"}).known());
}

TEST_F(PeopleTest, ARemovedUserIsNobodyWhateverTheGroupUntilSomebodyHasTheName) {
  house_.Team("platform", {}, {"devs"});
  ASSERT_TRUE(Create("alice@example.com", "platform", {"alice", "a.smith"}));
  ASSERT_TRUE(people().RemoveUser(house_.actor, "alice@example.com"));
  EXPECT_FALSE(Resolve("alice", {"devs"}).known());
  EXPECT_FALSE(Resolve("a.smith", {"devs"}).known());
  EXPECT_TRUE(Resolve("bob", {"devs"}).known());
  ASSERT_TRUE(Create("asmith@example.com", "", {"a.smith"}));
  EXPECT_EQ(Resolve("a.smith", {"devs"}).user(), "asmith@example.com");
  EXPECT_FALSE(Resolve("alice", {"devs"}).known());
  ASSERT_TRUE(Create("alice@example.com", "platform"));  // made again, without the name: the group counts
  EXPECT_TRUE(Resolve("alice", {"devs"}).known());
}

TEST_F(PeopleTest, AnOsNameThatIsTheIdOfAUserWhoIsShutOutIsNobody) {
  house_.Team("platform", {}, {"devs"});
  ASSERT_TRUE(Create("alice"));
  EXPECT_TRUE(Resolve("alice", {"devs"}).known());
  UserUpdate update;
  update.disabled = true;
  ASSERT_TRUE(people().UpdateUser(house_.actor, "alice", update));
  EXPECT_FALSE(Resolve("alice", {"devs"}).known());
  ASSERT_TRUE(people().RemoveUser(house_.actor, "alice"));
  EXPECT_FALSE(Resolve("alice", {"devs"}).known());
}

}  // namespace
}  // namespace postern::directory
