// Answers that come and can't be read: in a coding that nobody asked for, or whose coding breaks. They must
// cost what was reserved for them, never nothing, and nothing of them may pass that can't be read.
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/base64.h"
#include "tests/agent/gate/running_gate.h"
#include "tests/support/provider/coding.h"

namespace postern::gate {
namespace {

using limits::Unit;
using purse::kDollar;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kBegin =
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":10,"
    "\"output_tokens\":1}}}\n\nevent: content_block_delta\ndata: "
    "{\"type\":\"content_block_delta\",\"index\":0,"
    "\"delta\":{\"type\":\"text_delta\",\"text\":\"the first words\"}}\n\n";

// The provider's bytes, framed until the connection's end.
std::string Answered(std::string_view headers, std::string_view body) {
  return "[[postern raw_base64 " +
         ToBase64("HTTP/1.1 200 OK\r\n" + std::string(headers) + "\r\n" + std::string(body)) + "]]";
}

constexpr std::string_view kStreamed = R"(,"stream":true)";
constexpr std::string_view kWhole;

class UnreadAnswers : public RunningGate {
 public:
  http::Task<void> AskAndWait(std::string request) {
    http::Strand strand(*loop_);
    auto answer = std::async(std::launch::async, [to = port(), &request] {
      auto connection = support::RawConnection::Open({.port = to});
      const bool sent = connection && connection->Send(request);
      return sent ? connection->ReadToEnd().value_or("nothing came") : "there was no connection";
    });
    co_await Until(strand,
                   [&] { return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    answer_ = answer.get();
    co_await Until(strand, [&] { return purse_->in_flight() == 0; });
  }

  // Asks once under a budget, and leaves what the client got, what was reserved and what was recorded.
  void AskOnce(const std::string& directive, std::string_view form = kStreamed) {
    Begin({LimitOf("month", Unit::kUsd, 10 * kDollar), LimitOf("pace", Unit::kTokens, 1'000'000)});
    Run(AskAndWait(RequestOf(directive, form)));
    used_ = BalanceOf("month").counters.used;
    used_tokens_ = BalanceOf("pace").counters.used;
    reserved_now_ = BalanceOf("month").reserved;
    End();
    int outcomes = 0;
    for (const wire::Event& event : spool::Events(spool::ReadAll(directory_ / "state"))) {
      if (event.has_intent()) intent_ = event.intent();
      if (!event.has_outcome()) continue;
      outcome_ = event.outcome();
      ++outcomes;
    }
    EXPECT_EQ(outcomes, 1);
  }

  // Of a request with max_tokens 1,000 all of them are reserved, at 20 dollars a million.
  void ExpectCostsWhatWasReserved() {
    EXPECT_TRUE(outcome_.estimated());
    EXPECT_EQ(outcome_.ending(), wire::ENDING_UPSTREAM_ERROR);
    EXPECT_EQ(outcome_.usage().output(), 1'000U);
    EXPECT_GE(outcome_.cost_nano_dollars(), 1'000 * 20'000);
    EXPECT_EQ(used_, Amount(outcome_.cost_nano_dollars()));
    EXPECT_GE(used_tokens_, Amount(1'000));
    EXPECT_EQ(reserved_now_, Amount());
  }

  std::string answer_;
  Amount used_, used_tokens_, reserved_now_;
  wire::Intent intent_;
  wire::Outcome outcome_;
};

TEST_F(UnreadAnswers, InACodingThatNobodyAskedForAreRefusedAndCostWhatWasReserved) {
  AskOnce(Answered("content-type: text/event-stream\r\ncontent-encoding: compress\r\n", "\x1F\x9D whatever"));
  EXPECT_THAT(answer_, HasSubstr("HTTP/1.1 502"));
  EXPECT_THAT(answer_, HasSubstr("encoded in a way that this gate can't read"));
  EXPECT_THAT(answer_, HasSubstr("x-should-retry: false"));
  EXPECT_THAT(answer_, Not(HasSubstr("whatever")));
  EXPECT_EQ(outcome_.status(), 502U);
  ExpectCostsWhatWasReserved();
}

TEST_F(UnreadAnswers, InSeveralCodingsOrHeadersOfThemToo) {
  AskOnce(
      Answered("content-type: application/json\r\ncontent-encoding: identity\r\nContent-Encoding: gzip\r\n",
               "whatever"),
      kWhole);
  EXPECT_THAT(answer_, HasSubstr("HTTP/1.1 502"));
  ExpectCostsWhatWasReserved();
}

TEST_F(UnreadAnswers, WithATransferCodingThatCannotBeReadToo) {
  AskOnce(Answered("content-type: text/event-stream\r\ntransfer-encoding: gzip, chunked\r\n", "0\r\n\r\n"));
  EXPECT_THAT(answer_, HasSubstr("HTTP/1.1 502"));
  ExpectCostsWhatWasReserved();
}

TEST_F(UnreadAnswers, WhoseCodingBreaksInTheMiddleAreCutThere) {
  provider::Coder coder(provider::Coding::kGzip);
  const std::string coded = coder.Code(kBegin, provider::Flush::kPart) + std::string(64, '\xFF');
  AskOnce(Answered("content-type: text/event-stream\r\ncontent-encoding: gzip\r\n", coded));
  EXPECT_THAT(answer_, Not(HasSubstr(std::string(8, '\xFF'))));
  EXPECT_THAT(answer_, Not(HasSubstr("\r\n0\r\n\r\n"))) << "it is cut, not ended";
  ExpectCostsWhatWasReserved();
  EXPECT_EQ(outcome_.usage().input(), 10U) << "which the provider has said";
}

TEST_F(UnreadAnswers, ThatAreNoMessageAtAllPassAndCostWhatWasReserved) {
  AskOnce(Answered("content-type: application/json\r\n", "{\"type\":\"message\",\"usage\":{\"output_to"),
          kWhole);
  EXPECT_THAT(answer_, HasSubstr("output_to"));
  EXPECT_EQ(outcome_.ending(), wire::ENDING_COMPLETE);
  EXPECT_TRUE(outcome_.estimated());
  EXPECT_GE(outcome_.cost_nano_dollars(), 1'000 * 20'000);
  EXPECT_EQ(used_, Amount(outcome_.cost_nano_dollars()));
}

TEST_F(UnreadAnswers, OfAnErrorCostNothingAndPassAsTheyAre) {
  provider::Coder coder(provider::Coding::kGzip);
  AskOnce("[[postern raw_base64 " +
          ToBase64("HTTP/1.1 529 Overloaded\r\ncontent-type: application/json\r\n"
                   "content-encoding: compress\r\n\r\nwhatever") +
          "]]");
  EXPECT_THAT(answer_, HasSubstr("HTTP/1.1 529"));
  EXPECT_THAT(answer_, HasSubstr("whatever"));
  EXPECT_EQ(outcome_.cost_nano_dollars(), 0);
  EXPECT_EQ(used_, Amount());
}

}  // namespace
}  // namespace postern::gate
