// Requests that mean harm, over the wire: each gets the right status or a close, and none reaches the
// provider as something else than what was judged here.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/host.h"
#include "tests/end_to_end/provider_journal.h"

namespace postern::end_to_end {
namespace {

using std::chrono::milliseconds;
using support::FormatRequest;
using support::Headers;
using support::RawConnection;
using ::testing::HasSubstr;

class Hostile : public ::testing::Test {
 protected:
  // One host serves them all: what one test leaves behind must not matter to the next.
  static void SetUpTestSuite() {
    host_ = std::make_unique<Host>(
        HostOptions{.extra_config = "deadlines:\n  head: 1s\n  body_idle: 1s\nlimits:\n  body: 1MB\n"});
  }
  static void TearDownTestSuite() { host_.reset(); }
  void SetUp() override { ProviderJournal(host_->provider_port()).Reset(); }
  // After each: the agent lives and serves.
  void TearDown() override { EXPECT_EQ(host_->Ask(MessageBody("still there?")).status, 200); }

  static std::string Line(std::string_view headers) {
    return "POST /v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nx-api-key: " +
           host_->key() + "\r\n" + std::string(headers);
  }
  // The status of the answer to these bytes; 0 for a close.
  static int StatusOf(std::string_view bytes) {
    auto connection = RawConnection::Open(host_->target());
    static_cast<void>(connection->Send(bytes));
    const auto response = connection->ReadResponse();
    return response ? response->status : 0;
  }
  static uint64_t ReachedProvider() { return ProviderJournal(host_->provider_port()).arrived(); }

  static std::unique_ptr<Host> host_;
};

std::unique_ptr<Host> Hostile::host_;

TEST_F(Hostile, FramingThatTwoReadersCouldUnderstandDifferentlyIsRefused) {
  const std::string body = MessageBody("smuggled");
  const std::string length = std::to_string(body.size());
  const std::string kAttacks[] = {
      Line("content-length: " + length + "\r\ncontent-length: 5\r\n\r\n") + body,
      Line("content-length: " + length + "\r\ncontent-length: " + length + "\r\n\r\n") + body,
      Line("content-length: " + length + "\r\ntransfer-encoding: chunked\r\n\r\n") + body,
      Line("transfer-encoding: chunked\r\ncontent-length: " + length + "\r\n\r\n") + body,
      Line("transfer-encoding: xchunked\r\n\r\n") + body,
      Line("transfer-encoding: chunked, identity\r\n\r\n") + body,
      Line("transfer-encoding : chunked\r\n\r\n") + body,
      Line("content-length: 0x10\r\n\r\n") + body,
      Line("content-length: -1\r\n\r\n") + body,
      Line("content-length: 99999999999999999999999\r\n\r\n") + body,
      Line("x: a\nb: c\r\ncontent-length: " + length + "\r\n\r\n") + body,
      Line("x: a\r\n folded\r\ncontent-length: " + length + "\r\n\r\n") + body,
      Line(std::string("x: a\0b\r\ncontent-length: ", 24) + length + "\r\n\r\n") + body,
      "POST /v1/messages HTTP/1.1\nhost: localhost\n\n",
      "\x16\x03\x01\x02\x01\x01" + std::string(200, '\x01'),
  };
  for (const std::string& attack : kAttacks) {
    const int status = StatusOf(attack);
    EXPECT_TRUE(status == 400 || status == 0) << status << "\n" << attack;
  }
  EXPECT_EQ(ReachedProvider(), 0U);
}

TEST_F(Hostile, BrokenChunksAreRefused) {
  for (const char* chunks : {"zz\r\n", "5\r\nhelloworld\r\n0\r\n\r\n", "ffffffffffffffffff\r\n",
                             "5\nhello\n0\n\n", "-5\r\nhello\r\n0\r\n\r\n"}) {
    EXPECT_EQ(StatusOf(Line("transfer-encoding: chunked\r\n\r\n") + chunks), 400) << chunks;
  }
  EXPECT_EQ(ReachedProvider(), 0U);
}

TEST_F(Hostile, EndlessChunkExtensionsAndTrailersEnd) {
  EXPECT_EQ(StatusOf(Line("transfer-encoding: chunked\r\n\r\n") + "1;" + std::string(300'000, 'x')), 400);
  EXPECT_EQ(StatusOf(Line("transfer-encoding: chunked\r\n\r\n") + "0\r\nx: " + std::string(300'000, 'x')),
            400);
}

TEST_F(Hostile, WhatIsTooLargeIsSaidSo) {
  EXPECT_EQ(StatusOf(Line("content-length: 2000000\r\n\r\n")), 413);
  EXPECT_EQ(StatusOf(Line("x: " + std::string(80'000, 'x'))), 431);
}

TEST_F(Hostile, SlowHeadsAndBodiesEnd) {
  EXPECT_EQ(StatusOf("POST /v1/messages HTT"), 408);
  EXPECT_EQ(StatusOf(Line("content-length: 100\r\n\r\n{")), 408);
}

TEST_F(Hostile, PagesAndForeignNamesAreKeptOut) {
  const auto status = [](const Headers& headers) {
    return support::Fetch(host_->target(), "POST", "/v1/messages", headers, MessageBody("from a page"))
        ->status;
  };
  const std::pair<std::string, std::string> key = {"x-api-key", host_->key()};
  const std::pair<std::string, std::string> json = {"content-type", "application/json"};
  EXPECT_EQ(status({{"host", "attacker.example"}, json, key}), 421);
  EXPECT_EQ(status({{"host", "127.0.0.1.attacker.example"}, json, key}), 421);
  EXPECT_EQ(status({{"host", "localhost"}, json, key, {"origin", "https://attacker.example"}}), 403);
  EXPECT_EQ(status({{"host", "localhost"}, json, key, {"sec-fetch-site", "none"}}), 403);
  EXPECT_EQ(status({{"host", "localhost"}, {"content-type", "text/plain"}, key}), 415);
  EXPECT_EQ(ReachedProvider(), 0U);
}

TEST_F(Hostile, BodiesThatCouldMeanTwoThingsAreRefused) {
  const char* kBodies[] = {"",
                           "[]",
                           "not json",
                           R"({"model":"claude-opus-5-5","model":"claude-haiku-5-5","messages":[]})",
                           R"({"model":"claude-haiku-5-5","mod\u0065l":"claude-opus-5-5","messages":[]})",
                           R"({"messages":[]})",
                           R"({"model":7})",
                           "{\"model\":\"claude-opus-5-5\",\"messages\":[]",
                           "{\"model\":\"\xff\"}"};
  for (const char* body : kBodies) EXPECT_EQ(host_->Ask(body).status, 400) << body;
  EXPECT_EQ(host_->Ask(std::string(500'000, '[')).status, 400);
  EXPECT_EQ(ReachedProvider(), 0U);
}

TEST_F(Hostile, NothingOfARefusedBodyIsInTheAnswerTheLogOrTheRecord) {
  const std::string secret = "prompt-text-that-must-not-travel";
  const auto response = host_->Ask("{\"" + secret + "\": \"" + secret);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body.find(secret), std::string::npos);
  EXPECT_EQ(host_->Ask(MessageBody(secret)).status, 200);
  for (const std::string& event : host_->Events()) EXPECT_EQ(event.find(secret), std::string::npos);
  EXPECT_EQ(host_->agent().errors().find(secret), std::string::npos);
  EXPECT_EQ(host_->agent().errors().find(host_->key()), std::string::npos);
  EXPECT_EQ(host_->agent().errors().find(std::string(kProviderKey)), std::string::npos);
}

TEST_F(Hostile, PipelinedRequestsAreJudgedOneByOne) {
  auto connection = RawConnection::Open(host_->target());
  const std::string good =
      FormatRequest("POST", "/v1/messages", host_->MessageHeaders(), MessageBody("first"));
  const std::string bad =
      FormatRequest("POST", "/v1/messages",
                    {{"host", "localhost"}, {"content-type", "application/json"}, {"x-api-key", "nobody"}},
                    MessageBody("second"));
  ASSERT_TRUE(connection->Send(good + bad + good));
  EXPECT_EQ(connection->ReadResponse()->status, 200);
  EXPECT_EQ(connection->ReadResponse()->status, 401);
  // The refusal came before its body was read, so the connection ends with it.
  EXPECT_TRUE(connection->WaitForEnd(std::chrono::seconds(5)));
  EXPECT_EQ(ReachedProvider(), 1U);
}

TEST_F(Hostile, AHalfClosedConnectionEnds) {
  auto connection = RawConnection::Open(host_->target());
  ASSERT_TRUE(connection->Send(Line("content-length: 100\r\n\r\n{")));
  connection->FinishSending();
  EXPECT_TRUE(connection->WaitForEnd(std::chrono::seconds(5)));
}

TEST_F(Hostile, TwoThousandIdleConnectionsDoNotDisturb) {
  std::vector<RawConnection> idle;
  for (int i = 0; i < 2000; ++i) {
    auto connection = RawConnection::Open(host_->target());
    if (!connection) GTEST_SKIP() << "this machine allows too few open files";
    idle.push_back(*std::move(connection));
  }
  EXPECT_EQ(host_->Ask(MessageBody("among many")).status, 200);
  EXPECT_GE(host_->Metric("postern_client_connections"), 2000);
}

TEST_F(Hostile, EveryRefusalOfAKeyIsOne401ThatIsNotTriedAgain) {
  const std::string known = host_->key();
  std::string mistyped = known;
  mistyped[20] = mistyped[20] == 'a' ? 'b' : 'a';
  const std::pair<const char*, std::string> kKeys[] = {
      {"foreign_key", "sk-ant-api03-xyz"}, {"malformed_key", "pst_short"}, {"mistyped_key", mistyped}};
  for (const auto& [reason, key] : kKeys) {
    const auto response = support::Fetch(
        host_->target(), "POST", "/v1/messages",
        {{"host", "localhost"}, {"content-type", "application/json"}, {"x-api-key", key}}, MessageBody("x"));
    EXPECT_EQ(response->status, 401) << reason;
    EXPECT_EQ(response->Find("x-should-retry"), "false") << reason;
    EXPECT_EQ(response->body.find(key), std::string::npos) << reason;
    EXPECT_GE(host_->Metric("postern_refusals_total{reason=\"" + std::string(reason) + "\"}"), 1) << reason;
  }
  const auto none =
      support::Fetch(host_->target(), "POST", "/v1/messages",
                     {{"host", "localhost"}, {"content-type", "application/json"}}, MessageBody("x"));
  EXPECT_EQ(none->status, 401);
  EXPECT_THAT(none->body, HasSubstr("shows no Postern key"));
  EXPECT_EQ(ReachedProvider(), 0U);
}

}  // namespace
}  // namespace postern::end_to_end
