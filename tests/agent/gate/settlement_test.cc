#include "agent/gate/settlement.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "shared/config/node.h"
#include "shared/pricing/price_file.h"
#include "tests/support/paths.h"

namespace postern::gate {
namespace {

class Settles : public ::testing::Test {
 protected:
  Settles()
      : prices_(*pricing::LoadPriceTable(*config::ParseFile(support::InSource("config/models.yaml")))) {}

  Settlement Settle(const dialect::AnswerFacts& answer, uint32_t status = 200,
                    wire::Call call = wire::CALL_MESSAGES) const {
    return SettleAnswer(answer, status, call, "claude-opus-5", {}, prices_, kNow, expected_);
  }

  // As they are read from an answer's bytes.
  static dialect::AnswerFacts Read(std::string_view body, std::string_view type = "text/event-stream") {
    dialect::JsonCursor json;
    dialect::AnswerMeter meter(type, json);
    meter.Feed(body);
    meter.Finish();
    return meter.facts();
  }

  // 1,000 tokens in at $5, 100 out at $25 the million: 5,000,000 + 2,500,000 nano-dollars.
  static dialect::AnswerFacts Whole() {
    dialect::AnswerFacts answer;
    answer.usage.input = 1000;
    answer.usage.output = 100;
    answer.usage_seen = answer.prompt_told = answer.usage_told = answer.begun = answer.complete = true;
    answer.stop_reason = "end_turn";
    answer.content_bytes = 30;
    return answer;
  }

  // What message_start alone has said.
  static dialect::AnswerFacts Cut() {
    dialect::AnswerFacts cut = Whole();
    cut.usage_told = cut.complete = false;
    cut.stop_reason.clear();
    return cut;
  }

  static constexpr WallTime kNow{std::chrono::days(20'780)};
  pricing::PriceTable prices_;
  Expected expected_;
};

TEST_F(Settles, AWholeAnswerAtWhatTheProviderReports) {
  const Settlement settlement = Settle(Whole());
  EXPECT_TRUE(settlement.billed);
  EXPECT_FALSE(settlement.estimated);
  EXPECT_EQ(settlement.cost.nano_dollars, Amount(7'500'000));
}

TEST_F(Settles, AnErrorAndACountAtNothing) {
  EXPECT_FALSE(Settle(Whole(), 529).billed);
  EXPECT_FALSE(Settle(Whole(), 200, wire::CALL_COUNT_TOKENS).billed);
}

TEST_F(Settles, ACutAnswerByWhatWasSeenOfItAndSaysSo) {
  dialect::AnswerFacts cut = Cut();
  cut.usage.output = 1;
  cut.content_bytes = 900;
  const Settlement settlement = Settle(cut);
  EXPECT_TRUE(settlement.estimated);
  EXPECT_EQ(settlement.usage.output, 300);
  EXPECT_EQ(settlement.cost.nano_dollars, Amount(5'000'000 + 300 * 25'000));
}

TEST_F(Settles, AnAnswerThatCouldNotBeReadIsNeverTakenForAFreeOne) {
  dialect::AnswerFacts unread = Whole();
  unread.unreadable = 1;
  EXPECT_TRUE(Settle(unread).estimated);
  dialect::AnswerFacts silent = Whole();
  silent.usage_seen = silent.prompt_told = silent.usage_told = false;
  EXPECT_TRUE(Settle(silent).estimated);
}

// An answer that breaks off before it has said how long the prompt was: it was read all the same.
TEST_F(Settles, ACutAnswerThatSaidNothingOfItsPromptAtWhatWasExpected) {
  dialect::AnswerFacts cut;
  cut.events = 1;
  expected_.prompt.cache_write_5m = 1'000;
  const Settlement settlement = Settle(cut);
  EXPECT_TRUE(settlement.estimated);
  EXPECT_EQ(settlement.cost.nano_dollars, Amount(1'000 * 6'250));
}

TEST_F(Settles, AnAnswerOfWhichNothingCameAtNothing) {
  expected_.prompt.input = 1'000;
  EXPECT_EQ(Settle({}).cost.nano_dollars, Amount());
}

TEST_F(Settles, WhatIsBilledAndNotSeenOfACutAnswerToo) {
  dialect::AnswerFacts cut = Cut();
  cut.content_bytes = 900;
  expected_.billed_permille = 2'500;
  EXPECT_EQ(Settle(cut).usage.output, 750);
}

// The client left, or the connection broke, when the bill had come: that is the bill.
TEST_F(Settles, AnAnswerThatIsCutAfterItSaidWhyItStoppedAtWhatTheProviderReports) {
  dialect::AnswerFacts told = Whole();
  told.complete = false;
  told.content_bytes = 9'000;  // which one would take for 3,000 tokens
  expected_.billed_permille = 2'500;
  const Settlement settlement = Settle(told);
  EXPECT_FALSE(settlement.estimated);
  EXPECT_EQ(settlement.cost.nano_dollars, Amount(7'500'000));
}

// message_start's count of output is of its first token or so: it is no bill of an answer.
TEST_F(Settles, AnAnswerOfWhichOnlyTheBeginningReportedUsageByWhatWasSeen) {
  dialect::AnswerFacts silent = Whole();
  silent.usage_told = false;
  silent.usage.output = 1;
  silent.content_bytes = 900;
  EXPECT_TRUE(Settle(silent).estimated);
  EXPECT_EQ(Settle(silent).usage.output, 300);
}

TEST_F(Settles, AnAnswerThatReportsNothingOfItsPromptAtWhatWasExpectedAndItsOutputAtWhatItReports) {
  const dialect::AnswerFacts silent = Read(
      "data: {\"type\":\"message_start\",\"message\":{}}\n\n"
      "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},"
      "\"usage\":{\"output_tokens\":100}}\n\ndata: {\"type\":\"message_stop\"}\n\n");
  expected_.prompt.cache_read = 2'000;
  const Settlement settlement = Settle(silent);
  EXPECT_TRUE(settlement.estimated);
  EXPECT_EQ(settlement.usage.cache_read, 2'000);
  EXPECT_EQ(settlement.usage.output, 100);
}

TEST_F(Settles, AnErrorInPlaceOfAnAnswerAtNothingWhateverItsStatus) {
  expected_.prompt.input = 1'000;
  constexpr std::string_view kError =
      R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})";
  const std::string event = "event: error\ndata: " + std::string(kError) + "\n\n";
  EXPECT_FALSE(Settle(Read(event)).billed);
  EXPECT_FALSE(Settle(Read("event: ping\ndata: {\"type\":\"ping\"}\n\n" + event)).billed);
  EXPECT_FALSE(Settle(Read(kError, "application/json")).billed);
  // Behind the beginning of an answer the prompt has been read.
  const std::string begun =
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":1000,"
      "\"output_tokens\":1}}}\n\n";
  EXPECT_EQ(Settle(Read(begun + event)).cost.nano_dollars, Amount(1'000 * 5'000 + 25'000));
}

// Negative counts and those beyond every sum, from the bytes to the dollars.
TEST_F(Settles, AbsurdReportsNeitherAtLessThanNothingNorAtASumThatHasWrapped) {
  const auto stream = [](const std::string& input, const std::string& output) {
    return R"(data: {"type":"message_start","message":{"usage":{"input_tokens":)" + input +
           R"(,"output_tokens":1}}})"
           "\n\n"
           R"(data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":)" +
           output + "}}\n\ndata: {\"type\":\"message_stop\"}\n\n";
  };
  // A count that goes down, or below nothing, takes nothing back.
  EXPECT_EQ(Settle(Read(stream("1000", "-5"))).cost.nano_dollars, Amount(5'000'000 + 25'000));
  // Beyond 2^53 exactly; 2^63 and more at the most that is counted.
  EXPECT_EQ(Settle(Read(stream("9007199254740993", "1"))).usage.input, 9'007'199'254'740'993);
  const Amount most = Settle(Read(stream("1e30", "99999999999999999999"))).cost.nano_dollars;
  EXPECT_EQ(most, Amount(int64_t{1'000'000'000'000} * 5'000 + int64_t{1'000'000'000'000} * 25'000));
  EXPECT_EQ(Settle(Read(stream("1000", "99.2"))).usage.output, 100) << "a part of a token is one";
}

// Nothing of it can be read: it costs what was reserved, in each unit.
TEST_F(Settles, AnAnswerInACodingThatCannotBeReadAtWhatWasReserved) {
  expected_.prompt.input = 1'000;
  expected_.answer = 2'000;
  expected_.reserved[limits::Unit::kUsd] = Amount(5'000'000 + 2'000 * 25'000 + 7);
  expected_.reserved[limits::Unit::kTokens] = Amount(3'100);
  dialect::AnswerFacts unread;
  unread.undecoded = true;
  const Settlement settlement = Settle(unread);
  EXPECT_TRUE(settlement.estimated);
  EXPECT_TRUE(settlement.unread);
  EXPECT_EQ(settlement.usage.output, 2'000);
  const limits::Amounts spent = SpentOf(settlement, Sent::kYes);
  EXPECT_EQ(spent[limits::Unit::kUsd], Amount(5'000'000 + 2'000 * 25'000 + 7));
  EXPECT_EQ(spent[limits::Unit::kTokens], Amount(3'100));
  EXPECT_FALSE(Settle(unread, 529).billed);
  EXPECT_FALSE(Settle(unread, 200, wire::CALL_COUNT_TOKENS).billed);
}

TEST_F(Settles, AnAnswerThatBecomesUnreadableAtWhatWasReservedOrWhatWasSeenIfThatIsMore) {
  expected_.answer = 2'000;
  dialect::AnswerFacts broken = Cut();
  broken.undecoded = true;
  EXPECT_EQ(Settle(broken).usage.output, 2'000);
  EXPECT_EQ(Settle(broken).usage.input, 1'000) << "which the provider has said";
  broken.content_bytes = 9'000;
  EXPECT_EQ(Settle(broken).usage.output, 3'000);
  // What has been said is the bill.
  broken = Whole();
  broken.undecoded = true;
  EXPECT_FALSE(Settle(broken).estimated);
  EXPECT_EQ(Settle(broken).usage.output, 100);
}

TEST_F(Settles, AnAnswerThatEndedWithoutAWordOfAMessageAtWhatWasReserved) {
  expected_.answer = 2'000;
  for (const std::string_view body :
       {"\x1F\x8B\x08 packed, which no header says", "<html>Please log in</html>",
        R"({"type":"message","usage":{"output_tok)", "{}"}) {
    for (const std::string_view type : {"text/event-stream", "application/json"}) {
      EXPECT_EQ(Settle(Read(body, type)).usage.output, 2'000) << body;
      EXPECT_TRUE(Settle(Read(body, type)).unread) << body;
    }
  }
  // Broken off it is what was seen of it.
  dialect::AnswerFacts begun;
  begun.came = true;
  begun.content_bytes = 300;
  EXPECT_EQ(Settle(begun).usage.output, 100);
}

TEST_F(Settles, InEveryUnitARequestOnceItWasSent) {
  const limits::Amounts spent = SpentOf(Settle(Whole()), Sent::kYes);
  EXPECT_EQ(spent[limits::Unit::kUsd], Amount(7'500'000));
  EXPECT_EQ(spent[limits::Unit::kTokens], Amount(1'100));
  EXPECT_EQ(spent[limits::Unit::kRequests], Amount(1));
  EXPECT_EQ(SpentOf({}, Sent::kYes)[limits::Unit::kUsd], Amount());
  EXPECT_EQ(SpentOf({}, Sent::kNo)[limits::Unit::kRequests], Amount());
}

}  // namespace
}  // namespace postern::gate
