// postern-collector as a whole: it is made, starts, serves, is asked, backed up, restored and stopped.
#include <csignal>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/certificate.h"
#include "tests/support/paths.h"
#include "tests/support/running_collector.h"

namespace postern::collector {
namespace {

namespace fs = std::filesystem;
using support::Finished;
using support::RunningCollector;
using ::testing::HasSubstr;
using ::testing::Not;

class CollectorCommands : public ::testing::Test {
 protected:
  void Start(const std::string& extra = "") {
    auto started = RunningCollector::Start(extra);
    ASSERT_TRUE(started) << started.error().message;
    collector_ = *std::move(started);
  }
  Finished Good(std::vector<std::string> words) const {
    Finished finished = collector_->Command(std::move(words));
    EXPECT_EQ(finished.ending.code, 0) << finished.output << finished.errors;
    return finished;
  }
  std::string Users() const { return collector_->Postern({"user", "list", "--json"}).output; }

  std::unique_ptr<RunningCollector> collector_;
};

TEST_F(CollectorCommands, ServesUntilItIsToldToStop) {
  Start();
  EXPECT_EQ(collector_->Postern({"whoami"}).ending.code, 0);
  const Finished status = Good({"status"});
  EXPECT_THAT(status.output, HasSubstr(collector_->fingerprint()));
  EXPECT_THAT(Good({"status", "--json"}).output, HasSubstr("\"restored\":false"));
  EXPECT_EQ(collector_->Stop(), (support::Ending{.code = 0, .signal = std::nullopt}));
  EXPECT_THAT(collector_->process().errors(), HasSubstr("stopped"));
  EXPECT_FALSE(fs::exists(collector_->state() + "/collector.sock"));
  EXPECT_EQ(collector_->Command({"status"}).ending.code, 3);
  EXPECT_EQ(collector_->Postern({"whoami"}).ending.code, 3);
}

TEST_F(CollectorCommands, GoesOnAfterAStopAndAfterAKill) {
  Start();
  EXPECT_EQ(collector_->Postern({"user", "create", "a@example.com"}).ending.code, 0);
  collector_->Stop();
  ASSERT_TRUE(collector_->Run());
  EXPECT_EQ(collector_->Postern({"user", "create", "b@example.com"}).ending.code, 0);
  collector_->Kill();
  ASSERT_TRUE(collector_->Run());
  EXPECT_THAT(Users(), HasSubstr("a@example.com"));
  EXPECT_THAT(Users(), HasSubstr("b@example.com"));
}

TEST_F(CollectorCommands, IsMadeOnce) {
  Start();
  collector_->Stop();
  const Finished again = collector_->Command({"init"});
  EXPECT_EQ(again.ending.code, 1);
  EXPECT_THAT(again.errors, HasSubstr("holds a collector already"));
  EXPECT_THAT(again.output + again.errors, Not(HasSubstr("psa_")));
}

TEST_F(CollectorCommands, ShowsTheFirstTokenOnceAndKeepsItNowhere) {
  const support::TemporaryDirectory directory;
  const std::string config = directory.Write("collector.yaml", "state: state\n");
  const auto made =
      support::RunProcess({.argv = {support::InBuild("bin/postern-collector"), "init", "--config", config}});
  ASSERT_EQ(made->ending.code, 0) << made->errors;
  const std::string token = made->output.substr(0, made->output.find('\n'));
  EXPECT_THAT(token, ::testing::MatchesRegex("psa_[a-z0-9]{12}_[A-Za-z0-9]{34}"));
  EXPECT_THAT(made->errors, HasSubstr("This is the only time that it is shown."));
  EXPECT_THAT(made->errors, Not(HasSubstr(token)));
  for (const auto& entry : fs::recursive_directory_iterator(directory.path())) {
    if (!entry.is_regular_file()) continue;
    EXPECT_THAT(support::ReadFile(entry.path()), Not(HasSubstr(token.substr(17, 28)))) << entry.path();
  }
}

TEST_F(CollectorCommands, MakesAnotherAdministratorForWhoLostTheToken) {
  Start();
  EXPECT_EQ(collector_->Command({"administrator", "rescue"}).ending.code, 1);  // it runs
  collector_->Stop();
  const std::string token = Good({"administrator", "rescue"}).output;
  ASSERT_TRUE(collector_->Run());
  const support::TemporaryDirectory directory;
  EXPECT_THAT(collector_->PosternAs(directory.Write("token", token), {"whoami"}).output, HasSubstr("rescue"));
}

TEST_F(CollectorCommands, ABackupOfARunningCollectorIsSoundAndCanBeRestored) {
  Start();
  EXPECT_EQ(collector_->Postern({"user", "create", "before@example.com"}).ending.code, 0);
  const std::string backup = collector_->directory() + "/backup";
  const Finished made = Good({"backup", backup});
  EXPECT_THAT(made.errors, HasSubstr("master.key"));
  EXPECT_FALSE(fs::exists(backup + "/master.key"));
  EXPECT_EQ(collector_->Command({"backup", backup}).ending.code, 2);  // it isn't empty
  EXPECT_THAT(Good({"check", backup}).output, HasSubstr("The database is sound."));

  EXPECT_EQ(collector_->Postern({"user", "create", "after@example.com"}).ending.code, 0);
  collector_->Stop();
  const std::string master_key = support::ReadFile(collector_->state() + "/master.key");
  fs::remove_all(collector_->state());
  fs::copy(backup, collector_->state(), fs::copy_options::recursive);
  std::ofstream(collector_->state() + "/master.key") << master_key;
  fs::permissions(collector_->state() + "/master.key", fs::perms::owner_read | fs::perms::owner_write);

  EXPECT_THAT(Good({"recover"}).output, HasSubstr("epoch 2"));
  ASSERT_TRUE(collector_->Run());
  EXPECT_THAT(Users(), HasSubstr("before@example.com"));
  EXPECT_THAT(Users(), Not(HasSubstr("after@example.com")));
  EXPECT_THAT(Good({"status", "--json"}).output, HasSubstr("\"epoch\":2"));
  collector_->Stop();
  EXPECT_THAT(Good({"check"}).output, HasSubstr("The database is sound."));
}

TEST_F(CollectorCommands, ABackupNeedsNoRunningCollector) {
  Start();
  collector_->Stop();
  const std::string backup = collector_->directory() + "/backup";
  Good({"backup", backup});
  EXPECT_THAT(Good({"check", backup, "--json"}).output, HasSubstr("\"sound\":true"));
}

TEST_F(CollectorCommands, CheckFindsADamagedDatabase) {
  Start();
  const std::string backup = collector_->directory() + "/backup";
  Good({"backup", backup});
  int damaged = 0;
  for (const auto& entry : fs::directory_iterator(backup + "/store")) {
    if (entry.path().extension() != ".sst") continue;
    std::string bytes = support::ReadFile(entry.path());
    bytes[bytes.size() / 3] = static_cast<char>(bytes[bytes.size() / 3] ^ 0x20);
    std::ofstream(entry.path(), std::ios::binary) << bytes;
    ++damaged;
  }
  ASSERT_GT(damaged, 0);
  const Finished check = collector_->Command({"check", backup});
  EXPECT_EQ(check.ending.code, 1) << check.output << check.errors;
  EXPECT_NE(check.output + check.errors, "");
  EXPECT_THAT(check.output, Not(HasSubstr("is sound")));
}

TEST_F(CollectorCommands, CheckLeavesARunningCollectorAlone) {
  Start();
  const Finished check = collector_->Command({"check"});
  EXPECT_EQ(check.ending.code, 1);
  EXPECT_THAT(check.errors, HasSubstr("is in use"));
  EXPECT_EQ(collector_->Command({"check", "/nowhere"}).ending.code, 1);
}

TEST_F(CollectorCommands, OneCollectorAStateDirectory) {
  Start();
  const Finished second = collector_->Command({"run"});
  EXPECT_EQ(second.ending.code, 1);
  EXPECT_THAT(second.errors, HasSubstr("is in use"));
  EXPECT_EQ(collector_->Postern({"whoami"}).ending.code, 0);
}

TEST_F(CollectorCommands, ReadsItsCertificateAgainWithoutARestart) {
  const support::TemporaryDirectory directory;
  Start();
  const std::string before = support::ReadFile(collector_->state() + "/tls.crt");
  EXPECT_EQ(Good({"reload"}).output, "configuration and certificate read again\n");
  std::ofstream(collector_->state() + "/tls.crt") << "nonsense";
  const Finished refused = collector_->Command({"reload"});
  EXPECT_EQ(refused.ending.code, 1) << refused.errors;
  EXPECT_EQ(collector_->Postern({"whoami"}).ending.code, 0);  // the old one stays
  collector_->process().Signal(SIGHUP);
  EXPECT_TRUE(collector_->process().WaitForLine("nothing was changed"));
  std::ofstream(collector_->state() + "/tls.crt") << before;
  collector_->process().Signal(SIGHUP);
  EXPECT_TRUE(collector_->process().WaitForLine("configuration and certificate read again"));
}

TEST_F(CollectorCommands, ChangesOnlyTheLogWithoutARestart) {
  Start();
  const std::string config = support::ReadFile(collector_->config_file());
  std::ofstream(collector_->config_file()) << config << "log: {level: debug}\n";
  EXPECT_EQ(Good({"reload"}).output, "configuration and certificate read again\n");
  std::ofstream(collector_->config_file()) << config << "organisation: another\n";
  const Finished refused = collector_->Command({"reload"});
  EXPECT_EQ(refused.ending.code, 1);
  EXPECT_THAT(refused.errors, HasSubstr("change without a restart"));
}

TEST_F(CollectorCommands, AWrongConfigurationEndsItBeforeAnythingIsOpened) {
  const support::TemporaryDirectory directory;
  const std::string config = directory.Write("collector.yaml", "state: state\nlisten: everywhere\n");
  for (const char* command : {"run", "init", "check", "status", "recover"}) {
    const auto ended = support::RunProcess(
        {.argv = {support::InBuild("bin/postern-collector"), command, "--config", config}});
    EXPECT_EQ(ended->ending.code, 2) << command;
    EXPECT_THAT(ended->errors, HasSubstr("collector.yaml:2: listen")) << command;
  }
  EXPECT_FALSE(fs::exists(directory / "state"));
  const std::string good = directory.Write("good.yaml", "state: state\n");
  const auto uninitialised =
      support::RunProcess({.argv = {support::InBuild("bin/postern-collector"), "run", "--config", good}});
  EXPECT_EQ(uninitialised->ending.code, 2);
  EXPECT_THAT(uninitialised->errors, HasSubstr("postern-collector init"));
}

}  // namespace
}  // namespace postern::collector
