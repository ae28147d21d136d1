#include "tests/bench/answer_reader.h"

#include <string>

#include <gtest/gtest.h>

namespace postern::bench {
namespace {

using State = AnswerReader::State;

const std::string kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n"
    "a\r\nevent: a\n\n\r\n5;x=1\r\nb: 1\n\r\n1\r\n\n\r\n0\r\n\r\n";
const std::string kWithLength = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

TEST(AnswerReader, ReadsTheSameHoweverTheBytesAreCut) {
  for (size_t cut = 0; cut <= kChunked.size(); ++cut) {
    AnswerReader reader;
    reader.Read(std::string_view(kChunked).substr(0, cut));
    EXPECT_EQ(reader.state(), cut == kChunked.size() ? State::kComplete : State::kReading) << cut;
    if (cut < kChunked.size()) reader.Read(std::string_view(kChunked).substr(cut));
    EXPECT_EQ(reader.state(), State::kComplete) << cut;
    EXPECT_EQ(reader.status(), 200);
    EXPECT_EQ(reader.body_bytes(), 16U);
    EXPECT_EQ(reader.events(), 2U) << cut;
  }
}

TEST(AnswerReader, AContentLengthSaysWhereTheAnswerEnds) {
  AnswerReader reader;
  EXPECT_EQ(reader.Read(kWithLength.substr(0, kWithLength.size() - 1)), State::kReading);
  EXPECT_EQ(reader.Read("o"), State::kComplete);
  EXPECT_TRUE(reader.keeps_alive());
}

TEST(AnswerReader, WithoutFramingTheConnectionsEndIsTheAnswersEnd) {
  AnswerReader reader;
  EXPECT_EQ(reader.Read("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"), State::kReading);
  EXPECT_EQ(reader.ReadEnd(), State::kComplete);
  EXPECT_FALSE(reader.keeps_alive());
}

TEST(AnswerReader, AnAnswerCutShortIsBroken) {
  AnswerReader reader;
  reader.Read(kWithLength.substr(0, kWithLength.size() - 1));
  EXPECT_EQ(reader.ReadEnd(), State::kBroken);
}

TEST(AnswerReader, BytesThatNobodyAskedForAreBroken) {
  AnswerReader reader;
  EXPECT_EQ(reader.Read(kWithLength + "H"), State::kBroken);
}

TEST(AnswerReader, AnInterimAnswerIsPassedOver) {
  AnswerReader reader;
  EXPECT_EQ(reader.Read("HTTP/1.1 100 Continue\r\n\r\n" + kWithLength), State::kComplete);
  EXPECT_EQ(reader.status(), 200);
}

}  // namespace
}  // namespace postern::bench
