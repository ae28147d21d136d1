#include "agent/dialect/stream_ending.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::dialect {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::string_view kStart =
    "event: message_start\ndata: "
    "{\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"content\":[]}}\n\n";
constexpr std::string_view kOver = "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
constexpr EndingWords kWords{"[ended]", "Your key was \"revoked\".", "req_1"};

std::string Event(std::string_view name, std::string_view members) {
  return "event: " + std::string(name) + "\ndata: {\"type\":\"" + std::string(name) + "\"," +
         std::string(members) + "}\n\n";
}

std::string Block(int index, std::string_view type) {
  return Event("content_block_start", "\"index\":" + std::to_string(index) +
                                          ",\"content_block\":{\"type\":\"" + std::string(type) +
                                          "\",\"id\":\"t\",\"name\":\"Bash\"}");
}
std::string Text(int index, std::string_view text) {
  return Event("content_block_delta", "\"index\":" + std::to_string(index) +
                                          ",\"delta\":{\"type\":\"text_delta\",\"text\":\"" +
                                          std::string(text) + "\"}");
}
std::string Stop(int index) { return Event("content_block_stop", "\"index\":" + std::to_string(index)); }
std::string Settled() { return Event("message_delta", R"("delta":{"stop_reason":"end_turn"})"); }

std::string Start() { return std::string(kStart); }

StreamStage Stage(std::string_view sent) {
  JsonCursor json;
  AnswerMeter meter("text/event-stream", json);
  meter.Feed(sent);
  return StageOf(meter);
}

// What follows, read as the client reads it together with what it has been sent.
AnswerFacts Whole(const std::string& sent) {
  JsonCursor json;
  AnswerMeter meter("text/event-stream", json);
  meter.Feed(sent);
  meter.Feed(EndingEvents(StageOf(meter), kWords));
  EXPECT_EQ(meter.cut(), SseCut::kBetweenEvents);
  return meter.facts();
}

const std::string kError =
    "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"permission_error\",\"message\":"
    "\"Your key was \\\"revoked\\\".\"},\"request_id\":\"req_1\"}\n\n";

TEST(StreamEnding, OpenTextGetsTheNoticeAsItsLastDelta) {
  const std::string sent = Start() + Block(0, "thinking") + Stop(0) + Block(1, "text") + Text(1, "Hello");
  EXPECT_EQ(EndingEvents(Stage(sent), kWords), Text(1, "\\n\\n[ended]") + Stop(1) + kError);
}

TEST(StreamEnding, AnOpenToolIsLeftUnstoppedAndATextBlockFollows) {
  const std::string sent = Start() + Block(0, "text") + Stop(0) + Block(1, "tool_use");
  const std::string ending = EndingEvents(Stage(sent), kWords);
  EXPECT_EQ(ending, Event("content_block_start", R"("index":2,"content_block":{"type":"text","text":""})") +
                        Text(2, "[ended]") + Stop(2) + kError);
  const AnswerFacts facts = Whole(sent);
  ASSERT_EQ(facts.blocks.size(), 3U);
  EXPECT_FALSE(facts.blocks[1].complete);
  EXPECT_TRUE(facts.blocks[2].complete);
  EXPECT_EQ(facts.error_type, "permission_error");
}

TEST(StreamEnding, OpenThinkingIsLeftUnstopped) {
  const AnswerFacts facts = Whole(Start() + Block(0, "thinking"));
  ASSERT_EQ(facts.blocks.size(), 2U);
  EXPECT_FALSE(facts.blocks[0].complete);
  EXPECT_EQ(facts.blocks[1].index, 1);
  EXPECT_TRUE(facts.blocks[1].complete);
}

TEST(StreamEnding, WithoutAMessageOneIsBegun) {
  for (const std::string sent : {"", ": hello\n\n", "event: ping\ndata: {\"type\":\"ping\"}\n\n"}) {
    EXPECT_THAT(EndingEvents(Stage(sent), kWords), StartsWith("event: message_start\n"));
    const AnswerFacts facts = Whole(sent);
    EXPECT_TRUE(facts.begun);
    ASSERT_EQ(facts.blocks.size(), 1U);
    EXPECT_TRUE(facts.blocks[0].complete);
  }
  EXPECT_THAT(EndingEvents(Stage(Start()), kWords), Not(HasSubstr("message_start")));
}

TEST(StreamEnding, BetweenBlocksTheNoticeIsTheNextOne) {
  EXPECT_THAT(EndingEvents(Stage(Start() + Block(0, "text") + Stop(0)), kWords), HasSubstr("\"index\":1"));
  EXPECT_THAT(EndingEvents(Stage(Start() + Block(7, "text") + Stop(7)), kWords), HasSubstr("\"index\":8"));
}

TEST(StreamEnding, AnAnswerThatSaidWhyItStopsGetsTheErrorAlone) {
  const std::string sent = Start() + Block(0, "text") + Stop(0) + Settled();
  EXPECT_EQ(EndingEvents(Stage(sent), kWords), kError);
  EXPECT_THAT(EndingEvents(Stage(Start() + Block(0, "text") + Settled()), kWords),
              StartsWith(Text(0, "\\n\\n[ended]")));
}

TEST(StreamEnding, AWholeAnswerIsLeftAsItIs) {
  EXPECT_EQ(
      EndingEvents(Stage(Start() + Block(0, "text") + Stop(0) + Settled() + std::string(kOver)), kWords), "");
}

// The chief danger: the stop of a tool that has been sent up to its last byte must not be completed.
TEST(StreamEnding, WhereverAnEventIsCutTheToolIsNotStoppedAndTheErrorIsRead) {
  for (const std::string_view line : {"\n", "\r\n", "\r"}) {
    const std::string sent = Start() + Block(0, "text") + Stop(0) + Block(1, "tool_use");
    std::string last = Stop(1);
    std::string spelled;
    for (const char c : last) c == '\n' ? spelled += line : spelled += c;
    for (size_t length = 1; length < spelled.size(); ++length) {
      // The empty line is complete with its CR, whether a LF follows or not.
      if (line == "\r\n" && length == spelled.size() - 1) continue;
      const AnswerFacts facts = Whole(sent + spelled.substr(0, length));
      ASSERT_EQ(facts.blocks.size(), 3U) << length;
      EXPECT_FALSE(facts.blocks[1].complete) << length;
      EXPECT_TRUE(facts.blocks[2].complete) << length;
      EXPECT_EQ(facts.error_type, "permission_error") << length;
    }
  }
}

TEST(StreamEnding, AtEachByteOfAnAnswerTheSentenceArrives) {
  const std::string answer = Start() + Block(0, "thinking") + Stop(0) + Block(1, "text") +
                             Text(1,
                                  "Gr\xC3\xBC\xC3\x9F"
                                  "e") +
                             Stop(1) + Block(2, "tool_use") + Stop(2) + Settled() + std::string(kOver);
  for (size_t length = 0; length < answer.size(); ++length) {
    const std::string sent = answer.substr(0, length);
    EXPECT_THAT(EndingEvents(Stage(sent), kWords), EndsWith(kError)) << length;
    const AnswerFacts facts = Whole(sent);
    EXPECT_EQ(facts.error_type, "permission_error") << length;
    EXPECT_TRUE(std::any_of(facts.blocks.begin(), facts.blocks.end(),
                            [](const auto& block) { return block.complete; }));
    EXPECT_FALSE(facts.complete);
  }
  EXPECT_EQ(EndingEvents(Stage(answer), kWords), "");
}

}  // namespace
}  // namespace postern::dialect
