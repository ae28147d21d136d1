#include "agent/commands/record_source.h"

#include <gtest/gtest.h>

#include "agent/commands/agent_socket.h"
#include "tests/shared/kv/temporary_directory.h"

namespace postern::commands {
namespace {

TEST(BodyOf, TakesTheBodyOfAWholeAnswer) {
  EXPECT_EQ(*BodyOf("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), "hi");
  EXPECT_EQ(*BodyOf("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nhi"), "hi");
  EXPECT_EQ(*BodyOf("HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n"), "");
}

TEST(BodyOf, AnAnswerThatBreaksOffMeansThatTheAgentWentAway) {
  EXPECT_EQ(BodyOf("").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(BodyOf("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi").error().code, ErrorCode::kUnavailable);
}

TEST(BodyOf, AnythingElseIsAnError) {
  EXPECT_EQ(BodyOf("HTTP/1.1 200 OK\r\n").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(BodyOf("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nhi").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(BodyOf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").error().code,
            ErrorCode::kCorrupt);
  EXPECT_EQ(BodyOf("HTTP/1.1 400 Bad Request\r\n\r\nno").error().message, "the agent refused: no");
  EXPECT_EQ(BodyOf("HTTP/1.1 503 Busy\r\n\r\n").error().code, ErrorCode::kUnavailable);
}

TEST(OpenRecord, WithoutAgentAndStoreThereIsNoRecord) {
  TemporaryDirectory directory;
  const auto source = OpenRecord(directory / "state", directory / "agent.sock");
  ASSERT_FALSE(source);
  EXPECT_EQ(source.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace postern::commands
