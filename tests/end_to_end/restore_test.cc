// A collector's backup, restored while agents know more than it: with the real programs, as an administrator
// does it (collector/README.md).
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/furnished.h"
#include "tests/end_to_end/host.h"
#include "tests/end_to_end/house.h"
#include "tests/end_to_end/keep.h"

namespace postern::end_to_end {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Restore : public ::testing::Test {
 protected:
  bool LogHas(uint64_t outcomes) {
    return Eventually([&] { return house_.ReadLog().outcomes.size() == outcomes; });
  }

  // What the page says: state away, backup there, master key to its place.
  void PutBack(const std::string& backup) {
    const fs::path state(house_.keep().state());
    const fs::path away(house_.keep().directory() / "away");
    fs::rename(state, away);
    fs::copy(backup, state, fs::copy_options::recursive);
    fs::copy_file(away / "master.key", state / "master.key");
  }

  // Makes it the next version and waits until it is in force on every connected host; what is said of it.
  std::string Apply(const std::string& rules) {
    const std::string file = house_.keep().directory().Write(
        "policy.yaml", "organisation:\n  name: Example\n  models:\n    allow: [\"*\"]\n" + rules);
    return house_.Postern({"policy", "apply", file, "--wait"});
  }
  bool HasVersion(uint64_t version, double hosts) {
    const std::string sample =
        "postern_collector_agents_by_policy{version=\"" + std::to_string(version) + "\"}";
    return Eventually([&] { return house_.keep().Metric(sample) == hosts; });
  }

  House house_;
};

TEST_F(Restore, ACollectorThatHasForgottenWaitsForRecoverAndThenGetsBackWhatIsMissing) {
  Host host(house_.Member());
  for (int i = 0; i < 3; ++i) ASSERT_EQ(host.Ask(MessageBody("before")).status, 200);
  ASSERT_TRUE(LogHas(3));
  const std::string leaver = house_.Postern({"key", "create", "--user", "alice@example.com"}).substr(0, 51);
  const std::string backup = house_.keep().directory() / "backup";
  ASSERT_EQ(house_.keep().Run({"backup", backup}).ending.code, 0);

  for (int i = 0; i < 5; ++i) ASSERT_EQ(host.Ask(MessageBody("after")).status, 200);
  host.set_key(leaver);
  ASSERT_EQ(host.Ask(MessageBody("leaver")).status, 200);
  house_.Postern({"key", "revoke", leaver.substr(4, 12)});
  ASSERT_TRUE(Eventually([&] { return host.Ask(MessageBody("leaver")).status == 401; }));
  ASSERT_TRUE(LogHas(9));

  EXPECT_EQ(house_.keep().Stop().code, 0);
  PutBack(backup);
  house_.keep().Start();
  // The agent's signed memory proves it.
  ASSERT_TRUE(Eventually([&] { return house_.keep().Run({"status"}).ending.code == 1; }));
  EXPECT_THAT(house_.keep().Run({"status"}).errors, HasSubstr("postern-collector recover"));
  host.set_key(house_.key());
  EXPECT_EQ(host.Ask(MessageBody("meanwhile")).status, 200);  // people go on working

  EXPECT_EQ(house_.keep().Stop().code, 0);
  const support::Finished recovered = house_.keep().Run({"recover"});
  ASSERT_EQ(recovered.ending.code, 0) << recovered.errors;
  EXPECT_THAT(recovered.output, HasSubstr("epoch 2"));
  house_.keep().Start();
  EXPECT_TRUE(LogHas(10));
  EXPECT_EQ(house_.ReadLog().repeated, 0u);
  EXPECT_EQ(house_.ReadSums().requests, 10);
  EXPECT_EQ(house_.keep().Run({"status"}).ending.code, 0);
  // The backup didn't know of the revocation; the agent did.
  EXPECT_TRUE(Eventually([&] {
    return house_.Postern({"key", "show", leaver.substr(4, 12)}).find("revoked") != std::string::npos;
  }));
  EXPECT_EQ(host.Ask(MessageBody("afterwards")).status, 200);
  EXPECT_TRUE(LogHas(11));
  EXPECT_EQ(house_.keep().Stop().code, 0);
  const support::Finished check = house_.keep().Run({"check"});
  EXPECT_EQ(check.ending.code, 0) << check.output << check.errors;
}

TEST_F(Restore, VersionsOfThePolicyGoOnAboveThoseThatHostsHave) {
  Host host(house_.Member()), away(house_.Member());
  ASSERT_TRUE(HasVersion(1, 2));
  EXPECT_THAT(Apply("  max_tokens: 64000\n"), HasSubstr("Version 2 is in force."));
  EXPECT_EQ(away.StopAgent().code, 0);
  const std::string backup = house_.keep().directory() / "backup";
  ASSERT_EQ(house_.keep().Run({"backup", backup}).ending.code, 0);
  // What the backup doesn't know. (It goes on without the host that is away, which is a failure of waiting.)
  const std::string file = house_.keep().directory().Write(
      "later.yaml",
      "organisation:\n  name: Example\n  models:\n    allow: [\"*\"]\n    deny: [claude-opus-5-5]\n");
  EXPECT_THAT(house_.Postern({"policy", "apply", file}), HasSubstr("Version 3 is in force."));
  ASSERT_TRUE(HasVersion(3, 1));
  ASSERT_NE(host.Ask(MessageBody("denied")).status, 200);

  EXPECT_EQ(house_.keep().Stop().code, 0);
  PutBack(backup);
  ASSERT_EQ(house_.keep().Run({"recover"}).ending.code, 0);
  house_.keep().Start();
  // The host goes by what is forgotten here, and isn't sent what it would have to refuse.
  ASSERT_TRUE(HasVersion(3, 1));
  EXPECT_NE(host.Ask(MessageBody("denied")).status, 200);
  EXPECT_TRUE(Eventually([&] { return house_.ReadLog().alarms["policy_forgotten"] == 1; }));
  // One that comes back now has what the backup has.
  away.StartAgent();
  ASSERT_TRUE(HasVersion(2, 1));
  EXPECT_EQ(away.Ask(MessageBody("allowed")).status, 200);

  // The text that is in force here already, as a version that nobody can have had.
  EXPECT_THAT(Apply("  max_tokens: 64000\n"), HasSubstr("Version 1004 is in force."));
  ASSERT_TRUE(HasVersion(1004, 2));
  EXPECT_EQ(host.Ask(MessageBody("allowed")).status, 200);
  EXPECT_EQ(away.Ask(MessageBody("allowed")).status, 200);
  for (Host* each : {&host, &away}) {
    EXPECT_EQ(each->Metric("postern_policy_version"), 1004);
    EXPECT_EQ(each->Metric("postern_policies_refused_total"), 0);
  }
  EXPECT_EQ(house_.keep().Metric("postern_collector_policies_refused_total"), 0);
}

}  // namespace
}  // namespace postern::end_to_end
