// The whole house: real collector, real agents, the provider simulator, and between them the real client.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/furnished.h"
#include "tests/end_to_end/house.h"
#include "tests/end_to_end/peers.h"
#include "tests/end_to_end/provider_journal.h"
#include "tests/end_to_end/record_view.h"

namespace postern::end_to_end {
namespace {

using ::testing::HasSubstr;

uint64_t Outcomes(const LogContents& log) { return log.outcomes.size(); }

// The log once so many exchanges have ended in it.
LogContents LogWith(const House& house, uint64_t outcomes) {
  LogContents log;
  EXPECT_TRUE(Eventually([&] {
    log = house.ReadLog();
    return Outcomes(log) >= outcomes;
  })) << Outcomes(log)
      << " of " << outcomes;
  return log;
}

class WholeHouse : public ::testing::Test {
 protected:
  House house_;
};

// With the real client.
class WholeHouseWithClients : public PeersTest {
 protected:
  House house_;
};

TEST_F(WholeHouseWithClients, TwoHostsWithTheRealClientAreInOneLogAndItsSumsAreTheProviders) {
  Host first(house_.Member());
  Host second(house_.Member({.upstream = "http://127.0.0.1:" + std::to_string(first.provider_port())}));
  const ProviderJournal provider(first.provider_port());
  const auto loop = ClaudeCode(Through(first)).Run("Take the steps. [[postern loop=5]]");
  EXPECT_EQ(loop.ending.code, 0) << loop.output << loop.errors;
  const auto plain = ClaudeCode(Through(second)).Run(R"(Say it. [[postern text "from the second host"]])");
  EXPECT_EQ(plain.output, "from the second host\n") << plain.errors;

  const std::string totals = provider.Totals();
  const uint64_t asked = provider.arrived();
  EXPECT_EQ(asked, 7u);
  const LogContents log = LogWith(house_, asked);
  EXPECT_EQ(Outcomes(log), asked);
  EXPECT_EQ(log.repeated, 0u);
  EXPECT_EQ(house_.agents().size(), 2u);
  EXPECT_EQ(log.nano_dollars, OpusCost(totals));
  const Sums sums = house_.ReadSums();
  EXPECT_EQ(sums.requests, static_cast<int64_t>(asked));
  EXPECT_EQ(sums.input, Number(totals, "input"));
  EXPECT_EQ(sums.output, Number(totals, "output"));
  EXPECT_EQ(sums.nano_dollars, OpusCost(totals));
  EXPECT_THAT(house_.Postern({"usage", "--by", "user", "--json"}), HasSubstr("alice@example.com"));
  for (Host* const host : {&first, &second}) {
    EXPECT_EQ(host->StopAgent().code, 0);
    EXPECT_EQ(host->Run({"events", "verify"}).ending.code, 0);
  }
}

TEST_F(WholeHouse, AKeyThatIsRevokedIsRefusedOnEveryHost) {
  Host first(house_.Member());
  Host second(house_.Member());
  for (Host* const host : {&first, &second}) EXPECT_EQ(host->Ask(MessageBody("hello")).status, 200);
  const std::string id = house_.key().substr(4, 12);
  house_.Postern({"key", "revoke", id});
  for (Host* const host : {&first, &second}) {
    support::Response answer;
    EXPECT_TRUE(Eventually([&] {
      answer = host->Ask(MessageBody("hello"));
      return answer.status == 401;
    })) << answer.status
        << answer.body;
    EXPECT_EQ(answer.Find("x-should-retry"), "false");
  }
}

TEST_F(WholeHouse, ACloneIsFoundOutAndWhatTheFirstHasSentStays) {
  Host original(house_.Member());
  EXPECT_EQ(original.Ask(MessageBody("before"), {{"user-agent", "before"}}).status, 200);
  LogWith(house_, 1);
  ASSERT_EQ(house_.agents().size(), 1u);
  const std::string agent = house_.agents().front();
  EXPECT_EQ(original.StopAgent().code, 0);

  // A copy of the machine's disk, on which another agent starts.
  const support::TemporaryDirectory copy;
  ASSERT_EQ(support::RunProcess({.argv = {"cp", "-a", original.state(), copy / "state"}})->ending.code, 0);
  const std::string config = support::ReadFile(original.config_file());
  const std::string clone_config =
      copy.Write("agent.yaml",
                 std::string(config).replace(config.find("state: state"), 12, "state: " + (copy / "state")));
  original.StartAgent();
  auto clone = support::Process::Start({.argv = {AgentProgram(), "run", "--config", clone_config}});
  ASSERT_TRUE(clone);
  const auto line = (*clone)->WaitForLine("listening");
  ASSERT_TRUE(line) << (*clone)->errors();

  EXPECT_TRUE(Eventually([&] { return house_.StateOf(agent) == "quarantined"; })) << house_.StateOf(agent);
  const LogContents log = house_.ReadLog();
  EXPECT_FALSE(log.alarms.empty());
  EXPECT_EQ(log.repeated, 0u);
  EXPECT_EQ(log.IntentsOf("before"), 1);
  EXPECT_EQ(original.StopAgent().code, 0);
  EXPECT_EQ((*clone)->Stop().code, 0);
  EXPECT_EQ(house_.keep().Stop().code, 0);
  const auto checked = house_.keep().Run({"check"});
  EXPECT_EQ(checked.ending.code, 0) << checked.output << checked.errors;
}

}  // namespace
}  // namespace postern::end_to_end
