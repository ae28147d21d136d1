#include "tests/support/provider/answer.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/provider/directive.h"
#include "tests/support/sse_events.h"

namespace postern::provider {
namespace {

using Json = nlohmann::json;

Conversation Asked(std::string prompt = "What is this?") {
  Conversation conversation;
  conversation.model = "claude-opus-5-5";
  conversation.prompt = std::move(prompt);
  conversation.bytes = 4000;
  conversation.messages = 1;
  return conversation;
}

Answer ComposeFrom(const std::string& directive, Conversation conversation = Asked()) {
  const auto plan = ParseDirective(directive);
  EXPECT_TRUE(plan) << plan.error().message;
  return Compose(*plan, conversation, 1);
}

Json JsonFrom(const std::string& directive, const Conversation& conversation = Asked()) {
  const Answer answer = ComposeFrom("json " + directive, conversation);
  EXPECT_EQ(answer.parts.size(), 1U);
  return Json::parse(answer.parts.at(0).bytes);
}

std::vector<support::SseEvent> EventsOf(const Answer& answer) {
  std::string body;
  for (const Part& part : answer.parts) body += part.bytes;
  return support::ParseSseEvents(body);
}

// What a client makes of a stream.
Json Accumulate(const std::vector<support::SseEvent>& events) {
  Json message;
  std::string input;
  for (const support::SseEvent& event : events) {
    const Json data = Json::parse(event.data);
    EXPECT_EQ(data["type"], event.name);
    if (event.name == "message_start") message = data["message"];
    if (event.name == "content_block_start") message["content"].push_back(data["content_block"]);
    if (event.name == "content_block_delta") {
      EXPECT_EQ(data["index"], message["content"].size() - 1);
      Json& block = message["content"].back();
      const Json& delta = data["delta"];
      for (const char* member : {"text", "thinking", "signature"}) {
        if (delta.contains(member))
          block[member] = block.value(member, "") + delta[member].get<std::string>();
      }
      if (delta.contains("partial_json")) input += delta["partial_json"].get<std::string>();
    }
    if (event.name == "content_block_stop" && message["content"].back()["type"] == "tool_use") {
      message["content"].back()["input"] = Json::parse(std::exchange(input, {}));
    }
    if (event.name == "message_delta") {
      message.update(data["delta"]);
      message["usage"].update(data["usage"]);
    }
  }
  return message;
}

TEST(Compose, AStreamAddsUpToTheJsonAnswer) {
  for (
      const std::string directive :
      {R"()", R"(text "hello wörld" size=1)", R"(events=30 size=7)",
       R"(text "ab" events=5 size=3 pings=1 comments=2)",
       R"(thinking "let me see" text "so" redacted_thinking "abc" tool=Bash{"command":"ls"} tool=Read{"path":["a",{"b":1}]})",
       R"(loop=3)", R"(text "x" crlf)", R"(text "x" cr no_space bom)",
       R"(text "x" web_searches=2 input_tokens=9 stop_reason=refusal)", R"(text "")"}) {
    EXPECT_EQ(Accumulate(EventsOf(ComposeFrom("stream " + directive))), JsonFrom(directive)) << directive;
  }
}

TEST(Compose, OddSpellingChangesNoMeaning) {
  const auto events = EventsOf(ComposeFrom("stream text \"abc\" size=1 odd=3"));
  const Json message = Accumulate(events);
  EXPECT_EQ(message["content"][0]["text"], "abc");
  EXPECT_EQ(message["stop_reason"], "end_turn");
}

TEST(Compose, AnEchoSaysBackThePrompt) {
  EXPECT_EQ(JsonFrom("", Asked("Hello"))["content"][0]["text"], "You said: Hello");
  EXPECT_EQ(JsonFrom("", Asked("é" + std::string(199, 'x')))["content"][0]["text"],
            "You said: " + std::string(199, 'x'));
}

TEST(Compose, ALoopEndsAfterItsSteps) {
  Conversation conversation = Asked();
  for (size_t step = 1; step <= 3; ++step) {
    const Json message = JsonFrom("loop=3", conversation);
    EXPECT_EQ(message["stop_reason"], "tool_use");
    EXPECT_EQ(message["content"][1]["input"]["command"], "echo step-" + std::to_string(step));
    ++conversation.results;
    conversation.last_result = "step-" + std::to_string(step);
  }
  const Json last = JsonFrom("loop=3", conversation);
  EXPECT_EQ(last["stop_reason"], "end_turn");
  EXPECT_EQ(last["content"][0]["text"], "Done after 3 tool calls; the last result was: step-3");
}

TEST(Compose, ToolsAreCalledOnceAndOnlyWhereTheyAreOffered) {
  Conversation conversation = Asked();
  conversation.results = 1;
  conversation.last_result = "fine";
  EXPECT_EQ(JsonFrom("tool=Bash{}", conversation)["content"][0]["text"],
            "Done after 1 tool calls; the last result was: fine");
  EXPECT_EQ(JsonFrom("tool=Bash{} then=enough", conversation)["content"][0]["text"], "enough");
  conversation.results = 0;
  conversation.names_tools = true;
  EXPECT_EQ(JsonFrom("tool=Bash{}", conversation)["stop_reason"], "end_turn");
  EXPECT_EQ(JsonFrom("loop=3", conversation)["stop_reason"], "end_turn");
  conversation.tools = {"Bash"};
  EXPECT_EQ(JsonFrom("tool=Bash{}", conversation)["stop_reason"], "tool_use");
}

TEST(Compose, AnErrorTakesThePlaceOfTheRest) {
  const auto events = EventsOf(
      ComposeFrom("stream text \"abc\" size=1 error_event=overloaded_error after=4 message=\"too much\""));
  ASSERT_EQ(events.size(), 5U);
  EXPECT_EQ(events[3].name, "content_block_delta");
  EXPECT_EQ(events[4].name, "error");
  EXPECT_EQ(Json::parse(events[4].data)["error"],
            Json::parse(R"({"type":"overloaded_error","message":"too much"})"));
}

TEST(Compose, LeavesOutWhatItIsToldTo) {
  const Answer answer = ComposeFrom("stream omit=message_stop omit=ping omit=usage");
  for (const auto& event : EventsOf(answer)) {
    EXPECT_NE(event.name, "message_stop");
    EXPECT_NE(event.name, "ping");
    EXPECT_EQ(event.data.find("usage"), std::string::npos);
  }
  for (const Part& part : answer.parts) EXPECT_FALSE(part.tells);
}

TEST(Compose, RefusesInTheProvidersShape) {
  const Answer answer = ComposeFrom("status=529 retry_after=3 should_retry=false message=busy");
  EXPECT_EQ(answer.status, 529);
  EXPECT_EQ(answer.extra_headers, "retry-after: 3\r\nx-should-retry: false\r\n");
  const Json body = Json::parse(answer.parts.at(0).bytes);
  EXPECT_EQ(body["type"], "error");
  EXPECT_EQ(body["error"], Json::parse(R"({"type":"overloaded_error","message":"busy"})"));
  EXPECT_EQ(body["request_id"], RequestId(1));
}

TEST(CountTokens, ClassesAddUpToTheWholeRequest) {
  Conversation conversation = Asked();
  conversation.cached_bytes = 2000;
  Tokens first = CountTokens(conversation, 40, 0);
  EXPECT_EQ(first, (Tokens{.input = 500, .output = 12, .cache_write_5m = 500}));
  conversation.messages = 3;
  conversation.cached_for_an_hour = true;
  EXPECT_EQ(CountTokens(conversation, 40, 8),
            (Tokens{.input = 500, .output = 12, .cache_read = 400, .cache_write_1h = 100, .thinking = 2}));
}

TEST(Compose, ToldCountsAreThoseInTheText) {
  const Answer answer =
      ComposeFrom("stream text=x cache_read=5 cache_write_1h=6 thinking_tokens=1 output_tokens=77");
  std::vector<Tokens> told;
  for (const Part& part : answer.parts) {
    if (part.tells) told.push_back(*part.tells);
  }
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].output, 1);
  EXPECT_EQ(told[0].cache_read, 5);
  EXPECT_EQ(told[1].output, 77);
  const Json usage = Accumulate(EventsOf(answer))["usage"];
  EXPECT_EQ(usage["output_tokens"], 77);
  EXPECT_EQ(usage["cache_read_input_tokens"], 5);
  EXPECT_EQ(usage["cache_creation_input_tokens"], 6);
  EXPECT_EQ(usage["cache_creation"]["ephemeral_1h_input_tokens"], 6);
  EXPECT_EQ(usage["output_tokens_details"]["thinking_tokens"], 1);
  EXPECT_EQ(usage["input_tokens"], told[1].input);
}

TEST(Compose, AnAnswerIsNoLongerThanTheRequestAllowsWhereThatIsWanted) {
  Conversation conversation = Asked();
  conversation.max_tokens = 50;
  const Json cut = JsonFrom("text=x output_tokens=77 within_max_tokens", conversation);
  EXPECT_EQ(cut["usage"]["output_tokens"], 50);
  EXPECT_EQ(cut["stop_reason"], "max_tokens");
  const Json whole = JsonFrom("text=x output_tokens=50 within_max_tokens", conversation);
  EXPECT_EQ(whole["usage"]["output_tokens"], 50);
  EXPECT_EQ(whole["stop_reason"], "end_turn");
}

}  // namespace
}  // namespace postern::provider
