// A collector's backup, restored while agents know more than it: with the real programs, as an administrator
// does it (collector/README.md).
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/host.h"
#include "tests/end_to_end/house.h"
#include "tests/end_to_end/keep.h"

namespace postern::end_to_end {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Looks again until it holds; the clock is only there so that what never comes fails.
bool Eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return true;
}

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

}  // namespace
}  // namespace postern::end_to_end
