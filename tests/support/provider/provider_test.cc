// The provider over real sockets: what clients get, and what its control side tells of them.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "shared/base/hex.h"
#include "shared/crypto/sha256.h"
#include "tests/support/certificate.h"
#include "tests/support/http_client.h"
#include "tests/support/provider/json_text.h"
#include "tests/support/provider/running_provider.h"
#include "tests/support/sse_events.h"

namespace postern::provider {
namespace {

using Json = nlohmann::json;
using support::RawConnection;
using support::Response;

std::string Body(const std::string& prompt, const std::string& more = "") {
  return R"({"model":"claude-opus-5-5","max_tokens":900,"messages":[{"role":"user","content":)" +
         Quote(prompt) + "}]" + more + "}";
}

class ProviderTest : public testing::Test {
 protected:
  explicit ProviderTest(const Options& options = {}) {
    auto started = RunningProvider::Start(options);
    CHECK(started.has_value());
    provider_ = *std::move(started);
  }

  support::Target target() const { return {.port = provider_->port()}; }
  RawConnection Open() const { return *RawConnection::Open(target()); }

  Response Post(const std::string& body, const support::Headers& headers = {}) const {
    const auto response = support::Fetch(target(), "POST", "/v1/messages?beta=true", headers, body);
    EXPECT_TRUE(response);
    return response.value_or(Response());
  }
  Response Do(const std::string& directive) const { return Post("", {{"x-sim", "do: " + directive}}); }

  Json Control(const std::string& what, const std::string& method = "GET",
               const std::string& body = "") const {
    const auto response = support::Fetch(target(), method, "/_control/" + what, {}, body);
    EXPECT_TRUE(response);
    Json json = Json::parse(response->body, nullptr, false);
    json["status_code"] = response->status;
    return json;
  }
  // The journal's entry, once its exchange has ended.
  Json Ended(uint64_t number) const {
    EXPECT_EQ(Control("wait?ended=" + std::to_string(number))["status_code"], 200);
    return Control("requests/" + std::to_string(number));
  }

  std::unique_ptr<RunningProvider> provider_;
};

TEST_F(ProviderTest, AnswersInJsonAndInEvents) {
  const Response json = Post(Body("Hello"));
  EXPECT_EQ(json.status, 200);
  EXPECT_EQ(json.Find("content-type"), "application/json");
  EXPECT_NE(json.Find("request-id"), "");
  EXPECT_EQ(Json::parse(json.body)["content"][0]["text"], "You said: Hello");

  const Response stream = Post(Body("Hello", ",\"stream\":true"));
  EXPECT_EQ(stream.Find("Content-Type"), "text/event-stream; charset=utf-8");
  EXPECT_EQ(stream.Find("transfer-encoding"), "chunked");
  EXPECT_TRUE(stream.complete);
  const auto events = support::ParseSseEvents(stream.body);
  EXPECT_EQ(events.front().name, "message_start");
  EXPECT_EQ(events.back().name, "message_stop");
}

TEST_F(ProviderTest, FollowsTheDirectiveInThePrompt) {
  const Response busy = Post(Body("[[postern status=529 retry_after=7]]"));
  EXPECT_EQ(busy.status, 529);
  EXPECT_EQ(busy.Find("retry-after"), "7");
  const Response wrong = Post(Body("[[postern colour=blue]]"));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_NE(wrong.body.find("colour"), std::string::npos);
}

TEST_F(ProviderTest, KeepsAConnectionForManyRequests) {
  RawConnection connection = Open();
  const std::string request =
      support::FormatRequest("POST", "/v1/messages", {}, Body("Hello", ",\"stream\":true"));
  ASSERT_TRUE(connection.Send(request + request + request));  // pipelined
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(connection.ReadResponse()->complete);
  ASSERT_TRUE(connection.Send(request));
  EXPECT_TRUE(connection.ReadResponse()->complete);
  EXPECT_EQ(Ended(4)["connection"], 1);
}

TEST_F(ProviderTest, ReadsChunkedBodiesAndSaysContinue) {
  RawConnection connection = Open();
  ASSERT_TRUE(connection.Send(support::FormatRequest(
      "POST", "/v1/messages", {{"Transfer-Encoding", "chunked"}, {"Expect", "100-continue"}})));
  EXPECT_EQ(*connection.ReadUntil("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  const std::string body = Body("Hello");
  ASSERT_TRUE(connection.Send("5\r\n" + body.substr(0, 5) + "\r\n" + "1000;x=y\r\n" + body.substr(5) +
                              std::string(4096 - body.size() + 5, ' ') + "\r\n0\r\n\r\n"));
  EXPECT_EQ(connection.ReadResponse()->status, 200);
  const Json record = Ended(1);
  EXPECT_EQ(record["chunked"], true);
  EXPECT_EQ(record["body_size"], 4101);
}

TEST_F(ProviderTest, TellsWhatArrived) {
  const std::string body = Body("Hello");
  const Response response = Post(body, {{"X-One", "1"}, {"x-one", "2"}});
  const Json record = Ended(1);
  EXPECT_EQ(record["method"], "POST");
  EXPECT_EQ(record["target"], "/v1/messages?beta=true");
  EXPECT_EQ(record["headers"][1], Json::parse(R"(["X-One","1"])"));
  EXPECT_EQ(record["headers"][2], Json::parse(R"(["x-one","2"])"));
  EXPECT_EQ(record["body_sha256"], ToHex(crypto::AsBytes(crypto::Sha256(body))));
  EXPECT_EQ(record["outcome"], "complete");
  EXPECT_EQ(record["status"], 200);
  EXPECT_EQ(record["bytes_sent"], response.head.size() + response.framed.size());
  EXPECT_EQ(record["answer_sha256"], ToHex(crypto::AsBytes(crypto::Sha256(response.body))));
  EXPECT_EQ(record["request_id"], response.Find("request-id"));
  EXPECT_EQ(Control("requests/1/body")["status_code"], 404);
  EXPECT_EQ(Control("requests/2")["status_code"], 404);
}

TEST_F(ProviderTest, CountsWhatItHasTold) {
  Post(Body("[[postern input_tokens=10 output_tokens=20 cache_read=30]]", ",\"stream\":true"));
  Post(Body("[[postern input_tokens=1 output_tokens=2]]"));
  Post(Body("[[postern input_tokens=5 output_tokens=50 cut_after=3]]", ",\"stream\":true"));
  Post(Body("[[postern status=500]]"));
  ASSERT_EQ(Control("wait?ended=4")["status_code"], 200);
  const Json totals = Control("totals");
  EXPECT_EQ(totals["requests"], 4);
  EXPECT_EQ(totals["answered"], 2);
  EXPECT_EQ(totals["broken"], 1);
  EXPECT_EQ(totals["refused"], 1);
  EXPECT_EQ(totals["answered_tokens"]["input"], 11);
  EXPECT_EQ(totals["answered_tokens"]["output"], 22);
  EXPECT_EQ(totals["answered_tokens"]["cache_read"], 30);
  EXPECT_EQ(totals["broken_tokens"]["input"], 5);
  EXPECT_EQ(totals["broken_tokens"]["output"], 1);  // what message_start says
  EXPECT_EQ(totals["by_model"]["claude-opus-5-5"]["messages"], 2);
  Control("reset", "POST");
  EXPECT_EQ(Control("totals")["requests"], 0);
  EXPECT_EQ(Control("requests")["requests"], Json::array());
}

TEST_F(ProviderTest, CutsStreamsInBothWays) {
  RawConnection finished = Open();
  ASSERT_TRUE(finished.Send(
      support::FormatRequest("POST", "/v1/messages", {{"x-sim", "do: stream text=abc size=1 cut_after=4"}})));
  const auto cut = finished.ReadResponse();
  ASSERT_TRUE(cut);
  EXPECT_FALSE(cut->complete);
  EXPECT_EQ(support::ParseSseEvents(cut->body).size(), 4U);
  EXPECT_FALSE(finished.was_reset());
  EXPECT_EQ(Ended(1)["outcome"], "cut");
  EXPECT_EQ(Ended(1)["events_sent"], 4);

  RawConnection reset = Open();
  ASSERT_TRUE(reset.Send(
      support::FormatRequest("POST", "/v1/messages", {{"x-sim", "do: stream cut_bytes=700 cut=rst"}})));
  EXPECT_TRUE(reset.WaitForEnd(std::chrono::seconds(30)));
  EXPECT_TRUE(reset.was_reset());
  EXPECT_EQ(Ended(2)["bytes_sent"], 700);

  // Everything but the last chunk.
  const Response unended = Do("stream text=abc cut_after=100");
  EXPECT_FALSE(unended.complete);
  EXPECT_EQ(support::ParseSseEvents(unended.body).back().name, "message_stop");
}

TEST_F(ProviderTest, FramesAnswersInEveryWay) {
  const std::string whole = Do("stream text=abc").body;
  const Response sized = Do("stream text=abc framing=length");
  EXPECT_EQ(sized.Find("content-length"), std::to_string(sized.body.size()));
  const Response until_close = Do("stream text=abc framing=close");
  EXPECT_EQ(until_close.Find("connection"), "close");
  EXPECT_EQ(until_close.Find("transfer-encoding"), "");
  const Response old = Do("stream text=abc http10");
  EXPECT_TRUE(old.head.starts_with("HTTP/1.0 200 OK"));
  const Response byte_by_byte = Do("stream text=abc write=1");
  EXPECT_TRUE(byte_by_byte.framed.starts_with("1\r\ne\r\n1\r\nv\r\n"));
  const Response json = Do("text=abc framing=chunked");
  EXPECT_EQ(json.Find("transfer-encoding"), "chunked");
  for (const Response* response : {&sized, &until_close, &old, &byte_by_byte, &json})
    EXPECT_TRUE(response->complete);
  const auto names = [](const std::string& body) {
    std::vector<std::string> all;
    for (const auto& event : support::ParseSseEvents(body)) all.push_back(event.name);
    return all;
  };
  for (const Response* response : {&sized, &until_close, &old, &byte_by_byte})
    EXPECT_EQ(names(response->body), names(whole));
}

TEST_F(ProviderTest, SendsInterimAnswersAndRawBytes) {
  const Response hinted = Do("interim=103 interim=100 text=x");
  ASSERT_EQ(hinted.interim.size(), 2U);
  EXPECT_EQ(hinted.interim[0].status, 103);
  EXPECT_EQ(hinted.status, 200);
  RawConnection connection = Open();
  ASSERT_TRUE(connection.Send(
      support::FormatRequest("POST", "/v1/messages", {{"x-sim", R"(do: raw="HTTP/9 oops\r\n\n")"}})));
  EXPECT_EQ(*connection.ReadToEnd(), "HTTP/9 oops\r\n\n");
}

TEST_F(ProviderTest, CompressesWithoutBeingAsked) {
  const Response gzip = Do("stream gzip");
  EXPECT_EQ(gzip.Find("content-encoding"), "gzip");
  EXPECT_TRUE(gzip.body.starts_with("\x1f\x8b"));
  EXPECT_EQ(Do("br").Find("content-encoding"), "br");
}

TEST_F(ProviderTest, AnswersBeforeTheBodyHasCome) {
  RawConnection connection = Open();
  ASSERT_TRUE(connection.Send(support::FormatRequest(
      "POST", "/v1/messages", {{"x-sim", "do: early status=413"}, {"content-length", "1000"}})));
  EXPECT_EQ(connection.ReadResponse()->status, 413);
  EXPECT_EQ(Ended(1)["body_read"], false);

  RawConnection large = Open();
  ASSERT_TRUE(large.Send(support::FormatRequest("POST", "/v1/messages", {{"content-length", "33554433"}})));
  const auto refused = large.ReadResponse();
  EXPECT_EQ(refused->status, 413);
  EXPECT_NE(refused->body.find("request_too_large"), std::string::npos);
}

TEST_F(ProviderTest, HoldsAnswersUntilTheGateOpens) {
  RawConnection connection = Open();
  ASSERT_TRUE(connection.Send(support::FormatRequest(
      "POST", "/v1/messages", {{"x-sim", "do: stream text=abc hold=a hold_after=3"}})));
  EXPECT_EQ(Control("wait?of=1&events=3")["status_code"], 200);
  Json record = Control("requests/1");
  EXPECT_EQ(record["events_sent"], 3);
  EXPECT_EQ(record["outcome"], "in_flight");
  EXPECT_EQ(Control("open?gate=a", "POST")["status_code"], 200);
  EXPECT_TRUE(connection.ReadResponse()->complete);
  EXPECT_TRUE(Do("hold=a").complete);  // it stays open
}

TEST_F(ProviderTest, NoticesThatTheClientHasGone) {
  {
    RawConnection connection = Open();
    ASSERT_TRUE(connection.Send(
        support::FormatRequest("POST", "/v1/messages", {{"x-sim", "do: stream hold=never hold_after=2"}})));
    ASSERT_EQ(Control("wait?of=1&events=2")["status_code"], 200);
  }
  const Json record = Ended(1);
  EXPECT_EQ(record["outcome"], "client_gone");
  EXPECT_EQ(record["events_sent"], 2);
  {
    RawConnection connection = Open();
    ASSERT_TRUE(connection.Send("POST /v1/messages HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf"));
    ASSERT_EQ(Control("wait?requests=2")["status_code"], 200);
  }
  EXPECT_EQ(Ended(2)["outcome"], "client_gone");
  EXPECT_EQ(Ended(2)["body_read"], false);
}

TEST_F(ProviderTest, WaitsForAClientThatDoesNotRead) {
  RawConnection connection = Open();
  ASSERT_TRUE(
      connection.Send(support::FormatRequest("POST", "/v1/messages", {{"x-sim", "do: stream huge=40"}})));
  ASSERT_TRUE(connection.ReadUntil("\r\n\r\n"));
  EXPECT_EQ(Control("requests/1")["outcome"], "in_flight");
  EXPECT_LT(Control("requests/1")["bytes_sent"], 40 << 20);
  ASSERT_TRUE(connection.ReadUntil("0\r\n\r\n"));
  EXPECT_EQ(Ended(1)["outcome"], "complete");
  EXPECT_GT(Ended(1)["bytes_sent"], 40 << 20);
}

TEST_F(ProviderTest, PacesAndStartsSlowly) {
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(Do("stream text=abcdefghij size=1 pace_ms=3 slow_start_ms=20 first_event_ms=20").complete);
  EXPECT_TRUE(Post("", {{"x-sim", "sse:10x120:paced:3"}}).complete);
  // 15 pauses, the two starts, and 15 pauses again: never less.
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(45 + 40 + 45));
}

TEST_F(ProviderTest, CannedAnswersHaveTheSizeThatWasAsked) {
  const Response json = Post("not JSON", {{"x-sim", "1k"}});
  EXPECT_EQ(json.body.size(), 1024U);
  EXPECT_FALSE(Json::parse(json.body, nullptr, false).is_discarded());
  const Response stream = Post("not JSON", {{"x-sim", "sse:200x120:burst"}});
  EXPECT_TRUE(stream.complete);
  size_t deltas = 0;
  for (const auto& event : support::ParseSseEvents(stream.body))
    deltas += event.name == "content_block_delta" ? 1 : 0;
  EXPECT_EQ(deltas, 200U);
  EXPECT_NE(stream.framed.find("\r\n78\r\nevent: content_block_delta"),
            std::string::npos);  // 120 bytes, a chunk of its own
  EXPECT_EQ(Post("not JSON", {{"x-sim", "sse:200x120:writes"}}).framed, stream.framed);
  const Json totals = Control("totals");
  EXPECT_EQ(totals["answered"], 3);
  EXPECT_EQ(totals["answered_tokens"]["input"], 900);
  EXPECT_EQ(Control("requests")["requests"], Json::array());
  for (const char* wrong :
       {"sse:0x120:burst", "sse:2x2", "1g", "sse:2x120:paced:", "sse:2x120:paced:5x", "", "99999999999"}) {
    EXPECT_EQ(Post("x", {{"x-sim", wrong}}).status, 400) << wrong;
  }
}

TEST_F(ProviderTest, FollowsItsScript) {
  EXPECT_EQ(Control("script", "POST",
                    R"({"rules":[{"text":"one","times":1,"answer":"status=503"}]})")["status_code"],
            200);
  EXPECT_EQ(Post(Body("one")).status, 503);
  EXPECT_EQ(Post(Body("one")).status, 200);
  EXPECT_EQ(Control("script", "POST", "{}")["status_code"], 400);
}

TEST_F(ProviderTest, CountsTokensAndListsModels) {
  const auto counted = support::Fetch(target(), "POST", "/v1/messages/count_tokens", {}, Body("Hello"));
  EXPECT_EQ(Json::parse(counted->body)["input_tokens"], Body("Hello").size() / 4);
  const auto models = support::Fetch(target(), "GET", "/v1/models?limit=1000");
  EXPECT_EQ(Json::parse(models->body)["data"][0]["id"], "claude-opus-5-5");
  EXPECT_EQ(support::Fetch(target(), "GET", "/v1/models/claude-sonnet-5-5")->status, 200);
  EXPECT_EQ(support::Fetch(target(), "GET", "/v1/models/gpt")->status, 404);
  EXPECT_EQ(support::Fetch(target(), "HEAD", "/")->status, 200);
  EXPECT_EQ(support::Fetch(target(), "HEAD", "/api/hello")->body, "");
  EXPECT_EQ(support::Fetch(target(), "GET", "/v1/messages")->status, 405);
  EXPECT_EQ(support::Fetch(target(), "GET", "/v1/other")->status, 404);
  EXPECT_EQ(Json::parse(support::Fetch(target(), "GET", "/v1/other")->body)["error"]["type"],
            "not_found_error");
}

TEST_F(ProviderTest, RefusesForgedThinking) {
  const std::string history =
      R"({"model":"m","messages":[{"role":"user","content":"a"},)"
      R"({"role":"assistant","content":[{"type":"thinking","thinking":"b","signature":"c"}]},{"role":"user","content":"d"}]})";
  const Response response = Post(history);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(Json::parse(response.body)["error"]["message"],
            "messages.1.content.0: Invalid `signature` in `thinking` block");
}

TEST_F(ProviderTest, ClosesOnWhatIsNotHttp) {
  RawConnection connection = Open();
  ASSERT_TRUE(connection.Send("HELO\r\n\r\n"));
  EXPECT_EQ(connection.ReadResponse()->status, 400);
  EXPECT_TRUE(connection.WaitForEnd(std::chrono::seconds(30)));
}

TEST_F(ProviderTest, AWaitThatIsInVainEnds) {
  EXPECT_EQ(Control("wait?requests=1&timeout_ms=10")["status_code"], 408);
}

class ForgetfulProviderTest : public ProviderTest {
 protected:
  ForgetfulProviderTest() : ProviderTest({.records = 2, .record_bodies = true}) {}
};

TEST_F(ForgetfulProviderTest, KeepsOnlyTheNewestRecordsAndTheirBodies) {
  for (const char* prompt : {"a", "b", "c"}) Post(Body(prompt));
  Ended(3);
  EXPECT_EQ(Control("requests")["requests"].size(), 2U);
  EXPECT_EQ(Control("requests?from=3")["requests"].size(), 1U);
  EXPECT_EQ(Control("requests/1")["status_code"], 404);
  EXPECT_EQ(support::Fetch(target(), "GET", "/_control/requests/2/body")->body, Body("b"));
  EXPECT_EQ(Control("totals")["answered"], 3);
}

class GuardedProviderTest : public ProviderTest {
 protected:
  GuardedProviderTest() : ProviderTest({.api_key = "sk-right", .strict = true}) {}
};

TEST_F(GuardedProviderTest, WantsTheRightKey) {
  const std::pair<std::string, std::string> version = {"anthropic-version", "2023-06-01"};
  EXPECT_EQ(Post(Body("a"), {version, {"x-api-key", "sk-right"}}).status, 200);
  EXPECT_EQ(Post(Body("a"), {version, {"authorization", "Bearer sk-right"}}).status, 200);
  EXPECT_EQ(Post(Body("a"), {{"x-api-key", "sk-right"}}).status, 400);
  for (const support::Headers& headers :
       {support::Headers{version},
        {version, {"x-api-key", "sk-wrong"}},
        {version, {"authorization", "Bearer sk-wrong"}},
        {version, {"x-api-key", "sk-right"}, {"authorization", "Bearer sk-wrong"}}}) {
    const Response refused = Post(Body("a"), headers);
    EXPECT_EQ(refused.status, 401);
    EXPECT_EQ(Json::parse(refused.body)["error"]["type"], "authentication_error");
  }
}

TEST(SecureProvider, SpeaksTls) {
  const support::TemporaryDirectory directory;
  const support::Certificate made = support::MakeCertificate(directory);
  const auto provider = RunningProvider::Start({.tls_certificate = made.certificate, .tls_key = made.key});
  ASSERT_TRUE(provider) << provider.error().message;
  EXPECT_TRUE((*provider)->url().starts_with("https://"));
  const auto context = tls::Context::Client(
      {.system_roots = false, .authorities = {made.certificate}, .certificate = "", .key = ""});
  ASSERT_TRUE(context);
  const support::Target target = {.port = (*provider)->port(), .tls = context->get()};
  EXPECT_TRUE(support::Fetch(target, "POST", "/v1/messages", {{"x-sim", "do: stream huge=1"}})->complete);
  EXPECT_FALSE(
      support::Fetch(target, "POST", "/v1/messages", {{"x-sim", "do: stream cut_after=3"}})->complete);
  const auto plain = support::Fetch({.port = (*provider)->port()}, "GET", "/v1/models");
  EXPECT_FALSE(plain);
}

}  // namespace
}  // namespace postern::provider
