// The real client, with and without the gate between it and its provider.

#include <csignal>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/host.h"
#include "tests/end_to_end/peers.h"
#include "tests/end_to_end/provider_journal.h"
#include "tests/end_to_end/record_view.h"

namespace postern::end_to_end {
namespace {

using support::Ending;
using support::Finished;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

constexpr Ending kSuccess{.code = 0, .signal = {}};
constexpr Ending kFailure{.code = 1, .signal = {}};

std::set<std::string> Distinct(const std::vector<std::string>& objects, std::string_view member) {
  std::set<std::string> values;
  for (const std::string& object : objects) values.insert(ProviderJournal::Member(object, member));
  return values;
}

std::vector<std::string> RequestsAt(const ProviderJournal& provider) {
  std::vector<std::string> requests;
  for (uint64_t number = 1; number <= provider.arrived(); ++number)
    requests.push_back(provider.Request(number));
  return requests;
}

class ClaudeCodeTest : public PeersTest {
 protected:
  // The agent's record of all it did, once nothing more comes.
  std::vector<std::string> FinalEvents() {
    EXPECT_EQ(host_.StopAgent(), kSuccess);
    const Finished verified = host_.Run({"events", "verify"});
    EXPECT_EQ(verified.ending, kSuccess) << verified.output << verified.errors;
    EXPECT_THAT(verified.output, HasSubstr("The record is sound."));
    EXPECT_THAT(verified.output, HasSubstr(" 0 open"));
    return host_.Events();
  }

  Host host_;
  ProviderJournal provider_{host_.provider_port()};
};

TEST_F(ClaudeCodeTest, PrintsTheSameAnswerAsWithoutTheGate) {
  constexpr std::string_view kPrompt =
      R"(Say it. [[postern thinking "Hm …" text "Grüße, \"world\"\n\tand 😀"]])";
  const Finished straight = ClaudeCode(Straight(host_)).Run(kPrompt);
  provider_.Reset();
  const Finished through = ClaudeCode(Through(host_)).Run(kPrompt);

  EXPECT_EQ(straight.output, "Grüße, \"world\"\n\tand 😀\n") << straight.errors;
  EXPECT_EQ(straight.ending, kSuccess);
  EXPECT_EQ(through.output, straight.output) << through.errors;
  EXPECT_EQ(through.errors, straight.errors);
  EXPECT_EQ(through.ending, straight.ending);
  EXPECT_EQ(provider_.arrived(), 1U);
}

TEST_F(ClaudeCodeTest, RunsALoopOfTwentyToolsAsWithoutTheGateAndEachStepIsBilled) {
  constexpr std::string_view kPrompt = "Take all the steps. [[postern loop=20]]";
  constexpr size_t kExchanges = 21;
  const Finished straight = ClaudeCode(Straight(host_)).Run(kPrompt);
  const size_t straight_requests = provider_.arrived();
  const auto straight_connections = Distinct(RequestsAt(provider_), "connection");
  provider_.Reset();
  const Finished through = ClaudeCode(Through(host_)).Run(kPrompt);

  EXPECT_EQ(straight.output, "Done after 20 tool calls; the last result was: step-20\n") << straight.errors;
  EXPECT_EQ(through.output, straight.output) << through.errors;
  EXPECT_EQ(through.errors, straight.errors);
  EXPECT_EQ(through.ending, kSuccess);
  EXPECT_EQ(straight_requests, kExchanges);
  EXPECT_EQ(provider_.arrived(), kExchanges);
  EXPECT_EQ(Distinct(RequestsAt(provider_), "connection").size(), straight_connections.size());

  const std::string totals = provider_.Totals();
  const auto events = FinalEvents();
  const auto intents = EventsOf(events, "intent");
  const auto outcomes = EventsOf(events, "outcome");
  ASSERT_THAT(intents, SizeIs(kExchanges));
  ASSERT_THAT(outcomes, SizeIs(kExchanges));
  EXPECT_THAT(EventsOf(events, "refusal"), SizeIs(0));
  EXPECT_EQ(Distinct(intents, "exchange"), Distinct(outcomes, "exchange"));
  EXPECT_THAT(Distinct(intents, "exchange"), SizeIs(kExchanges));
  EXPECT_THAT(Distinct(intents, "session"), SizeIs(1));
  EXPECT_THAT(Distinct(intents, "peer"), SizeIs(1)) << "the client's connection is kept alive";
  EXPECT_THAT(intents, Each(HasSubstr(R"("user":"alice@example.com","team":"platform")")));
  EXPECT_THAT(intents, Each(HasSubstr(R"("model":"claude-opus-5-5","stream":true)")));
  EXPECT_THAT(outcomes, Each(HasSubstr(R"("status":200,"ending":"complete")")));

  int64_t cost = 0;
  int64_t tool_uses = 0;
  for (const std::string& outcome : outcomes) {
    cost += Number(outcome, "cost_nano_dollars");
    if (outcome.find(R"("stop_reason":"tool_use","tool_uses":["Bash"])") != std::string::npos) ++tool_uses;
  }
  EXPECT_EQ(tool_uses, 20);
  EXPECT_EQ(Number(totals, "answered"), 21);
  EXPECT_GT(cost, 0);
  EXPECT_EQ(cost, OpusCost(totals.substr(totals.find("\"answered_tokens\""))));
}

TEST_F(ClaudeCodeTest, CountsTheTokensOfALargeFileThroughTheGate) {
  std::string text;
  while (text.size() < 40'000)
    text += "Line " + std::to_string(text.size()) + " of a file that is to be read.\n";
  const std::string file = host_.directory().Write("large.txt", text);
  const Finished through =
      ClaudeCode(Through(host_))
          .Run(R"(Read. [[postern tool Read{"file_path":")" + file + R"("} then="It is read."]])");
  EXPECT_EQ(through.output, "It is read.\n") << through.errors;

  ASSERT_EQ(provider_.arrived(), 3U);
  const std::string counting = provider_.Request(2);
  EXPECT_EQ(ProviderJournal::Member(counting, "target"), "/v1/messages/count_tokens?beta=true");
  EXPECT_GT(Number(counting, "body_size"), 40'000);
  EXPECT_THAT(counting, HasSubstr(R"("status":200,"outcome":"complete")"));
  EXPECT_GT(Number(provider_.Request(3), "body_size"), 80'000) << "the model gets the file itself";

  const auto events = FinalEvents();
  const auto intents = EventsOf(events, "intent");
  const auto outcomes = EventsOf(events, "outcome");
  ASSERT_THAT(outcomes, SizeIs(3));
  EXPECT_THAT(intents[1], HasSubstr(R"("call":"count_tokens")"));
  EXPECT_THAT(outcomes[1], HasSubstr(R"("status":200,"ending":"complete")"));
  EXPECT_EQ(Number(outcomes[1], "cost_nano_dollars"), 0) << "counting is free";
}

TEST_F(ClaudeCodeTest, SubagentsAreToldApartInTheRecord) {
  const Finished through =
      ClaudeCode(Through(host_))
          .Run(
              R"(Ask somebody. [[postern tool Agent{"description":"Say a thing","prompt":"[[postern text \"From below.\"]]",)"
              R"("subagent_type":"general-purpose","run_in_background":false} then="They have spoken."]])");
  EXPECT_EQ(through.output, "They have spoken.\n") << through.errors;

  const auto intents = EventsOf(FinalEvents(), "intent");
  ASSERT_THAT(intents, SizeIs(3));
  EXPECT_EQ(ProviderJournal::Member(intents[0], "agent"), "");
  EXPECT_THAT(ProviderJournal::Member(intents[1], "agent"), MatchesRegex("a[0-9a-f]{16}"));
  EXPECT_EQ(ProviderJournal::Member(intents[2], "agent"), "");
  EXPECT_THAT(Distinct(intents, "session"), SizeIs(1));
}

TEST_F(ClaudeCodeTest, AnInterruptedClientEndsItsAnswerAtTheProviderToo) {
  const ClaudeCode client(Through(host_));
  const auto claude = client.Start(R"(Go on. [[postern text "And on." events=50 hold=never hold_after=20]])");
  ASSERT_TRUE(provider_.WaitForEvents(1, 20)) << claude->errors();
  claude->Signal(SIGINT);
  EXPECT_TRUE(provider_.WaitForOutcome(1, "client_gone"));
  EXPECT_TRUE(claude->Wait(kClientPatience).has_value());

  const auto outcomes = EventsOf(FinalEvents(), "outcome");
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_EQ(ProviderJournal::Member(outcomes[0], "ending"), "client_gone");
  EXPECT_EQ(ProviderJournal::Member(outcomes[0], "estimated"), "true");
}

TEST_F(ClaudeCodeTest, TheProvidersOwnRefusalComesThrough) {
  const std::string prompt =
      R"(Fail. [[postern status=403 type=permission_error message="The provider's own words."]])";
  const Finished straight = ClaudeCode(Straight(host_)).Run(prompt);
  const Finished through = ClaudeCode(Through(host_)).Run(prompt);
  EXPECT_THAT(straight.output, HasSubstr("The provider's own words."));
  EXPECT_EQ(through.output, straight.output);
  EXPECT_EQ(through.ending, straight.ending);
}

struct Refused {
  std::string name;
  std::string reason;  // as in metrics and events
  std::string shown;   // by the client
};

void PrintTo(const Refused& refused, std::ostream* out) { *out << refused.name; }

class ClaudeCodeRefusalTest : public ClaudeCodeTest, public ::testing::WithParamInterface<Refused> {
 protected:
  ClaudeCode MakeClient() const {
    Access access = Through(host_);
    if (GetParam().name == "AForeignCredential") access.token = "sk-ant-x";
    if (GetParam().name == "AnotherHostsKey") access.token = Host().key();
    if (GetParam().name == "ACutKey") access.token.resize(access.token.size() - 3);
    if (GetParam().name == "AMistypedKey") access.token.back() = access.token.back() == 'a' ? 'b' : 'a';
    return ClaudeCode(access);
  }
};

TEST_P(ClaudeCodeRefusalTest, TakesOneRequestAndShowsOurSentence) {
  ClaudeCode claude = MakeClient();
  if (GetParam().name == "AnUnknownModel") claude.set_model("claude-nobody-9");
  const Finished refused = claude.Run("Say anything.");

  EXPECT_EQ(refused.output, GetParam().shown + "\n") << refused.errors;
  EXPECT_EQ(refused.ending, kFailure);
  EXPECT_EQ(host_.Metric("postern_refusals_total{reason=\"" + GetParam().reason + "\"}"), 1);
  EXPECT_EQ(RequestsAt(host_), 1) << host_.Metrics();
  EXPECT_EQ(provider_.arrived(), 0U);

  const auto events = FinalEvents();
  EXPECT_THAT(EventsOf(events, "intent"), SizeIs(0));
  const auto refusals = EventsOf(events, "refusal");
  ASSERT_THAT(refusals, SizeIs(1));
  EXPECT_EQ(ProviderJournal::Member(refusals[0], "reason"), GetParam().reason);
}

constexpr const char* kSigningIn =
    " Signing in to Claude doesn't help: this host's gate wants a Postern key.";
INSTANTIATE_TEST_SUITE_P(
    Each, ClaudeCodeRefusalTest,
    ::testing::Values(
        Refused{"AForeignCredential", "foreign_key",
                std::string("Failed to authenticate. API Error: 401 The key of this request is "
                            "not a Postern key (pst_…).") +
                    kSigningIn},
        Refused{"AnotherHostsKey", "unknown_key",
                "Failed to authenticate. API Error: 401 This Postern key is not known on this "
                "host; ask your administrator "
                "for one."},
        Refused{"ACutKey", "malformed_key",
                "Failed to authenticate. API Error: 401 The Postern key of this request is cut "
                "or has wrong characters; "
                "copy it again whole."},
        Refused{"AMistypedKey", "mistyped_key",
                "Failed to authenticate. API Error: 401 The Postern key of this request has a "
                "typing error; copy it again "
                "whole."},
        Refused{"AnUnknownModel", "unknown_model",
                "API Error: 402 There is no price for model \"claude-nobody-9\". This host's price list "
                "decides which models may be used; ask your administrator."}),
    [](const auto& parameter) { return parameter.param.name; });

}  // namespace
}  // namespace postern::end_to_end
