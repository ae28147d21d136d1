// The real client, whose key loses its right: it shows our sentence, runs no tool any more, and asks at most
// once again.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/house.h"
#include "tests/end_to_end/peers.h"
#include "tests/end_to_end/provider_journal.h"
#include "tests/end_to_end/record_view.h"

namespace postern::end_to_end {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kWhy = "Lost with the laptop; ask #ai-platform.";

// How far the answer has got: the provider holds after so many events. MARK stands for a file that the tool
// would make.
struct State {
  std::string name;
  std::string answer;
  uint64_t events;
};

void PrintTo(const State& state, std::ostream* out) { *out << state.name; }

class RevokedClient : public PeersTest {
 protected:
  std::string mark() const { return host_.directory() / "mark"; }

  // With an administrator's sentence. Returns once the collector has answered.
  void Revoke() {
    house_.keep().Done("POST", "/v1/keys/" + house_.key().substr(4, 12) + "/revoke",
                       R"({"sentence":")" + std::string(kWhy) + "\"}");
  }

  // The client's error, and nothing of the tool.
  void ExpectOurSentenceAndNoTool(support::Process& claude) {
    const auto ending = claude.Wait(kClientPatience);
    ASSERT_TRUE(ending.has_value()) << "the client goes on: " << host_.Metrics();
    EXPECT_EQ(ending->code, 1);
    const std::string shown = claude.output();
    EXPECT_THAT(shown, HasSubstr("Your Postern key was revoked: " + std::string(kWhy)));
    EXPECT_FALSE(std::filesystem::exists(mark())) << "a tool has run";
  }

  House house_;
  Host host_{house_.Member()};
  const ProviderJournal provider_{host_.provider_port()};
};

class RevokedClientInEachState : public RevokedClient, public ::testing::WithParamInterface<State> {};

TEST_P(RevokedClientInEachState, ShowsTheSentenceRunsNoToolAndAsksAtMostOnceAgain) {
  std::string answer = GetParam().answer;
  if (const size_t at = answer.find("MARK"); at != std::string::npos) answer.replace(at, 4, mark());
  const ClaudeCode client(Through(host_));  // its home must outlive the program
  const auto claude = client.Start("Go on. [[postern " + answer +
                                   " hold=never hold_after=" + std::to_string(GetParam().events) + "]]");
  ASSERT_TRUE(provider_.WaitForEvents(1, GetParam().events)) << claude->errors();
  Revoke();
  ExpectOurSentenceAndNoTool(*claude);
  EXPECT_TRUE(provider_.WaitForOutcome(1, "client_gone"));
  EXPECT_EQ(provider_.arrived(), 1u) << "nothing more reached the provider";
  EXPECT_LE(RequestsAt(host_), 2) << host_.Metrics();
  EXPECT_EQ(host_.StopAgent().code, 0);
  const auto outcomes = EventsOf(host_.Events(), "outcome");
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_THAT(outcomes[0], HasSubstr(R"("ending":"revoked")"));
}

INSTANTIATE_TEST_SUITE_P(
    Each, RevokedClientInEachState,
    ::testing::Values(State{"BeforeItsFirstEvent", R"(text "Hello")", 0},
                      State{"OpenText", R"(text "Hello there, this is an answer.")", 4},
                      State{"OpenThinking", R"(thinking "Let me think." text "Hello")", 4},
                      State{"OpenTool", R"(size=500 tool Bash{"command":"touch MARK"})", 5},
                      State{"OpenToolAfterText",
                            R"(size=500 text "Working." tool Bash{"command":"touch MARK"})", 8},
                      State{"BetweenBlocks", R"(thinking "Let me think." text "Hello")", 6}),
    [](const auto& parameter) { return parameter.param.name; });

// An event that is cut in two: the whole stop of a tool is with the client, but for its line end.
TEST_F(RevokedClient, DoesNotRunAToolWhoseStopItHasHalfOf) {
  const std::string input = R"({\"command\":\"touch )" + mark() + R"(\"})";
  std::string events;
  const auto add = [&](std::string_view name, std::string_view members) {
    events += "event: " + std::string(name) + "\ndata: {\"type\":\"" + std::string(name) + "\"," +
              std::string(members) + "}\n\n";
  };
  add("message_start",
      R"("message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-opus-5-5","content":[],"usage":{"input_tokens":1,"output_tokens":1}})");
  add("content_block_start",
      R"("index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"Bash","input":{}})");
  add("content_block_delta",
      R"("index":0,"delta":{"type":"input_json_delta","partial_json":")" + input + "\"}");
  events += "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}";
  std::string body;
  for (const char c : events) {
    if (c == '\n') body += "\\n";
    else if (c == '"' || c == '\\') body += std::string("\\") + c;
    else body += c;
  }
  const ClaudeCode client(Through(host_));  // its home must outlive the program
  const auto claude =
      client.Start("Go on. [[postern body \"" + body +
                   "\" content_type text/event-stream framing=chunked hold=never hold_after=100000]]");
  ASSERT_TRUE(provider_.WaitForEvents(1, 1)) << claude->errors();
  Revoke();
  ExpectOurSentenceAndNoTool(*claude);
  EXPECT_LE(RequestsAt(host_), 2) << host_.Metrics();
}

TEST_F(RevokedClient, AtRestItIsToldOnceWithTheNextRequest) {
  EXPECT_EQ(ClaudeCode(Through(host_)).Run(R"(Say it. [[postern text "fine"]])").output, "fine\n");
  Revoke();
  const double before = RequestsAt(host_);
  const auto refused = ClaudeCode(Through(host_)).Run("Say anything.");
  EXPECT_EQ(refused.output, "Failed to authenticate. API Error: 401 Your Postern key was revoked: " +
                                std::string(kWhy) + "\n")
      << refused.errors;
  EXPECT_EQ(refused.ending.code, 1);
  EXPECT_EQ(RequestsAt(host_), before + 1);
}

TEST_F(RevokedClient, SeveralSubagentsAtOnceAllEnd) {
  constexpr int kSubagents = 4;
  std::string prompt = "Ask them all. [[postern";
  for (int i = 0; i < kSubagents; ++i) {
    prompt +=
        R"( tool Agent{"description":"Say a thing","prompt":"[[postern size=500 tool Bash{\"command\":\"touch )" +
        mark() +
        R"(\"} hold=never hold_after=5]]","subagent_type":"general-purpose","run_in_background":false})";
  }
  prompt += " then=\"They have spoken.\"]]";
  const ClaudeCode client(Through(host_));  // its home must outlive the program
  const auto claude = client.Start(prompt);
  ASSERT_TRUE(provider_.WaitForArrived(1 + kSubagents)) << claude->errors();
  for (uint64_t number = 2; number <= 1 + kSubagents; ++number)
    ASSERT_TRUE(provider_.WaitForEvents(number, 5));
  Revoke();
  ExpectOurSentenceAndNoTool(*claude);
  EXPECT_EQ(provider_.arrived(), 1u + kSubagents) << "nothing more reached the provider";
  // Each of those that were under way may ask once more, and the session itself once.
  EXPECT_LE(RequestsAt(host_), 1 + 2 * kSubagents + 1) << host_.Metrics();
}

}  // namespace
}  // namespace postern::end_to_end
