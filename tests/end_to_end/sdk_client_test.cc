// The vendor's own library, with and without the gate between it and its provider.

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
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr Ending kSuccess{.code = 0, .signal = {}};

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

class SdkClientTest : public PeersTest {
 protected:
  // Both ways, with a provider that numbers its answers anew; returns the run through the gate.
  Finished RunBothWays(const std::vector<std::string>& words, Credential credential = Credential::kBearer) {
    const Finished straight = RunSdkClient(Straight(host_), words, credential);
    provider_.Reset();
    Finished through = RunSdkClient(Through(host_), words, credential);
    EXPECT_EQ(straight.ending, kSuccess) << straight.errors;
    EXPECT_EQ(through.ending, kSuccess) << through.errors;
    EXPECT_EQ(FirstLine(through.output), FirstLine(straight.output));
    EXPECT_EQ(provider_.arrived(), 1U);
    return through;
  }

  std::vector<std::string> FinalEvents() {
    EXPECT_EQ(host_.StopAgent(), kSuccess);
    return host_.Events();
  }

  Host host_;
  ProviderJournal provider_{host_.provider_port()};
};

TEST_F(SdkClientTest, AnAnswerIsUnderstoodAsWithoutTheGateAndItsIdLeadsToTheRecord) {
  const Finished through =
      RunBothWays({"answer", R"([[postern text "All in one piece."]])"}, Credential::kApiKey);
  EXPECT_THAT(through.output, HasSubstr(R"("text":"All in one piece.")"));

  const auto outcomes = EventsOf(FinalEvents(), "outcome");
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_THAT(ProviderJournal::Member(outcomes[0], "upstream_request_id"), StartsWith("req_"));
  EXPECT_EQ(ProviderJournal::Member(through.output, "request_id"),
            ProviderJournal::Member(outcomes[0], "upstream_request_id"));
}

TEST_F(SdkClientTest, AStreamIsUnderstoodAsWithoutTheGate) {
  const Finished through =
      RunBothWays({"stream", R"([[postern thinking "So." text "Bit by bit. " events=100 pings=10]])"});
  EXPECT_THAT(through.output, HasSubstr(R"("content_block_delta":)"));
  EXPECT_THAT(through.output, HasSubstr(R"("stop_reason":"end_turn")"));

  const std::string told = provider_.Request(1);
  const auto outcomes = EventsOf(FinalEvents(), "outcome");
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_EQ(Number(outcomes[0], "cost_nano_dollars"), OpusCost(told.substr(told.find("\"told\""))));
}

TEST_F(SdkClientTest, TokensAreCountedAsWithoutTheGate) {
  const Finished through = RunBothWays({"count", "How long is this?"});
  EXPECT_THAT(through.output, HasSubstr(R"({"input_tokens":)"));
}

TEST_F(SdkClientTest, AStreamThatTheClientLeavesIsCancelledAtTheProviderAndBilledByEstimate) {
  const Finished left =
      RunSdkClient(Through(host_),
                   {"abort", R"([[postern text "Too much of it. " events=400 hold=never hold_after=100]])"});
  EXPECT_THAT(left.output, HasSubstr(R"({"aborted":true})")) << left.errors;
  EXPECT_TRUE(provider_.WaitForOutcome(1, "client_gone"));

  const std::string told = provider_.Request(1);
  const auto outcomes = EventsOf(FinalEvents(), "outcome");
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_EQ(ProviderJournal::Member(outcomes[0], "ending"), "client_gone");
  EXPECT_EQ(ProviderJournal::Member(outcomes[0], "estimated"), "true");
  EXPECT_EQ(Number(outcomes[0], "input"), Number(told.substr(told.find("\"told\"")), "input"));
  EXPECT_GT(Number(outcomes[0], "output"), 1)
      << "more than the one token that the stream's first event tells of";
  EXPECT_EQ(Number(outcomes[0], "cost_nano_dollars"),
            OpusCost(outcomes[0].substr(outcomes[0].find("\"usage\""))));
}

TEST_F(SdkClientTest, ARefusalIsAnErrorOfTheLibraryAfterOneRequest) {
  const Finished refused = RunSdkClient({host_.base_url(), "sk-ant-x"}, {"stream", "Say anything."});
  EXPECT_EQ(refused.ending, (Ending{.code = 1, .signal = {}})) << refused.errors;
  EXPECT_THAT(
      refused.output,
      StartsWith(R"({"name":"AuthenticationError","status":401,"error":{"type":"authentication_error",)"));
  EXPECT_EQ(RequestsAt(host_), 1);

  const auto refusals = EventsOf(FinalEvents(), "refusal");
  ASSERT_THAT(refusals, SizeIs(1));
  EXPECT_EQ(ProviderJournal::Member(refused.output, "request_id"),
            ProviderJournal::Member(refusals[0], "exchange"));
}

}  // namespace
}  // namespace postern::end_to_end
