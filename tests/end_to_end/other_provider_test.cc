// A provider that nobody here wrote: what it sends is read and billed as our simulator's is.

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
using ::testing::SizeIs;

constexpr std::string_view kFixtures = R"({"fixtures": [
  {"match": {"userMessage": "use a tool", "hasToolResult": false},
   "response": {"toolCalls": [{"name": "Bash", "arguments": {"command": "echo from-the-shell", "description": "Say it"}}],
                "usage": {"input_tokens": 1000, "output_tokens": 100}}},
  {"match": {"userMessage": "use a tool", "toolResultContains": "from-the-shell"},
   "response": {"content": "The tool has spoken.", "usage": {"input_tokens": 1200, "output_tokens": 10}}},
  {"match": {"userMessage": "tell me"},
   "response": {"content": "An answer that nobody here wrote.", "usage": {"input_tokens": 300, "output_tokens": 20}}}
]})";

class OtherProviderTest : public PeersTest {
 protected:
  void SetUp() override {
    PeersTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    mock_ = std::make_unique<ModelMock>(kFixtures);
    host_ = std::make_unique<Host>(HostOptions{.upstream = mock_->url()});
  }

  std::vector<std::string> FinalOutcomes() {
    EXPECT_EQ(host_->StopAgent(), (Ending{.code = 0, .signal = {}}));
    return EventsOf(host_->Events(), "outcome");
  }

  std::unique_ptr<ModelMock> mock_;
  std::unique_ptr<Host> host_;
};

TEST_F(OtherProviderTest, ItsAnswersAreRelayedAndBilled) {
  for (const std::string how : {"answer", "stream"}) {
    const Finished told = RunSdkClient(Through(*host_), {how, "tell me"});
    EXPECT_THAT(told.output, HasSubstr(R"("text":"An answer that nobody here wrote.")")) << told.errors;
  }
  const auto outcomes = FinalOutcomes();
  ASSERT_THAT(outcomes, SizeIs(2));
  EXPECT_THAT(outcomes, Each(HasSubstr(R"("ending":"complete")")));
  for (const std::string& outcome : outcomes)
    EXPECT_EQ(Number(outcome, "cost_nano_dollars"), 300 * 4'000 + 20 * 20'000);
}

TEST_F(OtherProviderTest, TheRealClientRunsItsToolsToo) {
  const Finished through = ClaudeCode(Through(*host_)).Run("Please use a tool.");
  EXPECT_EQ(through.output, "The tool has spoken.\n") << through.errors;

  const auto outcomes = FinalOutcomes();
  ASSERT_THAT(outcomes, SizeIs(2));
  EXPECT_THAT(outcomes[0], HasSubstr(R"("tool_uses":["Bash"])"));
  EXPECT_EQ(Number(outcomes[0], "cost_nano_dollars"), 1000 * 4'000 + 100 * 20'000);
  EXPECT_EQ(Number(outcomes[1], "cost_nano_dollars"), 1200 * 4'000 + 10 * 20'000);
}

}  // namespace
}  // namespace postern::end_to_end
