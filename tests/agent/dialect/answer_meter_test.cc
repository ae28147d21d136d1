#include "agent/dialect/answer_meter.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postern::dialect {
namespace {

std::string Event(std::string_view name, std::string_view data) {
  return "event: " + std::string(name) + "\ndata: " + std::string(data) + "\n\n";
}

AnswerFacts Meter(std::string_view body, std::string_view content_type = "text/event-stream; charset=utf-8",
                  size_t piece = SIZE_MAX) {
  JsonCursor json;
  AnswerMeter meter(content_type, json);
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) meter.Feed(body.substr(0, piece));
  meter.Finish();
  return meter.facts();
}

const std::string kStart = Event(
    "message_start",
    R"({"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-opus-5-5","content":[],)"
    R"("stop_reason":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":3000,"cache_read_input_tokens":40000,)"
    R"("cache_creation":{"ephemeral_5m_input_tokens":1000,"ephemeral_1h_input_tokens":2000},"output_tokens":1,)"
    R"("service_tier":"standard","inference_geo":"us"}}})");
const std::string kStop = Event("message_stop", R"({"type":"message_stop"})");

std::string Delta(int index, std::string_view kind, std::string_view field, std::string_view text) {
  return Event("content_block_delta", R"({"type":"content_block_delta","index":)" + std::to_string(index) +
                                          R"(,"delta":{"type":")" + std::string(kind) + R"(",")" +
                                          std::string(field) + R"(":")" + std::string(text) + R"("}   })");
}

std::string MessageDelta(std::string_view usage, std::string_view stop_reason = "tool_use") {
  return Event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":")" +
                                    std::string(stop_reason) + R"(","stop_sequence":null},"usage":)" +
                                    std::string(usage) + "}");
}

std::string ToolLoopAnswer() {
  return kStart + Event("ping", R"({"type": "ping"})") +
         Event(
             "content_block_start",
             R"({"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}})") +
         Delta(0, "thinking_delta", "thinking", "hmm") +
         Delta(0, "signature_delta", "signature", "c2lnbmF0dXJl") +
         Event("content_block_stop", R"({"type":"content_block_stop","index":0})") +
         Event("content_block_start",
               R"({"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}})") +
         Delta(1, "text_delta", "text", "Hello") + Delta(1, "text_delta", "text", R"( \"you\")") +
         Event("content_block_stop", R"({"type":"content_block_stop","index":1})") +
         Event(
             "content_block_start",
             R"({"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"toolu_01","name":"Bash","input":{}}})") +
         Delta(2, "input_json_delta", "partial_json", R"({\"command\":\"ls\"})") +
         Event("content_block_stop", R"({"type":"content_block_stop","index":2})") +
         MessageDelta(R"({"output_tokens":503,"output_tokens_details":{"thinking_tokens":200}})") + kStop;
}

TEST(AnswerMeter, ReadsAStreamWithAToolCall) {
  const AnswerFacts facts = Meter(ToolLoopAnswer());
  EXPECT_EQ(facts.message_id, "msg_01");
  EXPECT_EQ(facts.model, "claude-opus-5-5");
  EXPECT_EQ(facts.stop_reason, "tool_use");
  EXPECT_EQ(facts.error_type, "");
  EXPECT_TRUE(facts.complete);
  EXPECT_EQ(facts.unreadable, 0U);
  const std::vector<AnswerBlock> blocks = {
      {0, "thinking", "", "", true}, {1, "text", "", "", true}, {2, "tool_use", "toolu_01", "Bash", true}};
  EXPECT_EQ(facts.blocks, blocks);
  EXPECT_TRUE(facts.blocks[2].IsToolUse());
  EXPECT_EQ(facts.content_bytes, std::string_view(R"(hmmHello \"you\"{\"command\":\"ls\"})").size())
      << "no signature";
  pricing::Usage usage;
  usage.input = 12;
  usage.output = 503;
  usage.cache_read = 40000;
  usage.cache_write_5m = 1000;
  usage.cache_write_1h = 2000;
  usage.thinking = 200;
  usage.service_tier = "standard";
  usage.inference_geo = "us";
  EXPECT_TRUE(facts.usage_seen);
  EXPECT_EQ(facts.usage, usage);
}

TEST(AnswerMeter, CuttingTheBytesChangesNothing) {
  const AnswerFacts whole = Meter(ToolLoopAnswer());
  for (const size_t piece : {1, 2, 3, 7, 64, 1000})
    EXPECT_EQ(Meter(ToolLoopAnswer(), "text/event-stream", piece), whole) << piece;
}

TEST(AnswerMeter, ReadsAnAnswerThatWasNotStreamed) {
  const std::string body =
      R"({"id":"msg_02","type":"message","role":"assistant","model":"claude-haiku-5-5","content":[{"type":"text","text":"Hi"},)"
      R"({"type":"tool_use","id":"toolu_02","name":"Read","input":{"a":[1]}},{"type":"server_tool_use","id":"srv","name":"web_search","input":{}}],)"
      R"("stop_reason":"end_turn","usage":{"input_tokens":5,"output_tokens":7,"server_tool_use":{"web_search_requests":3,"web_fetch_requests":1}}})";
  for (const size_t piece : {size_t{1}, SIZE_MAX}) {
    const AnswerFacts facts = Meter(body, "application/json", piece);
    EXPECT_EQ(facts.message_id, "msg_02");
    EXPECT_EQ(facts.usage.input, 5);
    EXPECT_EQ(facts.usage.output, 7);
    EXPECT_EQ(facts.usage.web_searches, 3);
    EXPECT_EQ(facts.usage.web_fetches, 1);
    EXPECT_EQ(facts.stop_reason, "end_turn");
    EXPECT_TRUE(facts.complete);
    const std::vector<AnswerBlock> blocks = {{0, "text", "", "", true},
                                             {1, "tool_use", "toolu_02", "Read", true},
                                             {2, "server_tool_use", "srv", "web_search", true}};
    EXPECT_EQ(facts.blocks, blocks);
  }
}

TEST(AnswerMeter, EventsUnderTheWrongContentTypeAreEventsStill) {
  EXPECT_EQ(Meter(ToolLoopAnswer(), "application/json").usage.output, 503);
  EXPECT_EQ(Meter(ToolLoopAnswer(), "").usage.output, 503);
}

TEST(AnswerMeter, WhiteSpaceBeforeAnAnswerMeansNothingHoweverItIsCut) {
  for (const size_t piece : {size_t{1}, SIZE_MAX}) {
    EXPECT_EQ(Meter(" \n" + ToolLoopAnswer(), "application/json", piece).usage.output, 503);
    EXPECT_EQ(Meter(R"(  {"usage":{"output_tokens":5}})", "application/json", piece).usage.output, 5);
  }
}

TEST(AnswerMeter, AnErrorAnswerCostsNothing) {
  const AnswerFacts facts = Meter(
      R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"})",
      "application/json");
  EXPECT_EQ(facts.error_type, "overloaded_error");
  EXPECT_FALSE(facts.usage_seen);
  EXPECT_EQ(facts.usage, pricing::Usage());
}

TEST(AnswerMeter, AnErrorInTheStreamKeepsWhatWasUsedBefore) {
  const AnswerFacts facts =
      Meter(kStart + Event("error", R"({"type":"error","error":{"type":"api_error","message":"x"}})"));
  EXPECT_EQ(facts.error_type, "api_error");
  EXPECT_FALSE(facts.complete);
  EXPECT_EQ(facts.usage.cache_read, 40000);
  EXPECT_EQ(Meter(Event("error", R"({"trouble":1})")).error_type, "error")
      << "the event line alone makes it an error";
}

// What other gateways got wrong.

TEST(AnswerMeterAgainstKnownBugs, StreamedCacheReadsAreNotInput) {
  const AnswerFacts facts = Meter(kStart + MessageDelta(R"({"output_tokens":9})") + kStop);
  EXPECT_EQ(facts.usage.input, 12);
  EXPECT_EQ(facts.usage.cache_read, 40000);
}

TEST(AnswerMeterAgainstKnownBugs, CacheCreationIsNotCountedTwice) {
  const AnswerFacts facts =
      Meter(kStart + MessageDelta(R"({"output_tokens":9,"cache_creation_input_tokens":3000})") + kStop);
  EXPECT_EQ(facts.usage.cache_write_5m + facts.usage.cache_write_1h, 3000);
}

TEST(AnswerMeterAgainstKnownBugs, UsageThatIsRepeatedInEveryDeltaCountsOnce) {
  const std::string delta = MessageDelta(
      R"({"input_tokens":12,"cache_read_input_tokens":40000,"cache_creation_input_tokens":3000,"output_tokens":100})");
  const AnswerFacts facts = Meter(kStart + delta + delta + delta + kStop);
  EXPECT_EQ(facts.usage.input, 12);
  EXPECT_EQ(facts.usage.cache_read, 40000);
  EXPECT_EQ(facts.usage.output, 100);
}

TEST(AnswerMeterAgainstKnownBugs, CacheWritesOfServerToolRoundsCountAllOfThem) {
  const AnswerFacts facts = Meter(
      kStart +
      MessageDelta(R"({"input_tokens":80,"cache_creation_input_tokens":9000,"cache_read_input_tokens":95000,)"
                   R"("output_tokens":700,"server_tool_use":{"web_search_requests":2}})") +
      kStop);
  EXPECT_EQ(facts.usage.input, 80);
  EXPECT_EQ(facts.usage.cache_read, 95000);
  EXPECT_EQ(facts.usage.cache_write_1h, 2000);
  EXPECT_EQ(facts.usage.cache_write_5m, 7000) << "what the parts don't explain was written for 5 minutes";
  EXPECT_EQ(facts.usage.web_searches, 2);
}

TEST(AnswerMeterAgainstKnownBugs, AClientThatLeavesStillCostsWhatWasReported) {
  JsonCursor json;
  AnswerMeter meter("text/event-stream", json);
  meter.Feed(kStart);
  meter.Feed(Delta(0, "text_delta", "text", "Hello"));
  meter.Feed("event: message_delta\ndata: {\"type\":\"mess");
  EXPECT_EQ(meter.facts().usage.cache_read, 40000);
  EXPECT_EQ(meter.facts().content_bytes, 5U);
  EXPECT_FALSE(meter.facts().complete);
}

TEST(AnswerMeterAgainstKnownBugs, AStreamThatEndsWithoutMessageStopIsNotComplete) {
  EXPECT_FALSE(Meter(kStart + MessageDelta(R"({"output_tokens":9})")).complete);
}

TEST(AnswerMeterAgainstKnownBugs, ZeroesInALaterDeltaTakeNothingBack) {
  const AnswerFacts facts = Meter(
      kStart + MessageDelta(R"({"input_tokens":0,"cache_read_input_tokens":0,"output_tokens":9})") + kStop);
  EXPECT_EQ(facts.usage.input, 12);
  EXPECT_EQ(facts.usage.cache_read, 40000);
}

TEST(AnswerMeter, CompactionIsBilledOnTopOfTheTotals) {
  const AnswerFacts facts = Meter(
      kStart +
      MessageDelta(
          R"({"output_tokens":1000,"iterations":[)"
          R"({"type":"compaction","input_tokens":180000,"output_tokens":3500},{"type":"message","input_tokens":12,"output_tokens":1000}]})") +
      kStop);
  EXPECT_EQ(facts.usage.input, 12 + 180000);
  EXPECT_EQ(facts.usage.output, 1000 + 3500);
}

TEST(AnswerMeter, UsageMayBeMissingAnywhere) {
  const AnswerFacts facts = Meter(
      Event("message_start", R"({"type":"message_start","message":{"id":"msg_1"}})") +
      Event("message_delta", R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":null})") +
      kStop);
  EXPECT_FALSE(facts.usage_seen);
  EXPECT_TRUE(facts.complete);
}

TEST(AnswerMeter, StrangeCountsNeverMakeABillSmaller) {
  const AnswerFacts facts = Meter(
      kStart + MessageDelta(R"({"input_tokens":-5,"cache_read_input_tokens":"9","output_tokens":1e30})") +
      kStop);
  EXPECT_EQ(facts.usage.input, 12);
  EXPECT_EQ(facts.usage.cache_read, 40000);
  EXPECT_EQ(facts.usage.output, INT64_MAX);
}

TEST(AnswerMeter, TheDataSaysWhatAnEventIs) {
  const std::string usage =
      R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":777}})";
  EXPECT_EQ(Meter(Event("content_block_delta", usage)).usage.output, 777);
  EXPECT_EQ(Meter(Event("ping", usage)).usage.output, 777);
  EXPECT_EQ(Meter("data: " + usage + "\n\n").usage.output, 777) << "no event line";
  const AnswerFacts mislabelled =
      Meter(Event("message_stop",
                  R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"abc"}})"));
  EXPECT_FALSE(mislabelled.complete);
  EXPECT_EQ(mislabelled.content_bytes, 3U);
  EXPECT_TRUE(Meter(Event("message_stop", "{}")).complete) << "without a type the event line is all there is";
}

TEST(AnswerMeter, OtherSpacingIsReadTheSlowWay) {
  const AnswerFacts facts = Meter(Event(
      "content_block_delta",
      R"({"delta": {"text": "abc", "type": "text_delta"}, "index": 0, "type": "content_block_delta"})"));
  EXPECT_EQ(facts.content_bytes, 3U);
  EXPECT_EQ(facts.unreadable, 0U);
}

TEST(AnswerMeter, SaysWhichBlocksAreOpen) {
  const auto start = [](int index, std::string_view type) {
    return Event("content_block_start", R"({"type":"content_block_start","index":)" + std::to_string(index) +
                                            R"(,"content_block":{"type":")" + std::string(type) + R"("}})");
  };
  const auto stop = [](int index) {
    return Event("content_block_stop",
                 R"({"type":"content_block_stop","index":)" + std::to_string(index) + "}");
  };
  const AnswerFacts facts = Meter(start(0, "text") + stop(0) + start(1, "tool_use") + start(0, "text"));
  ASSERT_EQ(facts.blocks.size(), 3U);
  EXPECT_TRUE(facts.blocks[0].complete);
  EXPECT_FALSE(facts.blocks[1].complete);
  EXPECT_FALSE(facts.blocks[2].complete) << "an index may be used twice";
  EXPECT_EQ(Meter(stop(4)).unreadable, 1U);
}

TEST(AnswerMeter, WhatCannotBeReadIsCountedAndPassedOver) {
  const AnswerFacts facts = Meter(Event("message_delta", R"({"type":"message_delta",)") + Event("x", "") +
                                  Event("x", "[DONE]") + ToolLoopAnswer());
  EXPECT_EQ(facts.unreadable, 2U);
  EXPECT_EQ(facts.usage.output, 503);
  EXPECT_EQ(Meter("{\"usage\":", "application/json").unreadable, 1U);
  EXPECT_FALSE(Meter("{\"usage\":", "application/json").complete);
}

TEST(AnswerMeter, NamesAreMadeFitForARecord) {
  const AnswerFacts facts = Meter(Event(
      "content_block_start",
      R"({"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a b","name":"ev\nil)" +
          std::string(500, 'x') + R"("}})"));
  EXPECT_EQ(facts.blocks[0].id, "a?b");
  EXPECT_EQ(facts.blocks[0].name.size(), 128U);
  EXPECT_EQ(facts.blocks[0].name.find('\n'), std::string::npos);
}

TEST(AnswerMeter, BlocksBeyondTheBoundAreOnlyCounted) {
  std::string body;
  for (size_t i = 0; i < AnswerMeter::kMostBlocks + 10; ++i) {
    body += Event("content_block_start", R"({"type":"content_block_start","index":)" + std::to_string(i) +
                                             R"(,"content_block":{"type":"text"}})");
  }
  const AnswerFacts facts = Meter(body);
  EXPECT_EQ(facts.blocks.size(), AnswerMeter::kMostBlocks);
  EXPECT_EQ(facts.block_count, AnswerMeter::kMostBlocks + 10);
}

TEST(AnswerMeter, AJsonAnswerBeyondTheBoundIsGivenUp) {
  JsonCursor json;
  AnswerMeter meter("application/json", json);
  meter.Feed("{\"content\":\"");
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 40; ++i) meter.Feed(piece);
  meter.Finish();
  EXPECT_EQ(meter.facts().unreadable, 1U);
  EXPECT_FALSE(meter.facts().complete);
}

// The quick way for content must give what reading the whole event gives: a space behind the brace turns it
// off.
TEST(AnswerMeter, TheQuickWayAgreesWithTheSlowOne) {
  std::mt19937 random(3);
  static constexpr std::string_view kText[] = {"a", "\\\"", "\\\\", "\\u00e9", "}",           "{",
                                               "é", " ",    "\\n",  "type",    "message_stop"};
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (unsigned length = random() % 12; length > 0; --length) text += kText[random() % std::size(kText)];
    static constexpr std::pair<const char*, const char*> kKinds[] = {{"text_delta", "text"},
                                                                     {"thinking_delta", "thinking"},
                                                                     {"input_json_delta", "partial_json"},
                                                                     {"signature_delta", "signature"},
                                                                     {"future_delta", "future"}};
    const auto& [kind, field] = kKinds[random() % std::size(kKinds)];
    const std::string quick = Delta(static_cast<int>(random() % 20), kind, field, text);
    std::string slow = quick;
    slow.insert(slow.find('{') + 1, " ");
    ASSERT_EQ(Meter(quick), Meter(slow)) << quick;
  }
}

// The same of whole streams, in which an event that begins as the one before it is taken without reading that
// beginning; cut anywhere, and with texts that have no end, or a line's end in them.
TEST(AnswerMeter, EventsThatBeginAlikeAreReadAsIfTheyDidNot) {
  std::mt19937 random(4);
  static constexpr std::string_view kText[] = {"a", "\\\"", "\\\\", "é", "}", "event: ping", ": "};
  static constexpr std::string_view kOddText[] = {"a\rb", "a\r\nb", "a\nb", "a\n\nb", "a"};
  for (int round = 0; round < 500; ++round) {
    std::string quick;
    for (unsigned events = 1 + random() % 12; events > 0; --events) {
      const int index = random() % 4 == 0 ? 1 : 0;
      if (random() % 8 == 0) {
        std::string odd = Delta(index, "text_delta", "text", kOddText[random() % std::size(kOddText)]);
        if (random() % 2 == 0) odd.erase(odd.rfind('"'), 1);  // without an end
        quick += odd;
        continue;
      }
      std::string text;
      for (unsigned length = random() % 6; length > 0; --length) text += kText[random() % std::size(kText)];
      quick += random() % 6 == 0 ? Delta(index, "input_json_delta", "partial_json", text)
                                 : Delta(index, "text_delta", "text", text);
    }
    std::string slow = quick;
    for (size_t at = 0; (at = slow.find("data: {\"type", at)) != std::string::npos;)
      slow.insert(at += 7, " ");
    const AnswerFacts facts = Meter(slow);
    ASSERT_EQ(Meter(quick), facts) << quick;
    ASSERT_EQ(Meter(quick, "text/event-stream", 1 + random() % 300), facts) << quick;
  }
}

}  // namespace
}  // namespace postern::dialect
