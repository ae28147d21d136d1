#include "collector/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/paths.h"

namespace postern::collector {
namespace {

using ::testing::HasSubstr;

Result<CollectorConfig> Parse(std::string_view text) {
  return ParseCollectorConfig(text, "collector.yaml", "/etc/postern");
}

TEST(CollectorConfig, TheSampleIsTheDefaults) {
  const auto sample = LoadCollectorConfig(support::InSource("config/collector.yaml"));
  ASSERT_TRUE(sample) << sample.error().message;
  EXPECT_EQ(*sample, CollectorConfig{});
  EXPECT_EQ(*Parse(""), CollectorConfig{});
}

TEST(CollectorConfig, ReadsEverything) {
  const auto config = Parse(R"(listen: "[::1]:5790"
agents: 127.0.0.1:0
agents_address: keep.example.com:4791
state: state
master_key: /secure/master.key
tls: {certificate: keep.crt, key: keep.key}
organisation: Example
models: prices.yaml
policy: {key: 00000000000000000000000000000000000000000000000000000000000000ff}
credentials: {lifetime: 2h}
log: {level: warning, format: json}
)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->listen, "[::1]:5790");
  EXPECT_EQ(config->agents, "127.0.0.1:0");
  EXPECT_EQ(config->agents_address, "keep.example.com:4791");
  EXPECT_EQ(config->state, "/etc/postern/state");
  EXPECT_EQ(config->master_key(), "/secure/master.key");
  EXPECT_EQ(config->certificate(), "/etc/postern/keep.crt");
  EXPECT_EQ(config->certificate_key(), "/etc/postern/keep.key");
  EXPECT_EQ(config->socket(), "/etc/postern/state/collector.sock");
  EXPECT_EQ(config->organisation, "Example");
  EXPECT_EQ(config->models, "/etc/postern/prices.yaml");
  EXPECT_EQ(config->policy_key, std::string(31, '\0') + '\xff');
  EXPECT_EQ(config->credential_lifetime, std::chrono::hours(2));
  EXPECT_EQ(config->log_level, Level::kWarning);
  EXPECT_EQ(config->log_format, LogFormat::kJson);
}

TEST(CollectorConfig, KeysLieInTheStateDirectoryUnlessTheFileSaysOtherwise) {
  const auto config = Parse("state: /var/x\n");
  EXPECT_EQ(config->master_key(), "/var/x/master.key");
  EXPECT_EQ(config->certificate(), "/var/x/tls.crt");
  EXPECT_EQ(config->certificate_key(), "/var/x/tls.key");
}

TEST(CollectorConfig, NamesLineKeyAndWhatIsAllowed) {
  const std::pair<const char*, const char*> cases[] = {
      {"lisen: 0.0.0.0:1\n", "collector.yaml:1: lisen: unknown key; did you mean \"listen\"?"},
      {"listen: localhost:4790\n",
       "collector.yaml:1: listen: found \"localhost:4790\", allowed is an address with a port"},
      {"listen: ::1:4790\n", "allowed is an address"},
      {"listen: 0.0.0.0:70000\n", "allowed is an address"},
      {"listen: \"0.0.0.0:\"\n", "allowed is an address"},
      {"agents: 0.0.0.0:4790\n", "two different addresses"},
      {"agents_address: keep.example.com\n", "a host with a port"},
      {"agents_address: \"ke ep:1\"\n", "a host with a port"},
      {"state: \"\"\n", "a path"},
      {"tls: {certificate: a}\n", "key"},
      {"organisation: \"\"\n", "1 to 100 characters"},
      {"policy: {key: 00ff}\n",
       "collector.yaml:1: policy.key: found something else, allowed is the public key"},
      {"policy: {file: x}\n", "policy.file: unknown key"},
      {"credentials: {lifetime: 1s}\n", "10m to 30d"},
      {"log: {level: loud}\n", "debug"},
  };
  for (const auto& [text, message] : cases) {
    const auto config = Parse(text);
    ASSERT_FALSE(config) << text;
    EXPECT_EQ(config.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(config.error().message, HasSubstr(message)) << text;
  }
  EXPECT_EQ(LoadCollectorConfig("/nowhere/collector.yaml").error().code, ErrorCode::kNotFound);
}

TEST(CollectorConfig, BothMayAskForAnyFreePort) {
  EXPECT_TRUE(Parse("listen: 127.0.0.1:0\nagents: 127.0.0.1:0\n"));
}

}  // namespace
}  // namespace postern::collector
