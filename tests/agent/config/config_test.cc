#include "agent/config.h"

#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/paths.h"

namespace postern::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const Environment kEmptyEnvironment = [](const char*) { return std::nullopt; };

Result<AgentConfig> Read(std::string_view text, const Environment& environment = kEmptyEnvironment) {
  return ParseAgentConfig(text, "agent.yaml", "/etc/postern", environment);
}

std::string WhyNot(std::string_view text) {
  const auto config = Read(text);
  return config ? "(read)" : config.error().message;
}

std::string Reference() {
  std::ifstream file(support::InSource("config/agent.yaml"));
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty());
  return text.str();
}

// The reference with its optional keys: lines that begin with "#word:", and the "#  " lines below them.
std::string ReferenceWithOptionalKeys() {
  std::istringstream lines(Reference());
  std::string text;
  bool optional = false;
  for (std::string line; std::getline(lines, line);) {
    const size_t mark = line.find_first_not_of(' ');
    const bool comment = mark != line.npos && line[mark] == '#';
    const bool begins =
        comment && mark + 1 < line.size() && std::isalpha(static_cast<unsigned char>(line[mark + 1]));
    optional = begins || (optional && comment && line.substr(mark, 3) == "#  ");
    if (optional) line.erase(mark, 1);
    text += line + '\n';
  }
  return text;
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(AgentConfig, TheReferenceHoldsTheDefaults) {
  const auto reference = Read(Reference());
  ASSERT_TRUE(reference) << reference.error().message;
  EXPECT_EQ(*reference, *Read(""));
}

TEST(AgentConfig, DefaultsAreThoseOfTheStruct) {
  AgentConfig expected;
  expected.keys = "/etc/postern/keys.yaml";
  expected.models = "/etc/postern/models.yaml";
  expected.credential.file = "/etc/postern/anthropic.key";
  EXPECT_EQ(*Read(""), expected);
}

TEST(AgentConfig, EveryOptionalKeyOfTheReferenceIsKnown) {
  std::string text = Replaced(ReferenceWithOptionalKeys(), "identity: key", "identity: os_user");
  text = Replaced(text, "  file: anthropic.key\n", "");
  const auto config = Read(text);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->identity_mode, identity::Mode::kOsUser);
  EXPECT_EQ(config->os_users.at(0), (identity::Principal{"root@example.com", "platform", "example"}));
  EXPECT_EQ(config->os_users.at(1000), (identity::Principal{"alice@example.com", "", ""}));
  EXPECT_EQ(config->credential.environment_variable, "ANTHROPIC_API_KEY");
  EXPECT_EQ(config->credential.file, std::nullopt);
  EXPECT_EQ(config->upstream.client_certificate->certificate, "/etc/postern/client.crt");
  EXPECT_EQ(config->upstream.client_certificate->key, "/etc/postern/client.key");
}

// An unknown key that is near to nothing makes the error list what is allowed: each of those must be in the
// reference.
TEST(AgentConfig, EveryKnownKeyIsInTheReference) {
  const std::string reference = ReferenceWithOptionalKeys();
  const std::string unknown = "qqqqqqqqqqqq: 1";
  for (const std::string prefix : {"", "upstream: ", "upstream: {client_certificate: ", "credential: ",
                                   "credentials: ", "offline: ", "audit: ", "audit: {spool: ", "deadlines: ",
                                   "limits: ", "log: ", "identity: os_user\nos_users: {root: "}) {
    const bool nested = prefix.find('{') != prefix.npos;
    const std::string text = prefix.empty() ? unknown : prefix + "{" + unknown + "}" + (nested ? "}" : "");
    const std::string message = WhyNot(text);
    const size_t list = message.find("allowed are ");
    ASSERT_NE(list, message.npos) << text << " gave: " << message;
    std::istringstream keys(message.substr(list + 12));
    for (std::string key; keys >> key;) {
      if (key.back() == ',') key.pop_back();
      EXPECT_THAT(reference, HasSubstr(key + ":")) << prefix;
    }
  }
}

TEST(AgentConfig, ReadsHowItGoesOnWithoutItsCollector) {
  const auto config = Read(R"(
collector: required
revocation: strict
offline: {policy_ttl: 90m}
credentials: {cache: machine}
upstream: {provider: other-provider}
)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->collector, CollectorUse::kRequired);
  EXPECT_EQ(config->membership.revocation, membership::Revocation::kStrict);
  EXPECT_EQ(config->membership.policy_ttl, std::chrono::minutes(90));
  EXPECT_EQ(config->membership.credentials, membership::CredentialCache::kMachine);
  EXPECT_EQ(config->upstream.provider, "other-provider");
  EXPECT_EQ(Read("collector: none")->collector, CollectorUse::kNone);
  EXPECT_THAT(WhyNot("offline: {policy_ttl: 1s}"), HasSubstr("1m to 30d"));
  EXPECT_THAT(WhyNot("collector: maybe"), HasSubstr("if_enrolled"));
  EXPECT_THAT(WhyNot("upstream: {provider: 'Any Thing'}"), HasSubstr("provider's name"));
}

TEST(AgentConfig, ReadsWhereAPolicyComesFromAndWhatItMayRequireOfTheProvider) {
  const auto config = Read("policy: {file: policy.yaml, key: \"" + std::string(64, 'a') +
                           "\"}\nupstream: {residency: [eu, de-by]}\n");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(*config->policy.file, "/etc/postern/policy.yaml");
  EXPECT_EQ(*config->policy.key, std::string(32, '\xaa'));
  EXPECT_EQ(config->upstream.residency, (std::vector<std::string>{"eu", "de-by"}));
  EXPECT_THAT(WhyNot("policy: {key: abc}"), HasSubstr("64 hexadecimal digits"));
  EXPECT_THAT(WhyNot("policy: {path: policy.yaml}"), HasSubstr("file"));
  EXPECT_THAT(WhyNot("upstream: {residency: [Europe]}"), HasSubstr("a word in small letters"));
  EXPECT_THAT(WhyNot("upstream: {residency: eu}"), HasSubstr("residency"));
  std::string many = "eu";
  for (int i = 0; i < 32; ++i) many += ", t" + std::to_string(i);
  EXPECT_THAT(WhyNot("upstream: {residency: [" + many + "]}"), HasSubstr("at most 32"));
}

TEST(AgentConfig, ACredentialThatIsNamedIsTheHostsOwnChoice) {
  EXPECT_EQ(Read("")->credential.choice, CredentialConfig::Choice::kDefault);
  EXPECT_EQ(Read("credential: {file: anthropic.key}")->credential.choice, CredentialConfig::Choice::kStated);
}

// The collector's directory may know them.
TEST(AgentConfig, OsUsersNeedNoMappingWhereThereMayBeACollector) { EXPECT_TRUE(Read("identity: os_user")); }

TEST(AgentConfig, ReadsWhatDiffers) {
  const auto config = Read(R"(
listen: '[::1]:5000'
state: var/state
identity: os_user
os_users: {0: {user: a, team: t}}
upstream: {url: 'http://127.0.0.1:9', ca_files: [ca.pem, /x/y.pem], proxy: 'http://u:p@proxy:1', max_idle_connections: 3}
credential: {env: KEY, header: authorization}
audit: {sync: before_forward, spool: {max_bytes: 64MB, keep: 2d, when_full: gap, sync_timeout: 500ms}}
deadlines: {head: 1s, grant: 2s, shutdown: 2m}
limits: {head: 16KB, body: 1MB, connections: 10}
log: {level: debug, format: json}
)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->listen, (Address{"::1", 5000}));
  EXPECT_EQ(config->state, "/etc/postern/var/state");
  EXPECT_EQ(config->socket(), "/etc/postern/var/state/agent.sock");
  EXPECT_EQ(config->os_users.at(0).team, "t");
  EXPECT_EQ(config->upstream.origin.ToString(), "http://127.0.0.1:9");
  EXPECT_EQ(config->upstream.ca_files, (std::vector<Path>{"/etc/postern/ca.pem", "/x/y.pem"}));
  EXPECT_EQ(*config->upstream.proxy, (Proxy{"proxy", 1, "Basic dTpw"}));
  EXPECT_EQ(config->upstream.max_idle_connections, 3);
  EXPECT_EQ(config->credential.environment_variable, "KEY");
  EXPECT_EQ(config->credential.header, CredentialConfig::Header::kAuthorizationBearer);
  EXPECT_EQ(config->audit.sync, AuditConfig::Sync::kBeforeForward);
  EXPECT_EQ(config->audit.spool_max_bytes, 64 << 20);
  EXPECT_EQ(config->audit.keep, std::chrono::hours(48));
  EXPECT_EQ(config->audit.when_full, AuditConfig::WhenFull::kGap);
  EXPECT_EQ(config->audit.sync_timeout, std::chrono::milliseconds(500));
  EXPECT_EQ(config->deadlines.head, std::chrono::seconds(1));
  EXPECT_EQ(config->deadlines.grant, std::chrono::seconds(2));
  EXPECT_EQ(config->deadlines.shutdown, std::chrono::minutes(2));
  EXPECT_EQ(config->limits.head_bytes, 16 << 10);
  EXPECT_EQ(config->limits.connections, 10);
  EXPECT_EQ(config->log_level, Level::kDebug);
  EXPECT_EQ(config->log_format, LogFormat::kJson);
}

TEST(AgentConfig, TakesTheProxyFromTheEnvironmentUnlessToldOtherwise) {
  const Environment environment = [](const char* name) -> std::optional<std::string> {
    return std::string_view(name) == "HTTPS_PROXY" ? std::optional<std::string>("corp:3128") : std::nullopt;
  };
  EXPECT_EQ(Read("", environment)->upstream.proxy->host, "corp");
  EXPECT_EQ(Read("upstream: {proxy: from environment}", environment)->upstream.proxy->host, "corp");
  EXPECT_EQ(Read("upstream: {proxy: none}", environment)->upstream.proxy, std::nullopt);
  EXPECT_EQ(Read("upstream: {proxy: other:1}", environment)->upstream.proxy->host, "other");
  EXPECT_EQ(Read("upstream: {url: 'http://a'}", environment)->upstream.proxy, std::nullopt);
}

TEST(AgentConfig, ListensOnLoopbackOnly) {
  EXPECT_EQ(
      WhyNot("listen: 0.0.0.0:4780"),
      "agent.yaml:1: listen: found \"0.0.0.0:4780\", allowed is a loopback address with a port, such as "
      "127.0.0.1:4780 or [::1]:4780");
  EXPECT_NE(WhyNot("operations: localhost:4781"), "(read)");
  EXPECT_EQ(WhyNot("listen: 127.0.0.1:4781"),
            "agent.yaml:1: listen: found 127.0.0.1:4781 for listen and operations, allowed is two different "
            "addresses");
  EXPECT_EQ(WhyNot("listen: 127.0.0.1:0\noperations: 127.0.0.1:0"), "(read)");
}

TEST(AgentConfig, NamesPlaceFoundAndAllowedInEveryError) {
  EXPECT_EQ(WhyNot("log:\n  levle: info"), "agent.yaml:2: log.levle: unknown key; did you mean \"level\"?");
  EXPECT_EQ(WhyNot("audit:\n  spool:\n    when_full: drop"),
            "agent.yaml:3: audit.spool.when_full: found \"drop\", allowed is one of refuse, block, gap");
  EXPECT_EQ(WhyNot("deadlines: {head: 0s}"),
            "agent.yaml:1: deadlines.head: found a duration of 0 ns, allowed is a duration from 1ms to 24h");
  EXPECT_EQ(WhyNot("limits: {body: 1GB}"), "(read)");
  EXPECT_NE(WhyNot("limits: {body: 2GB}"), "(read)");
  EXPECT_NE(WhyNot("upstream: {max_connections: 2, max_idle_connections: 3}"), "(read)");
  EXPECT_EQ(WhyNot("credential: {file: a, env: B}"),
            "agent.yaml:1: credential: found both file and env, allowed is one of them");
  EXPECT_NE(WhyNot("upstream: https://api.anthropic.com"), "(read)");
}

TEST(AgentConfig, ShowsNoSecretThatStandsInTheWrongPlace) {
  EXPECT_THAT(WhyNot("upstream: {url: 'https://u:topsecret@a'}"), Not(HasSubstr("topsecret")));
  EXPECT_THAT(WhyNot("upstream: {proxy: 'https://u:topsecret@a'}"), Not(HasSubstr("topsecret")));
  EXPECT_THAT(WhyNot("credential: {env: sk-ant-topsecret}"), Not(HasSubstr("topsecret")));
}

TEST(AgentConfig, ItsClientsAreOfGatewayModeWhereItSaysSo) {
  using Mode = ClientConfig::Mode;
  EXPECT_EQ(Read("client: {gateway_mode: true}")->client.mode, Mode::kGateway);
  EXPECT_EQ(Read("client: {gateway_mode: false}")->client.mode, Mode::kPlain);
  EXPECT_EQ(Read("client: {}")->client.mode, Mode::kPlain);
  EXPECT_THAT(WhyNot("client: {gateway_mode: maybe}"), testing::HasSubstr("client.gateway_mode"));
}

TEST(AgentConfig, WantsOsUsersExactlyWhereTheyCount) {
  EXPECT_THAT(WhyNot("os_users: {0: {user: a}}"), HasSubstr("only with identity: os_user"));
  EXPECT_THAT(WhyNot("identity: os_user\ncollector: none"), HasSubstr("os_users"));
  EXPECT_THAT(
      WhyNot("identity: os_user\nos_users: {no-such-user-here: {user: a}}"),
      HasSubstr("agent.yaml:2: os_users.no-such-user-here: found a user that this machine doesn't know"));
  EXPECT_THAT(WhyNot("identity: os_user\nos_users: {0: {user: a}, root: {user: b}}"),
              HasSubstr("uid 0 a second time"));
  EXPECT_THAT(WhyNot("identity: os_user\nos_users: {0: {team: a}}"),
              HasSubstr("the key \"user\" is missing"));
}

TEST(LoadAgentConfig, ResolvesPathsAgainstTheFilesDirectory) {
  const Path directory = std::filesystem::temp_directory_path() / ("config_test." + std::to_string(getpid()));
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "agent.yaml") << "state: ../x\n";
  const auto config = LoadAgentConfig(directory / "agent.yaml", kEmptyEnvironment);
  std::filesystem::remove_all(directory);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->state, directory.parent_path() / "x");
  EXPECT_EQ(config->keys, directory / "keys.yaml");
  EXPECT_EQ(LoadAgentConfig(directory / "agent.yaml", kEmptyEnvironment).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace postern::agent
