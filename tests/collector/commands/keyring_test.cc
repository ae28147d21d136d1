#include "collector/keyring.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "collector/state.h"
#include "tests/support/temporary_directory.h"

namespace postern::collector {
namespace {

using ::testing::HasSubstr;

class KeyringOf : public ::testing::Test {
 protected:
  CollectorConfig Config() const {
    CollectorConfig config;
    config.state = directory_.path();
    return config;
  }
  const support::TemporaryDirectory directory_;
};

TEST_F(KeyringOf, ACollectorIsMadeOnceAndReadAgain) {
  EXPECT_EQ(LoadKeyring(Config()).error().code, ErrorCode::kNotFound);
  const auto made = MakeKeyring(Config(), {"localhost", "127.0.0.1"});
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(IsInitialised(Config()));
  ASSERT_TRUE(FinishInitialising(Config(), *made));
  EXPECT_TRUE(IsInitialised(Config()));
  const auto read = LoadKeyring(Config());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->collector, made->collector);
  EXPECT_EQ(read->log_key.public_key(), made->log_key.public_key());
  EXPECT_EQ(read->policy_key.public_key(), made->policy_key.public_key());
  EXPECT_NE(read->policy_key.public_key(), made->log_key.public_key());
  EXPECT_EQ(read->curve.public_key, made->curve.public_key);
  EXPECT_EQ(read->master_key.id(), made->master_key.id());
  EXPECT_EQ(read->fingerprint, made->fingerprint);
  EXPECT_EQ(read->fingerprint.size(), 64u);
}

TEST_F(KeyringOf, AnInterruptedInitIsTakenUpWhereItEnded) {
  const auto first = MakeKeyring(Config(), {"localhost"});
  std::filesystem::remove(directory_ / "curve.key");
  const auto second = MakeKeyring(Config(), {"localhost"});
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->log_key.public_key(), first->log_key.public_key());
  EXPECT_EQ(second->fingerprint, first->fingerprint);
  EXPECT_NE(second->curve.public_key, first->curve.public_key);
}

TEST_F(KeyringOf, AStateFromBeforeThereWerePoliciesGetsTheirKey) {
  const auto made = MakeKeyring(Config(), {"localhost"});
  ASSERT_TRUE(FinishInitialising(Config(), *made));
  std::filesystem::remove(directory_ / "policy.key");
  const auto read = LoadKeyring(Config());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(LoadKeyring(Config())->policy_key.public_key(), read->policy_key.public_key());
}

TEST_F(KeyringOf, OnlyItsOwnerMayReadTheSecrets) {
  const auto made = MakeKeyring(Config(), {"localhost"});
  ASSERT_TRUE(FinishInitialising(Config(), *made));
  for (const char* name : {"log.key", "policy.key", "curve.key", "master.key", "tls.key", "collector.id"}) {
    struct stat status{};
    ASSERT_EQ(stat((directory_ / name).c_str(), &status), 0) << name;
    EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
  }
  for (const char* name : {"log.key", "policy.key", "curve.key", "master.key"}) {
    chmod((directory_ / name).c_str(), 0640);
    const auto read = LoadKeyring(Config());
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(read.error().message, HasSubstr(name));
    chmod((directory_ / name).c_str(), 0600);
  }
}

TEST_F(KeyringOf, AFileThatIsNotAsItShouldBeIsNamed) {
  const auto made = MakeKeyring(Config(), {"localhost"});
  ASSERT_TRUE(FinishInitialising(Config(), *made));
  for (const char* name : {"log.key", "curve.key", "master.key", "collector.id", "tls.crt"}) {
    const std::string before = support::ReadFile(directory_ / name);
    directory_.Write(name, "0123");
    const auto read = LoadKeyring(Config());
    ASSERT_FALSE(read) << name;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalid) << name;
    EXPECT_THAT(read.error().message, HasSubstr(name));
    directory_.Write(name, before);
  }
  std::filesystem::remove(directory_ / "master.key");
  EXPECT_EQ(LoadKeyring(Config()).error().code, ErrorCode::kNotFound);
}

TEST_F(KeyringOf, AnotherPlaceForTheMasterKeyIsUsed) {
  const support::TemporaryDirectory apart;
  CollectorConfig config = Config();
  config.master_key_file = apart / "master.key";
  ASSERT_TRUE(MakeKeyring(config, {"localhost"}));
  EXPECT_TRUE(std::filesystem::exists(apart / "master.key"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "master.key"));
}

TEST_F(KeyringOf, TheStateIsForOneAtATime) {
  const auto lock = StateLock::Take(Config());
  ASSERT_TRUE(lock) << lock.error().message;
  const auto second = StateLock::Take(Config());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kDenied);
  EXPECT_THAT(second.error().message, HasSubstr("is in use"));
}

}  // namespace
}  // namespace postern::collector
