// The real client, whose budget ends: between turns, in the middle of an answer, in a loop of tools, with
// five subagents at once; a rate limit of seconds and one of a year; and the warnings on the way there.
//
// Its first request has some 50 KB, which is estimated at about ten cents; what it costs is said by the
// directive.
#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/budgeted.h"
#include "tests/end_to_end/furnished.h"
#include "tests/end_to_end/peers.h"
#include "tests/end_to_end/record_view.h"

namespace postern::end_to_end {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kFree = " input_tokens=0 cache_read=0 cache_write=0";

class BudgetClient : public PeersTest {
 protected:
  void Begin(std::string_view limits, std::string_view agent_lines = "") {
    budgeted_.emplace("limits:\n" + std::string(limits), agent_lines);
  }
  Host& host() { return budgeted_->host(); }
  std::string mark() { return host().directory() / "mark"; }
  support::Finished Run(std::string_view prompt) { return ClaudeCode(Through(host())).Run(prompt); }

  int64_t SpentOfTheRecord() {
    EXPECT_EQ(host().StopAgent().code, 0);
    int64_t spent = 0;
    for (const std::string& outcome : EventsOf(host().Events(), "outcome"))
      spent += Number(outcome, "cost_nano_dollars");
    return spent;
  }

  std::optional<Budgeted> budgeted_;
};

TEST_F(BudgetClient, BetweenTurnsItIsOneRequestAndTheSentenceOfTheLimit) {
  Begin("  tight: {team: platform, usd: 0.40, per: month, message: \"Ask #ai-budget.\"}\n");
  const auto first = Run("Say it. [[postern text \"fine\" output_tokens=18000" + std::string(kFree) + "]]");
  EXPECT_EQ(first.output, "fine\n") << first.errors;
  const double before = RequestsAt(host());
  const auto second = Run("Say it again.");
  EXPECT_EQ(second.ending.code, 1);
  EXPECT_THAT(second.output, HasSubstr("API Error: 402 Your team's budget \"tight\" of $0.40 a month has too "
                                       "little left for this request. It begins anew on "));
  EXPECT_THAT(second.output, HasSubstr("Ask #ai-budget."));
  EXPECT_EQ(RequestsAt(host()), before + 1);
}

// How far the answer has got when its budget ends. MARK stands for a file that the tool would make, LONG for
// some 24 KB.
struct State {
  std::string name;
  std::string answer;
};

void PrintTo(const State& state, std::ostream* out) { *out << state.name; }

class BudgetClientInEachState : public BudgetClient, public ::testing::WithParamInterface<State> {};

TEST_P(BudgetClientInEachState, ShowsTheSentenceAfterOneRequestAndRunsNoTool) {
  Begin("  tight: {team: platform, usd: 0.50, per: month}\n");
  std::string answer = GetParam().answer;
  const auto replace = [&answer](std::string_view what, const std::string& with) {
    if (const size_t at = answer.find(what); at != std::string::npos) answer.replace(at, what.size(), with);
  };
  std::string padding;
  while (padding.size() < 24'000) padding += "word after word ";
  replace("MARK", mark());
  replace("LONG", padding);
  // 44 of the 50 cents are the prompt's, which leaves 3,000 tokens: 150 pieces. However busy the machine is,
  // not many more can have come when they are spent.
  const auto ended = Run("Go on. [[postern size=60 pace_ms=5 hold=never hold_after=163 " + answer +
                         " input_tokens=110000 cache_read=0 cache_write=0]]");
  EXPECT_EQ(ended.ending.code, 1);
  EXPECT_THAT(ended.output, HasSubstr("This answer was ended: Your team's budget \"tight\" of $0.50 a month"))
      << ended.errors;
  EXPECT_FALSE(std::filesystem::exists(mark())) << "a tool has run";
  EXPECT_EQ(budgeted_->provider().arrived(), 1U);
  // The one exchange, which counts among the refusals as well.
  EXPECT_EQ(RequestsAt(host()), 2);
  EXPECT_EQ(host().Metric("postern_exchanges_total{call=\"messages\",ending=\"budget\"}"), 1);
  const int64_t spent = SpentOfTheRecord();
  EXPECT_GE(spent, 480'000'000);
  EXPECT_LE(spent, 505'000'000);
}

INSTANTIATE_TEST_SUITE_P(
    Each, BudgetClientInEachState,
    ::testing::Values(State{"Text", R"(text "LONG")"}, State{"Thinking", R"(thinking "LONG" text "Hello")"},
                      State{"Tool", R"(tool Bash{"command":"touch MARK; # LONG"})"},
                      State{"ToolAfterText", R"(text "Working." tool Bash{"command":"touch MARK; # LONG"})"}),
    [](const auto& parameter) { return parameter.param.name; });

TEST_F(BudgetClient, InALoopOfToolsItEndsWithTheSentence) {
  Begin("  tight: {team: platform, usd: 0.50, per: month}\n");
  const auto ended = Run("Work. [[postern loop=40 output_tokens=2500" + std::string(kFree) + "]]");
  EXPECT_EQ(ended.ending.code, 1);
  EXPECT_THAT(ended.output, HasSubstr("API Error: 402 Your team's budget \"tight\"")) << ended.errors;
  EXPECT_GE(budgeted_->provider().arrived(), 3U);
  EXPECT_EQ(RequestsAt(host()), static_cast<double>(budgeted_->provider().arrived()) + 1);
  EXPECT_LE(SpentOfTheRecord(), 500'000'000);
}

TEST_F(BudgetClient, WithFiveSubagentsAtOnceTheBudgetHolds) {
  constexpr int kSubagents = 5;
  Begin("  tight: {team: platform, usd: 0.40, per: month}\n");
  std::string prompt = "Ask them all. [[postern";
  for (int i = 0; i < kSubagents; ++i) {
    prompt +=
        R"( tool Agent{"description":"Say a thing","prompt":"[[postern text \"word \" events=300 size=60 pace_ms=5)";
    prompt += kFree;
    prompt += R"(]]","subagent_type":"general-purpose","run_in_background":false})";
  }
  prompt += std::string(kFree) + " output_tokens=100 then=\"They have spoken.\"]]";
  const auto ended = Run(prompt);
  // Each has some 12 cents to say: not all five fit, and who isn't let in is told so at once.
  EXPECT_GE(host().Metric("postern_refusals_total{reason=\"budget_spent\"}"), 1)
      << ended.output << ended.errors;
  EXPECT_LE(budgeted_->provider().arrived(), 2U + kSubagents);
  EXPECT_EQ(host().StopAgent().code, 0);
  int64_t spent = 0;
  int64_t within = 0;  // of what was reserved: more had come of an answer than that when it was ended
  for (const std::string& outcome : EventsOf(host().Events(), "outcome")) {
    const int64_t cost = Number(outcome, "cost_nano_dollars");
    spent += cost;
    within += std::min(cost, Number(outcome, "reserved"));
    if (cost > Number(outcome, "reserved")) {
      EXPECT_THAT(outcome, HasSubstr(R"("refused_extension":")")) << "nobody else may";
    }
  }
  EXPECT_LE(within, 400'000'000);
  EXPECT_GE(spent, 100'000'000);
}

TEST_F(BudgetClient, ARateLimitOfSecondsIsWaitedForAndTheWorkGoesOn) {
  Begin("  rate: {each: key, requests: 1, per: minute}\n");
  const auto worked = Run("Work. [[postern loop=2" + std::string(kFree) + "]]");
  EXPECT_EQ(worked.ending.code, 0) << worked.output << worked.errors;
  EXPECT_EQ(budgeted_->provider().arrived(), 3U);
  EXPECT_GE(host().Metric("postern_refusals_total{reason=\"rate_limit\"}"), 1);
}

TEST_F(BudgetClient, ARateLimitOfAYearIsOneRequestAndSaysWhenItBeginsAnew) {
  Begin("  rate: {each: key, requests: 1, per: year}\n");
  const auto ended = Run("Work. [[postern loop=3" + std::string(kFree) + "]]");
  EXPECT_EQ(ended.ending.code, 1);
  EXPECT_THAT(ended.output,
              HasSubstr("Your key's limit \"rate\" of 1 request a year is reached. It begins anew on "))
      << ended.errors;
  EXPECT_EQ(budgeted_->provider().arrived(), 1U);
  EXPECT_EQ(RequestsAt(host()), 2);
}

// The client heeds the headers in this mode alone, and tells of them in its stream of events.
class GatewayClient : public BudgetClient {
 protected:
  support::Finished RunAsGateway(std::string_view prompt) {
    ClaudeCode client(Through(host()));
    client.set_arguments({"--output-format", "stream-json", "--verbose"});
    client.set_variables({{"CLAUDE_CODE_USE_GATEWAY", "1"}});
    return client.Run(prompt);
  }
};

TEST_F(GatewayClient, IsWarnedAtThreeQuartersAndAtNineteenTwentieths) {
  Begin("  tight: {team: platform, usd: 100, per: month}\n", "client: {gateway_mode: true}\n");
  const auto calm =
      RunAsGateway("Say it. [[postern text \"fine\" web_searches=7800" + std::string(kFree) + "]]");
  EXPECT_THAT(calm.output, Not(HasSubstr("allowed_warning"))) << calm.errors;
  const auto warned =
      RunAsGateway("Say it. [[postern text \"fine\" web_searches=1800" + std::string(kFree) + "]]");
  EXPECT_THAT(warned.output, HasSubstr("rate_limit_event")) << warned.errors;
  EXPECT_THAT(warned.output, HasSubstr("allowed_warning"));
  const auto warned_again =
      RunAsGateway("Say it. [[postern text \"fine\" output_tokens=10" + std::string(kFree) + "]]");
  EXPECT_THAT(warned_again.output, HasSubstr("allowed_warning")) << warned_again.errors;
}

TEST_F(GatewayClient, IsShownTheSentenceOfASpentBudgetInOneRequest) {
  Begin("  tight: {team: platform, usd: 0.40, per: month, message: \"Ask #ai-budget.\"}\n",
        "client: {gateway_mode: true}\n");
  EXPECT_EQ(RunAsGateway("Say it. [[postern text \"fine\" output_tokens=18000" + std::string(kFree) + "]]")
                .ending.code,
            0);
  const double before = RequestsAt(host());
  const auto refused = RunAsGateway("Say it again.");
  EXPECT_THAT(refused.output, HasSubstr("has too little left for this request")) << refused.errors;
  EXPECT_EQ(RequestsAt(host()), before + 1);
}

}  // namespace
}  // namespace postern::end_to_end
