#include "agent/dialect/sse.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace postern::dialect {
namespace {

struct Seen {
  std::string name;
  std::string data;
  bool oversized = false;
  friend bool operator==(const Seen&, const Seen&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Seen& seen) {
    return out << "{" << seen.name << "|" << seen.data.substr(0, 80) << "|" << seen.data.size() << "|"
               << seen.oversized << "}";
  }
};

// Feeds `text` in pieces of the given sizes, the last of which repeats.
std::vector<Seen> Parse(std::string_view text, const std::vector<size_t>& pieces = {SIZE_MAX},
                        size_t cap = SseParser::kDefaultCap) {
  SseParser parser(cap);
  std::vector<Seen> events;
  SseEvent event;
  for (size_t i = 0; !text.empty(); ++i) {
    const std::string piece(text.substr(0, pieces[std::min(i, pieces.size() - 1)]));
    text.remove_prefix(piece.size());
    std::string_view input = piece;
    while (parser.Next(input, event))
      events.push_back({std::string(event.name), std::string(event.data), event.oversized});
    EXPECT_TRUE(input.empty());
  }
  if (parser.Finish(event))
    events.push_back({std::string(event.name), std::string(event.data), event.oversized});
  return events;
}

// All lines first, then all events: the standard's algorithm, with the two differences that the header names.
std::vector<Seen> ParseSlowly(std::string text, size_t cap = SseParser::kDefaultCap) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  std::vector<std::string> lines(1);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (text[i] == '\r' || text[i] == '\n') lines.emplace_back();
    else lines.back() += text[i];
  }
  if (lines.back().empty()) lines.pop_back();
  lines.emplace_back();  // Finish
  std::vector<Seen> events;
  Seen event;
  bool has_data = false;
  for (std::string& line : lines) {
    if (line.empty()) {
      if (event.oversized) event.data.clear();
      if (!event.name.empty() || has_data || event.oversized) events.push_back(event);
      event = {};
      has_data = false;
      continue;
    }
    event.oversized = event.oversized || line.size() > cap + 7;
    line.resize(std::min(line.size(), cap + 7));
    const size_t colon = line.find(':');
    const std::string field = line.substr(0, colon);
    std::string value = colon == std::string::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.erase(0, 1);
    if (field == "event") event.name = value;
    if (field == "data") event.data += (has_data ? "\n" : "") + value;
    has_data = has_data || field == "data";
    event.oversized = event.oversized || event.data.size() > cap;
  }
  return events;
}

const std::string kStream =
    "event: message_start\ndata: {\"a\":1}\n\n"
    "event: content_block_delta\ndata: {\"text\":\"h\xC3\xA9\"}\n\n"
    ": ping\n\n"
    "event: message_stop\ndata: {}\n\n";

TEST(Sse, GivesOutEventsInOrder) {
  const std::vector<Seen> expected = {{"message_start", "{\"a\":1}"},
                                      {"content_block_delta", "{\"text\":\"h\xC3\xA9\"}"},
                                      {"message_stop", "{}"}};
  EXPECT_EQ(Parse(kStream), expected);
  EXPECT_EQ(Parse(kStream, {1}), expected);
  EXPECT_EQ(Parse(kStream, {7}), expected);
}

TEST(Sse, AnEventInOnePieceIsNotCopied) {
  SseParser parser;
  SseEvent event;
  std::string_view input = kStream;
  ASSERT_TRUE(parser.Next(input, event));
  EXPECT_GE(event.data.data(), kStream.data());
  EXPECT_LT(event.data.data(), kStream.data() + kStream.size());
}

TEST(Sse, LinesEndInThreeWays) {
  const std::vector<Seen> expected = {{"a", "1"}, {"b", "2"}};
  EXPECT_EQ(Parse("event: a\r\ndata: 1\r\n\r\nevent: b\r\ndata: 2\r\n\r\n"), expected);
  EXPECT_EQ(Parse("event: a\rdata: 1\r\revent: b\rdata: 2\r\r"), expected);
  EXPECT_EQ(Parse("event: a\ndata: 1\r\n\revent: b\r\ndata: 2\n\n"), expected);
}

TEST(Sse, ACarriageReturnInALineThatEndsWithLineFeedEndsItToo) {
  const std::vector<Seen> expected = {{"a", "1\n2"}};
  EXPECT_EQ(Parse("event: a\ndata: 1\rdata: 2\n\n"), expected);
}

TEST(Sse, FieldsAreReadAsTheStandardSays) {
  EXPECT_EQ(Parse("event:a\ndata:1\n\n"), (std::vector<Seen>{{"a", "1"}})) << "no space";
  EXPECT_EQ(Parse("event: a\ndata:  1\n\n"), (std::vector<Seen>{{"a", " 1"}})) << "only one space is dropped";
  EXPECT_EQ(Parse("data: 1\ndata\ndata: 2\n\n"), (std::vector<Seen>{{"", "1\n\n2"}})) << "several data lines";
  EXPECT_EQ(Parse("event: a\n: x\nid: 7\nretry: 5\nx\ndata: 1\n: y\n\n"), (std::vector<Seen>{{"a", "1"}}))
      << "others between";
  EXPECT_EQ(Parse("event: a\nevent: b\ndata: 1\n\n"), (std::vector<Seen>{{"b", "1"}})) << "the last name";
  EXPECT_EQ(Parse("\xEF\xBB\xBF"
                  "event: a\ndata: 1\n\n"),
            (std::vector<Seen>{{"a", "1"}}))
      << "a byte order mark";
  EXPECT_EQ(Parse("\xEF\xBB"
                  "event: a\ndata: 1\n\n"),
            (std::vector<Seen>{{"", "1"}}))
      << "half a mark is text";
  EXPECT_EQ(Parse("\n\n\n: c\n\n"), std::vector<Seen>{}) << "nothing";
}

TEST(Sse, ANameWithoutDataIsGivenOut) {
  EXPECT_EQ(Parse("event: ping\n\n"), (std::vector<Seen>{{"ping", ""}}));
}

TEST(Sse, TheLastEmptyLineMayBeMissing) {
  EXPECT_EQ(Parse("event: a\ndata: 1\n"), (std::vector<Seen>{{"a", "1"}}));
  EXPECT_EQ(Parse("event: a\ndata: 1"), (std::vector<Seen>{{"a", "1"}}));
  EXPECT_EQ(Parse("event: a\ndata: 1\r"), (std::vector<Seen>{{"a", "1"}}));
}

TEST(Sse, TwoMegabytesInOneEventPass) {
  const std::string data(2 << 20, 'x');
  EXPECT_EQ(Parse("event: a\ndata: " + data + "\n\n", {65536}), (std::vector<Seen>{{"a", data}}));
}

TEST(Sse, AnEventBeyondTheCapIsReportedWithoutItsData) {
  const std::vector<Seen> expected = {{"a", "", true}, {"b", "2", false}};
  for (const size_t piece : {size_t{1}, size_t{10}, SIZE_MAX}) {
    EXPECT_EQ(Parse("event: a\ndata: " + std::string(1000, 'x') + "\n\nevent: b\ndata: 2\n\n", {piece}, 100),
              expected);
  }
  EXPECT_EQ(Parse("data: 12345\ndata: 67890\n\n", {SIZE_MAX}, 10), (std::vector<Seen>{{"", "", true}}))
      << "the sum counts";
  EXPECT_EQ(Parse("data: 1234567890\n\n", {3}, 10), (std::vector<Seen>{{"", "1234567890", false}}))
      << "the cap itself is allowed";
}

// Streams put together from the pieces that matter, cut anywhere, with and without a cap that they reach.
TEST(Sse, AnyCuttingGivesWhatTheSlowParserGives) {
  static constexpr std::string_view kPieces[] = {"event: content_block_delta\ndata: {\"x\":1}\n\n",
                                                 "event: a",
                                                 "data: 1",
                                                 "data:",
                                                 "data",
                                                 "event:",
                                                 "\n",
                                                 "\n",
                                                 "\r",
                                                 "\r\n",
                                                 "\r\n\r\n",
                                                 ": c",
                                                 " ",
                                                 "x",
                                                 "id: 1",
                                                 "data: a longer piece of data",
                                                 "\xEF\xBB\xBF",
                                                 "\n\n",
                                                 "event"};
  std::mt19937 random(11);
  for (int round = 0; round < 30'000; ++round) {
    std::string text;
    for (unsigned length = random() % 14; length > 0; --length)
      text += kPieces[random() % std::size(kPieces)];
    const size_t cap = round % 3 == 0 ? 12 : SseParser::kDefaultCap;
    const auto expected = ParseSlowly(text, cap);
    std::vector<size_t> cuts;
    for (int i = 0; i < 10; ++i) cuts.push_back(1 + random() % 9);
    ASSERT_EQ(Parse(text, {SIZE_MAX}, cap), expected) << text;
    ASSERT_EQ(Parse(text, {1}, cap), expected) << text;
    ASSERT_EQ(Parse(text, cuts, cap), expected) << text;
  }
}

}  // namespace
}  // namespace postern::dialect
