#include "shared/http/message_parser.h"

#include <array>
#include <cstdio>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace postern::http {
namespace {

using State = MessageParser::State;
using Role = MessageParser::Role;

State ReadRequest(std::string_view bytes, Head& head) {
  MessageParser parser(Role::kRequests);
  return parser.ReadHead(bytes, head);
}

State ReadResponse(std::string_view bytes, Head& head) {
  MessageParser parser(Role::kResponses);
  return parser.ReadHead(bytes, head);
}

TEST(MessageParser, ReadsARequestHeadAndLeavesTheBody) {
  const std::string bytes =
      "POST /v1/messages?beta=true HTTP/1.1\r\nHost: localhost:4780\r\nX-Odd:\r\nContent-Length: "
      "5\r\n\r\nhello";
  MessageParser parser(Role::kRequests);
  Head head;
  ASSERT_EQ(parser.ReadHead(bytes, head), State::kDone) << parser.failure();
  EXPECT_EQ(head.method, "POST");
  EXPECT_EQ(head.target, "/v1/messages?beta=true");
  EXPECT_EQ(head.path(), "/v1/messages");
  EXPECT_EQ(head.framing, Framing::kLength);
  EXPECT_EQ(head.content_length, 5U);
  EXPECT_TRUE(head.keep_alive);
  ASSERT_EQ(head.headers.size(), 3U);
  EXPECT_EQ(head.headers[1].name, "X-Odd");
  EXPECT_EQ(head.headers[1].value, "");
  EXPECT_EQ(bytes.substr(parser.head_size()), "hello");
}

TEST(MessageParser, ReadsAHeadThatArrivesByteByByteInABufferThatMoves) {
  const std::string bytes =
      "POST /x HTTP/1.1\r\nHost: a\r\nX-Name:  some value \r\nEmpty:\r\nTransfer-Encoding: chunked\r\n\r\n";
  MessageParser parser(Role::kRequests);
  Head head;
  for (size_t n = 1; n < bytes.size(); ++n) {
    const std::string moved = bytes.substr(0, n);
    ASSERT_EQ(parser.ReadHead(moved, head), State::kMore) << n;
  }
  ASSERT_EQ(parser.ReadHead(bytes, head), State::kDone);
  EXPECT_EQ(parser.head_size(), bytes.size());
  EXPECT_EQ(head.Find("x-name"), "some value");
  EXPECT_EQ(head.Find("empty"), "");
  EXPECT_EQ(head.framing, Framing::kChunked);
}

TEST(MessageParser, ReadsTheNextMessageOnlyAfterAReset) {
  const std::string two = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
  MessageParser parser(Role::kRequests);
  Head head;
  ASSERT_EQ(parser.ReadHead(two, head), State::kDone);
  EXPECT_EQ(head.target, "/1");
  const std::string_view rest = std::string_view(two).substr(parser.head_size());
  parser.Reset();
  ASSERT_EQ(parser.ReadHead(rest, head), State::kDone);
  EXPECT_EQ(head.target, "/2");
}

TEST(MessageParser, IgnoresAnOfferedUpgrade) {
  Head head;
  EXPECT_EQ(
      ReadRequest("POST /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                  "Content-Length: 3\r\n\r\nabc",
                  head),
      State::kDone);
  EXPECT_EQ(head.content_length, 3U);
}

TEST(MessageParser, RefusesWhatTwoReadersCouldUnderstandDifferently) {
  const std::pair<const char*, const char*> kHostile[] = {
      {"two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n"},
      {"the same length twice",
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"},
      {"a list of lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n"},
      {"a signed length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n"},
      {"a negative length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n"},
      {"a length past 64 bits", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"},
      {"an empty length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n"},
      {"length and chunks",
       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"chunks and length",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"},
      {"two encodings",
       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"another encoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
      {"an unknown encoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"},
      {"chunked and more", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n"},
      {"chunks in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"a bare line feed", "POST / HTTP/1.1\nHost: a\n\n"},
      {"a bare line feed in the headers", "POST / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n"},
      {"a bare line feed for the empty line", "POST / HTTP/1.1\r\nHost: a\r\n\n"},
      {"a header without a name", "POST / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"},
      {"a first header without a name", "POST / HTTP/1.1\r\n: b\r\nHost: a\r\n\r\n"},
      {"a bare carriage return", "POST / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"},
      {"a NUL in a value", std::string_view("POST / HTTP/1.1\r\nHost: a\0b\r\n\r\n", 30).data()},
      {"a space before the colon", "POST / HTTP/1.1\r\nHost : a\r\n\r\n"},
      {"a folded line", "POST / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n"},
      {"a space before the first header", "POST / HTTP/1.1\r\n Host: a\r\n\r\n"},
      {"no method", " / HTTP/1.1\r\n\r\n"},
      {"an absolute target", "POST http://elsewhere/ HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"a tunnel", "CONNECT elsewhere:443 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"HTTP/0.9", "GET /\r\n\r\n"},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
      {"TLS on a plain port", "\x16\x03\x01\x02\x01\x01"},
  };
  for (const auto& [name, bytes] : kHostile) {
    Head head;
    const std::string_view all(
        bytes, std::string_view(name) == "a NUL in a value" ? 30 : std::string_view(bytes).size());
    EXPECT_EQ(ReadRequest(all, head), State::kFailed) << name;
  }
}

TEST(MessageParser, ReadsHowAResponseEnds) {
  Head head;
  ASSERT_EQ(ReadResponse("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", head), State::kDone);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.reason, "OK");
  EXPECT_EQ(head.framing, Framing::kLength);
  EXPECT_TRUE(head.keep_alive);
  ASSERT_EQ(ReadResponse("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n", head), State::kDone);
  EXPECT_EQ(head.framing, Framing::kChunked);
  ASSERT_EQ(ReadResponse("HTTP/1.1 200\r\n\r\n", head), State::kDone);
  EXPECT_EQ(head.framing, Framing::kUntilClose);
  EXPECT_FALSE(head.keep_alive);
  ASSERT_EQ(ReadResponse("HTTP/1.1 204 No Content\r\n\r\n", head), State::kDone);
  EXPECT_EQ(head.framing, Framing::kNone);
  EXPECT_TRUE(head.keep_alive);
  ASSERT_EQ(ReadResponse("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", head), State::kDone);
  EXPECT_EQ(head.status, 103);
  EXPECT_EQ(head.framing, Framing::kNone);
  ASSERT_EQ(ReadResponse("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", head), State::kDone);
  EXPECT_FALSE(head.keep_alive);
}

TEST(MessageParser, RefusesAResponseWhoseEndIsUnclear) {
  Head head;
  EXPECT_EQ(ReadResponse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", head),
            State::kFailed);
  EXPECT_EQ(ReadResponse("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", head),
            State::kFailed);
  EXPECT_EQ(ReadResponse("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", head), State::kFailed);
  EXPECT_EQ(ReadResponse("SSH-2.0-OpenSSH_9.2\r\n", head), State::kFailed);
}

// Everything that is known of a head, or why there is none.
std::string Describe(State state, const MessageParser& parser, const Head& head) {
  if (state == State::kMore) return "more";
  if (state == State::kFailed) return "failed: " + parser.failure();
  std::string text =
      std::to_string(parser.head_size()) + " " + std::string(head.method) + " " + std::string(head.target) +
      " " + std::to_string(head.status) + " " + std::string(head.reason) + " 1." +
      std::to_string(head.minor_version) + (head.keep_alive ? " kept " : " closed ") +
      std::to_string(static_cast<int>(head.framing)) + " " + std::to_string(head.content_length);
  for (const Header& header : head.headers)
    text += "\n" + std::string(header.name) + ": " + std::string(header.value);
  return text;
}

// A head that comes whole may be read without llhttp; one whose first byte comes alone never is. Spoilt in
// every place, both ways say the same.
TEST(MessageParser, APlainHeadIsReadAsLlhttpReadsIt) {
  static constexpr std::string_view kRequest =
      "POST /v1/messages?beta=true HTTP/1.1\r\nHost: localhost:1\r\nConnection: keep-alive\r\nx-api-key: "
      "a\r\n"
      "upgradf: 1\r\nContent-Length: 12\r\n\r\n{\"a\":";
  static constexpr std::string_view kResponse =
      "HTTP/1.1 200 OK\r\ncontent-type: a/b; c=d\r\nrequest-id: x\r\ncontent-length: 7\r\nconnection: "
      "keep-alive\r\n\r\nab";
  static constexpr std::string_view kPieces[] = {"",
                                                 "\r",
                                                 "\n",
                                                 "\r\n",
                                                 " ",
                                                 "\t",
                                                 ":",
                                                 "0",
                                                 "9",
                                                 "a",
                                                 "A",
                                                 "-",
                                                 "_",
                                                 "/",
                                                 "?",
                                                 "#",
                                                 "%",
                                                 "\"",
                                                 "(",
                                                 ",",
                                                 "\x7f",
                                                 "\x80",
                                                 "\x1f",
                                                 "close",
                                                 "\r\n ",
                                                 "\r\nContent-Length: 12",
                                                 "\r\nTransfer-Encoding: chunked",
                                                 "\r\nUpgrade: h2c",
                                                 "\r\nConnection: close",
                                                 "\r\nA: ",
                                                 "\r\n\r\n"};
  size_t taken = 0;
  for (const auto& [role, plain] :
       {std::pair{Role::kRequests, kRequest}, std::pair{Role::kResponses, kResponse}}) {
    for (size_t at = 0; at <= plain.size(); ++at) {
      for (const std::string_view piece : kPieces) {
        for (const size_t erased : {0, 1, 2}) {
          std::string bytes(plain);
          if (at + erased > bytes.size()) continue;
          bytes.replace(at, erased, piece);
          MessageParser whole(role);
          Head head;
          const std::string said = Describe(whole.ReadHead(bytes, head), whole, head);
          MessageParser cut(role);
          Head again;
          State state = cut.ReadHead(std::string_view(bytes).substr(0, 1), again);
          if (state == State::kMore) state = cut.ReadHead(bytes, again);
          ASSERT_EQ(said, Describe(state, cut, again)) << bytes;
          taken += said.starts_with("more") || said.starts_with("failed") ? 0 : 1;
        }
      }
    }
  }
  EXPECT_GT(taken, 5000U);
}

TEST(Names, AreTheSameWhateverTheirCaseAndNothingElseIs) {
  const auto lower = [](int c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; };
  for (const size_t length : {1, 3, 4, 6, 7, 8, 9, 15, 16, 21}) {
    for (size_t place = 0; place < length; ++place) {
      std::string left = std::string("Some-Header-Of-Length").substr(0, length);
      std::string right = std::string("sOME-hEADER-oF-lENGTH").substr(0, length);
      ASSERT_TRUE(EqualsIgnoringCase(left, right));
      for (int a = 0; a < 256; ++a) {
        for (const int b : {a, a ^ 0x20, a ^ 1, a ^ 0x80, (a + 32) & 0xff}) {
          left[place] = static_cast<char>(a);
          right[place] = static_cast<char>(b);
          ASSERT_EQ(EqualsIgnoringCase(left, right), lower(a) == lower(b)) << length << " " << a << " " << b;
        }
      }
    }
  }
}

class DecodesChunks : public ::testing::Test {
 protected:
  // The payload of a chunked body that arrives in parts of `step` bytes; "!" and the reason where it is
  // refused.
  static std::string Decode(std::string_view body, size_t step, std::string* rest = nullptr) {
    MessageParser parser(Role::kResponses);
    Head head;
    EXPECT_EQ(parser.ReadHead("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", head), State::kDone);
    std::string payload;
    while (!body.empty()) {
      std::string part(body.substr(0, step));
      body.remove_prefix(part.size());
      const auto chunks = parser.DecodeChunks(std::span(part.data(), part.size()));
      if (chunks.state == State::kFailed) return "!" + parser.failure();
      payload.append(part, 0, chunks.payload);
      if (chunks.state == State::kDone) {
        if (rest != nullptr) *rest = part.substr(chunks.consumed) + std::string(body);
        return payload;
      }
    }
    return payload + "…";
  }
};

TEST_F(DecodesChunks, InPartsOfAnySize) {
  const std::string body =
      "5\r\nhello\r\n1;ext=\"a\"\r\n \r\n00A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\nHTTP/1.1";
  for (size_t step = 1; step <= body.size(); ++step) {
    std::string rest;
    EXPECT_EQ(Decode(body, step, &rest), "hello 0123456789") << step;
    EXPECT_EQ(rest, "HTTP/1.1") << step;
  }
}

// Plain chunks are taken without llhttp where they lie in one piece; the others, in between, are not.
TEST_F(DecodesChunks, PlainOnesAndOthersInTurn) {
  std::string body;
  std::string payload;
  for (size_t i = 1; i < 60; ++i) {
    static constexpr const char* kForms[] = {"%zx\r\n", "%zX\r\n", "%04zx\r\n", "%zx;a=b\r\n", "%016zx\r\n"};
    std::array<char, 32> line{};
    std::snprintf(line.data(), line.size(), kForms[i % std::size(kForms)], i);
    const std::string text(i, static_cast<char>('a' + i % 26));
    body += line.data() + text + "\r\n";
    payload += text;
  }
  body += "000\r\n\r\n1\r\nx\r\n";
  for (size_t step = 1; step <= body.size(); ++step) {
    std::string rest;
    ASSERT_EQ(Decode(body, step, &rest), payload) << step;
    ASSERT_EQ(rest, "1\r\nx\r\n") << step;
  }
}

TEST_F(DecodesChunks, AnUnfinishedBodyIsNotDone) { EXPECT_EQ(Decode("5\r\nhello\r\n", 100), "hello…"); }

TEST_F(DecodesChunks, RefusesWhatIsNotAChunk) {
  for (const char* body : {"x\r\n",
                           "5\nhello\n0\n\n",
                           "5\r\nhelloX\r\n0\r\n\r\n",
                           "-1\r\n",
                           "fffffffffffffffff\r\n",
                           " 5\r\nhello\r\n",
                           "5 \r\nhello\r\n0\r\n\r\n",
                           "0x5\r\nhello\r\n0\r\n\r\n",
                           "\r\n",
                           "5\rXhello\r\n0\r\n\r\n",
                           "5\r\nhelloXY0\r\n\r\n",
                           "5\r\nhello\rX0\r\n\r\n",
                           "5\r\nhello\r\n0\rX\r\n\r\n",
                           "5\r\nhello\r\n0\r\n\rX",
                           "5\r\nhello\r\n0\r\n\n",
                           "5\r\nhello\r\n0\r\nx: y\r\n\n",
                           "5\r\nhello\r\n5\nhello\r\n0\r\n\r\n",
                           "5\r\nhello\r\n5\r\nhelloXY",
                           "5\r\nhello\r\n\r\n",
                           "5\r\nhello\r\n-1\r\n",
                           "5\r\nhello\r\nfffffffffffffffff\r\n"}) {
    EXPECT_EQ(Decode(body, 100).front(), '!') << body;
    EXPECT_EQ(Decode(body, 1).front(), '!') << body;
  }
}

}  // namespace
}  // namespace postern::http
