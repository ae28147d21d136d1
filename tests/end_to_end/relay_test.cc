// What passes through the gate, seen from both of its sides: real agent, simulated provider.

#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "shared/base/base64.h"
#include "shared/base/hex.h"
#include "shared/crypto/sha256.h"
#include "tests/end_to_end/host.h"
#include "tests/end_to_end/provider_journal.h"
#include "tests/support/paths.h"

namespace postern::end_to_end {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using support::FormatRequest;
using support::RawConnection;
using ::testing::HasSubstr;

std::string Digest(std::string_view bytes) { return ToHex(crypto::AsBytes(crypto::Sha256(bytes))); }

// JSON that is valid and means a request, but that no serialiser would write: odd white space, escapes
// without need, repeated and unknown keys, numbers in odd spellings.
class OddJson {
 public:
  explicit OddJson(uint32_t seed) : random_(seed) {}

  std::string Request(std::string_view prompt) {
    std::string body = Space() + "{";
    for (int i = Pick(4); i > 0; --i) body += Unknown() + ",";
    body += Space() + R"("model")" + Space() + ":" + Space() + R"("claude-opus-5-5")" + Space() + ",";
    if (Pick(2) == 0) body += R"("metadata":{"user_id":"{\"session_id\":\"abc\"}"},"metadata":{},)";
    body += Space() + R"("messages":[{"role":"user","content":")" + std::string(prompt) + Text() + R"("}])";
    for (int i = Pick(4); i > 0; --i) body += "," + Unknown();
    return body + R"(,"max_tokens": 100)" + Space() + "}" + Space();
  }

 private:
  int Pick(int below) { return static_cast<int>(random_() % static_cast<uint32_t>(below)); }
  std::string Space() {
    static constexpr std::string_view kSpaces[] = {"", "", " ", "\n", "\t", "\r\n", "   "};
    return std::string(kSpaces[Pick(7)]);
  }
  std::string Text() {
    static constexpr std::string_view kPieces[] = {
        R"(\u0041)", R"(\/)",  R"(\\)",     "é",      R"(\ud83d\ude00)", "\xF0\x9F\x98\x80",
        R"(\")",     "plain ", R"(\u001b)", "\u2028", R"(\b\f)",         R"({\"a\":1})"};
    std::string text;
    for (int i = Pick(12); i > 0; --i) text += kPieces[Pick(12)];
    return text;
  }
  std::string Unknown() {
    static constexpr std::string_view kValues[] = {
        "1e3", "-0", "1.0", "12345678901234567890", "[ ]", "{\"a\" : [1,2 , {}]}", "false", "null", "0.1E-2"};
    const std::string key = R"("x_)" + std::to_string(Pick(3)) + Text() + "\"";
    return Space() + key + Space() + ":" + Space() +
           (Pick(3) == 0 ? "\"" + Text() + "\"" : std::string(kValues[Pick(9)])) + Space();
  }

  std::mt19937 random_;
};

TEST(Relay, AThousandOddBodiesArriveAsTheyWereSentBothWays) {
  Host host({.provider_arguments = {"--record-bodies"}});
  const ProviderJournal journal(host.provider_port());
  auto connection = RawConnection::Open(host.target());
  ASSERT_TRUE(connection);
  for (uint32_t seed = 1; seed <= 1000; ++seed) {
    const std::string directive = R"([[postern text \"an answer\" odd=)" + std::to_string(seed) +
                                  (seed % 2 == 0 ? " stream" : "") + "]]";
    const std::string body = OddJson(seed).Request(directive);
    ASSERT_TRUE(connection->Send(FormatRequest("POST", "/v1/messages", host.MessageHeaders(), body)));
    const auto response = connection->ReadResponse();
    ASSERT_TRUE(response);
    ASSERT_EQ(response->status, 200) << body << response->body;
    ASSERT_TRUE(response->complete);
    const std::string record = journal.Request(seed);
    ASSERT_EQ(ProviderJournal::Member(record, "body_sha256"), Digest(body)) << body;
    ASSERT_EQ(ProviderJournal::Member(record, "answer_sha256"), Digest(response->body)) << response->body;
  }
  EXPECT_EQ(host.Metric(R"(postern_exchanges_total{call="messages",ending="complete"})"), 1000);
}

TEST(Relay, TwentyMegabytesArriveAsTheyWereSent) {
  Host host;
  const std::string body = OddJson(7).Request(R"([[postern text \"ok\"]])" + std::string(20 << 20, 'x'));
  const auto response = host.Ask(body);
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(ProviderJournal::Member(ProviderJournal(host.provider_port()).Request(1), "body_sha256"),
            Digest(body));
}

TEST(Relay, UnknownHeadersPassAndCredentialsAreExchanged) {
  Host host;
  const auto response =
      host.Ask(MessageBody("hello"),
               {{"X-Unknown", "kept"}, {"anthropic-beta", "a-2026, b"}, {"Accept-Encoding", "gzip, br"}});
  ASSERT_EQ(response.status, 200);
  const std::string record = ProviderJournal(host.provider_port()).Request(1);
  EXPECT_THAT(record, HasSubstr(R"(["X-Unknown","kept"])"));
  EXPECT_THAT(record, HasSubstr(R"(["anthropic-beta","a-2026, b"])"));
  EXPECT_THAT(record, HasSubstr(R"(["accept-encoding","identity"])"));
  EXPECT_THAT(record, HasSubstr(R"(["x-api-key",")" + std::string(kProviderKey) + "\"]"));
  EXPECT_EQ(record.find("pst_"), std::string::npos);
  EXPECT_TRUE(response.Find("x-postern-exchange").starts_with("req_"));
  EXPECT_TRUE(response.Find("request-id").starts_with("req_")) << "the provider's own passes";
}

TEST(Relay, ChunkedBodiesAndExpectationsAreMetHere) {
  Host host;
  auto connection = RawConnection::Open(host.target());
  const std::string body = MessageBody("in chunks");
  support::Headers headers = host.MessageHeaders();
  headers.push_back({"transfer-encoding", "chunked"});
  headers.emplace_back("expect", "100-continue");
  ASSERT_TRUE(connection->Send(FormatRequest("POST", "/v1/messages", headers)));
  EXPECT_THAT(*connection->ReadUntil("\r\n\r\n"), HasSubstr("100 Continue"));
  for (const char c : body) ASSERT_TRUE(connection->Send("1\r\n" + std::string(1, c) + "\r\n"));
  ASSERT_TRUE(connection->Send("0\r\n\r\n"));
  EXPECT_EQ(connection->ReadResponse()->status, 200);
  const std::string record = ProviderJournal(host.provider_port()).Request(1);
  EXPECT_EQ(ProviderJournal::Member(record, "body_sha256"), Digest(body));
  EXPECT_EQ(ProviderJournal::Member(record, "chunked"), "false");
  EXPECT_EQ(record.find("100-continue"), std::string::npos);
}

TEST(Relay, AnEventIsPassedOnBeforeTheNextOneExists) {
  Host host;
  auto connection = RawConnection::Open(host.target());
  ASSERT_TRUE(
      connection->Send(FormatRequest("POST", "/v1/messages", host.MessageHeaders(),
                                     StreamBody("[[postern events=6 size=20 hold=go hold_after=5]]"))));
  ASSERT_TRUE(connection->ReadUntil("content_block_delta\""))
      << "an event came while the answer is still held";
  EXPECT_FALSE(connection->WaitForEnd(milliseconds(100)));
  ProviderJournal(host.provider_port()).Open("go");
  EXPECT_TRUE(connection->ReadUntil("message_stop"));
  EXPECT_TRUE(connection->ReadUntil("0\r\n\r\n"));
}

TEST(Relay, TheHeadOfASlowAnswerDoesNotWaitForItsBody) {
  Host host;
  auto connection = RawConnection::Open(host.target());
  ASSERT_TRUE(connection->Send(FormatRequest("POST", "/v1/messages", host.MessageHeaders(),
                                             StreamBody("[[postern text \"late\" hold=go hold_after=0]]"))));
  EXPECT_THAT(*connection->ReadUntil("\r\n\r\n"), HasSubstr("text/event-stream"));
  ProviderJournal(host.provider_port()).Open("go");
  EXPECT_TRUE(connection->ReadUntil("late"));
}

TEST(Relay, AClientThatLeavesCancelsTheGeneration) {
  Host host;
  const ProviderJournal journal(host.provider_port());
  auto connection = RawConnection::Open(host.target());
  ASSERT_TRUE(
      connection->Send(FormatRequest("POST", "/v1/messages", host.MessageHeaders(),
                                     StreamBody("[[postern events=10 size=300 hold=never hold_after=6]]"))));
  ASSERT_TRUE(connection->ReadUntil("content_block_delta\""));
  connection->Reset();
  EXPECT_TRUE(journal.WaitForOutcome(1, "client_gone")) << journal.Request(1);
  ASSERT_TRUE(host.WaitForMetric(R"(postern_exchanges_total{call="messages",ending="client_gone"})", 1));
  const auto events = host.Events();
  EXPECT_THAT(events.back(), HasSubstr(R"("ending":"client_gone")"));
  EXPECT_THAT(events.back(), HasSubstr(R"("estimated":true)"));
}

TEST(Relay, AClientThatLeavesASilentProviderCancelsToo) {
  Host host;
  const ProviderJournal journal(host.provider_port());
  auto connection = RawConnection::Open(host.target());
  ASSERT_TRUE(connection->Send(
      FormatRequest("POST", "/v1/messages", host.MessageHeaders(), MessageBody("[[postern hold=never]]"))));
  ASSERT_TRUE(journal.WaitForArrived(1));
  connection->Reset();
  EXPECT_TRUE(journal.WaitForOutcome(1, "client_gone")) << journal.Request(1);
}

uint64_t ResidentKilobytes(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoull(line.substr(6));
  }
  return 0;
}

TEST(Relay, AClientThatDoesNotReadHoldsNoMemory) {
  Host host;
  ASSERT_EQ(host.Ask(MessageBody("warm")).status, 200);
  const uint64_t before = ResidentKilobytes(host.agent().pid());
  std::vector<RawConnection> stuck;
  for (int i = 0; i < 4; ++i) {
    auto connection = RawConnection::Open(host.target());
    ASSERT_TRUE(connection->Send(
        FormatRequest("POST", "/v1/messages", host.MessageHeaders(), StreamBody("[[postern huge=40]]"))));
    ASSERT_TRUE(connection->ReadUntil("content_block_delta\""));
    stuck.push_back(*std::move(connection));
  }
  std::this_thread::sleep_for(milliseconds(500));  // time in which a careless relay would read on
  EXPECT_LT(ResidentKilobytes(host.agent().pid()), before + 8 * 1024);
  const auto rest = stuck.front().ReadUntil("message_stop\"}\n\n\r\n0\r\n\r\n");
  ASSERT_TRUE(rest);
  EXPECT_GT(rest->size(), size_t{40} << 20);
}

TEST(Relay, AnAnswerThatBreaksOffIsCutAndNotEnded) {
  Host host;
  for (const char* how : {"cut_after=5 cut=fin", "cut_after=5 cut=rst"}) {
    const auto response = host.Ask(StreamBody("[[postern events=20 size=30 " + std::string(how) + "]]"));
    EXPECT_EQ(response.status, 200) << how;
    EXPECT_FALSE(response.complete) << how;
    EXPECT_THAT(response.body, HasSubstr("content_block_delta")) << how;
  }
  EXPECT_TRUE(host.WaitForMetric(R"(postern_exchanges_total{call="messages",ending="upstream_cut"})", 2));
}

TEST(Relay, AProvidersErrorIsItsOwn) {
  Host host;
  const auto response = host.Ask(MessageBody("[[postern status=529 message=\"over there\" retry_after=7]]"));
  EXPECT_EQ(response.status, 529);
  EXPECT_EQ(response.Find("retry-after"), "7");
  EXPECT_THAT(response.body, HasSubstr("over there"));
  ASSERT_TRUE(host.WaitForMetric(R"(postern_exchanges_total{call="messages",ending="complete"})", 1));
  EXPECT_EQ(host.Metrics().find("postern_cost_dollars_total{"), std::string::npos)
      << "an error costs nothing";
}

TEST(Relay, AStreamEndsForTheClientWithItsLastEvent) {
  Host host;
  // message_stop has come, the provider keeps its body open: the client must not wait for it.
  auto connection = RawConnection::Open(host.target());
  ASSERT_TRUE(
      connection->Send(FormatRequest("POST", "/v1/messages", host.MessageHeaders(),
                                     StreamBody("[[postern text \"done\" hold=never hold_after=100000]]"))));
  const auto response = connection->ReadResponse();
  ASSERT_TRUE(response);
  EXPECT_TRUE(response->complete);
  EXPECT_THAT(response->body, HasSubstr("message_stop"));
}

TEST(Relay, CompressionDoesNotBlindTheMeter) {
  Host host;
  for (const char* coding : {"gzip", "br"}) {
    const auto response = host.Ask(StreamBody("[[postern text \"squeezed\" " + std::string(coding) +
                                              " input_tokens=1000 output_tokens=50]]"));
    EXPECT_EQ(response.status, 200) << coding;
    EXPECT_EQ(response.Find("content-encoding"), coding);
  }
  EXPECT_TRUE(host.WaitForMetric(R"(postern_tokens_total{model="claude-opus-5-5",class="output"})", 100));
  EXPECT_EQ(host.Metric(R"(postern_tokens_total{model="claude-opus-5-5",class="input"})"), 2000);
}

TEST(Relay, AnswersInEveryFramingAndInterimAnswersPass) {
  Host host;
  for (const char* framing : {"framing=length", "framing=chunked", "framing=close"}) {
    const auto response = host.Ask(MessageBody("[[postern text \"framed\" " + std::string(framing) + "]]"));
    EXPECT_TRUE(response.complete) << framing;
    EXPECT_THAT(response.body, HasSubstr("framed")) << framing;
  }
  const auto hinted = host.Ask(MessageBody("[[postern text \"hinted\" interim=103]]"));
  ASSERT_EQ(hinted.interim.size(), 1U);
  EXPECT_EQ(hinted.interim.front().status, 103);
  EXPECT_EQ(hinted.status, 200);
}

TEST(Relay, AnUnreachableProviderIsOneClearSentence) {
  Host host({.upstream = "http://127.0.0.1:1"});
  const auto response = host.Ask(MessageBody("hello"));
  EXPECT_EQ(response.status, 502);
  EXPECT_THAT(response.body, HasSubstr("The provider can't be reached: can't connect to 127.0.0.1:1"));
  EXPECT_EQ(response.Find("x-should-retry"), "");
  EXPECT_EQ(host.Metric(R"(postern_refusals_total{reason="upstream_unreachable"})"), 1);
}

TEST(Relay, AnIdleConnectionThatTheProviderClosedIsReplaced) {
  Host host;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(host.Ask(MessageBody("[[postern text \"x\" close]]")).status, 200);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(host.Ask(MessageBody("[[postern text \"x\"]]")).status, 200);
  EXPECT_GE(host.Metric("postern_upstream_reused_total"), 2);
}

TEST(Relay, HelloNeedsNoKeyAndUnknownPathsAreNotFound) {
  Host host;
  EXPECT_EQ(support::Fetch(host.target(), "HEAD", "/", {{"host", "localhost"}})->status, 200);
  EXPECT_EQ(support::Fetch(host.target(), "HEAD", "/api/hello", {{"host", "localhost"}})->status, 200);
  const auto missing = support::Fetch(host.target(), "GET", "/v1/files", {{"host", "localhost"}});
  EXPECT_EQ(missing->status, 404);
  EXPECT_THAT(missing->body, HasSubstr(R"({"type":"error","error":{"type":"not_found_error")"));
  EXPECT_EQ(support::Fetch(host.target(), "GET", "/v1/messages", {{"host", "localhost"}})->status, 405);
  EXPECT_EQ(support::Fetch(host.target(), "GET", "/v1/models", {{"host", "localhost"}})->status, 401);
  const auto models = support::Fetch(host.target(), "GET", "/v1/models?limit=1000",
                                     {{"host", "localhost"}, {"x-api-key", host.key()}});
  EXPECT_EQ(models->status, 200);
  EXPECT_THAT(models->body, HasSubstr(R"("id":"claude-opus-5-5")"));
}

TEST(Relay, CountTokensPassesAndCostsNothing) {
  Host host;
  const auto response = support::Fetch(host.target(), "POST", "/v1/messages/count_tokens",
                                       host.MessageHeaders(), MessageBody("count me"));
  EXPECT_EQ(response->status, 200);
  EXPECT_THAT(response->body, HasSubstr("input_tokens"));
  ASSERT_TRUE(host.WaitForMetric(R"(postern_exchanges_total{call="count_tokens",ending="complete"})", 1));
  EXPECT_EQ(host.Metrics().find("postern_cost_dollars_total{"), std::string::npos);
}

TEST(Relay, TermLetsAStreamFinishAndTakesNoMore) {
  Host host;
  auto connection = RawConnection::Open(host.target());
  ASSERT_TRUE(
      connection->Send(FormatRequest("POST", "/v1/messages", host.MessageHeaders(),
                                     StreamBody("[[postern events=6 size=20 hold=go hold_after=5]]"))));
  ASSERT_TRUE(connection->ReadUntil("content_block_delta\""));
  host.agent().Signal(SIGTERM);
  ASSERT_TRUE(host.agent().WaitForLine("stopping"));
  // It has said so a moment before it does so.
  int taken = 0;
  while (taken < 1000 && RawConnection::Open(host.target()).has_value()) ++taken;
  EXPECT_LT(taken, 1000);
  ProviderJournal(host.provider_port()).Open("go");
  EXPECT_TRUE(connection->ReadUntil("message_stop"));
  EXPECT_EQ(host.agent().Wait()->code, 0);
  const auto events = host.Events();
  EXPECT_THAT(events.back(), HasSubstr(R"("kind":"stop")"));
  EXPECT_EQ(host.Run({"events", "verify"}).ending.code, 0);
}

// The value of a member in a line of JSON; empty where there is none.
std::string Text(std::string_view json, const std::string& name) {
  return ProviderJournal::Member(json, name);
}

std::vector<std::string> OfKind(const std::vector<std::string>& events, const std::string& kind) {
  std::vector<std::string> found;
  for (const std::string& event : events) {
    if (Text(event, "kind") == kind) found.push_back(event);
  }
  return found;
}

// Without limits nothing is reserved: it costs what would have been.
TEST(Relay, AnAnswerInACodingThatCannotBeReadIsRefusedAndBilledAsEstimated) {
  Host host;
  for (const std::string& body : {StreamBody("[[postern RAW]]"), MessageBody("[[postern RAW]]")}) {
    std::string asked = body;
    const std::string raw =
        "raw_base64 " + ToBase64(
                            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: "
                            "compress\r\ncontent-length: 8\r\n\r\nwhatever");
    const auto response = host.Ask(asked.replace(asked.find("RAW"), 3, raw));
    EXPECT_EQ(response.status, 502);
    EXPECT_EQ(response.Find("x-should-retry"), "false");
    EXPECT_THAT(response.body, HasSubstr("encoded in a way that this gate can't read"));
    EXPECT_THAT(response.body, Not(HasSubstr("whatever")));
  }
  EXPECT_TRUE(host.WaitForMetric(R"(postern_tokens_total{model="claude-opus-5-5",class="output"})", 2));
  EXPECT_TRUE(host.WaitForMetric(R"(postern_tokens_total{model="claude-opus-5-5",class="input"})", 2));
  EXPECT_EQ(host.StopAgent().code, 0);
  const auto outcomes = OfKind(host.Events(), "outcome");
  EXPECT_EQ(outcomes.size(), 2U);
  for (const std::string& outcome : outcomes) {
    EXPECT_THAT(outcome, HasSubstr(R"("estimated":true)"));
    EXPECT_THAT(outcome, HasSubstr(R"("cost_nano_dollars")"));
    EXPECT_THAT(outcome, HasSubstr(R"("ending":"upstream_error")"));
  }
}

TEST(Relay, TheRecordNamesTheProcessBehindAConnection) {
  Host host;
  // The search for it goes on while the first exchange does; it ends before a later one on the connection.
  auto connection = RawConnection::Open(host.target());
  ASSERT_TRUE(connection);
  std::string pid;
  for (int i = 0; i < 200 && pid.empty(); ++i) {
    ASSERT_TRUE(connection->Send(
        FormatRequest("POST", "/v1/messages", host.MessageHeaders(), MessageBody("[[postern text \"x\"]]"))));
    ASSERT_TRUE(connection->ReadResponse());
    const auto intents = OfKind(host.Events(), "intent");
    ASSERT_FALSE(intents.empty());
    pid = Text(intents.back(), "pid");
    if (pid.empty()) continue;
    EXPECT_EQ(pid, std::to_string(::getpid()));
    EXPECT_EQ(Text(intents.back(), "executable"), std::filesystem::read_symlink("/proc/self/exe").string());
    EXPECT_EQ(Text(intents.back(), "directory"), std::filesystem::current_path().string());
    EXPECT_NE(Text(intents.back(), "uid"), "");
  }
  EXPECT_FALSE(pid.empty());
}

TEST(Relay, AnOutcomeNamesTheProcessThatItsIntentCouldNot) {
  Host host;
  // Each on a connection of its own, and slow to begin, so that the search ends in the meantime: sooner or
  // later.
  std::string pid;
  for (int slow = 100; slow <= 10'000 && pid.empty(); slow *= 3) {
    const std::string prompt = "[[postern text \"x\" slow_start_ms=" + std::to_string(slow) + "]]";
    ASSERT_EQ(host.Ask(MessageBody(prompt)).status, 200);
    const auto events = host.Events();
    const auto outcomes = OfKind(events, "outcome");
    ASSERT_FALSE(outcomes.empty());
    pid = Text(OfKind(events, "intent").back(), "pid") + Text(outcomes.back(), "pid");
  }
  EXPECT_EQ(pid, std::to_string(::getpid())) << "in one of the two, not in both";
}

TEST(Relay, AFloodOfRefusalsIsFewEventsThatCountThemAll) {
  Host host;
  constexpr int kRequests = 300;
  for (int i = 0; i < kRequests; ++i) {
    const auto refused = support::Fetch(host.target(), "POST", "/v1/messages",
                                        {{"content-type", "application/json"}}, MessageBody("hello"));
    ASSERT_TRUE(refused);
    ASSERT_EQ(refused->status, 401);
  }
  EXPECT_EQ(host.StopAgent().code, 0);
  int counted = 0;
  const auto refusals = OfKind(host.Events(), "refusal");
  for (const std::string& refusal : refusals) {
    const std::string times = Text(refusal, "times");
    counted += times.empty() ? 1 : std::stoi(times);
  }
  EXPECT_EQ(counted, kRequests);
  EXPECT_LT(refusals.size(), 20u);
}

TEST(Relay, AnExchangeThatTheAgentsEndCutsHasItsOutcome) {
  Host host({.extra_config = "deadlines:\n  shutdown: 200ms\n"});
  auto stream = RawConnection::Open(host.target());
  ASSERT_TRUE(stream);
  ASSERT_TRUE(stream->Send(FormatRequest("POST", "/v1/messages", host.MessageHeaders(),
                                         StreamBody("[[postern events=100000 size=100 pace_ms=5]]"))));
  ASSERT_TRUE(stream->ReadUntil("content_block_delta"));
  EXPECT_EQ(host.StopAgent().code, 0);
  const auto events = host.Events();
  EXPECT_EQ(OfKind(events, "intent").size(), 1u);
  const auto outcomes = OfKind(events, "outcome");
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(Text(outcomes[0], "ending"), "interrupted");
  EXPECT_EQ(Text(outcomes[0], "status"), "200");
  EXPECT_NE(Text(outcomes[0], "cost_nano_dollars"), "") << "what was seen is billed";
  EXPECT_EQ(OfKind(events, "stop").size(), 1u);
}

TEST(Relay, ASecondSignalEndsAtOnceAndLosesNoOutcome) {
  Host host;
  auto stream = RawConnection::Open(host.target());
  ASSERT_TRUE(stream);
  ASSERT_TRUE(stream->Send(FormatRequest("POST", "/v1/messages", host.MessageHeaders(),
                                         StreamBody("[[postern events=100000 size=100 pace_ms=5]]"))));
  ASSERT_TRUE(stream->ReadUntil("content_block_delta"));
  host.agent().Signal(SIGTERM);
  ASSERT_TRUE(host.agent().WaitForLine("stopping"));
  host.agent().Signal(SIGTERM);
  EXPECT_EQ(host.agent().Wait()->code, 0);
  const auto outcomes = OfKind(host.Events(), "outcome");
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(Text(outcomes[0], "ending"), "interrupted");
}

TEST(Relay, AReloadTakesNewKeysAndABadOneChangesNothing) {
  Host host;
  const std::string made = host.Run({"key", "create", "--user", "bob@example.com", "--json"}).output;
  const std::string key = made.substr(made.find("pst_"), 51);
  const support::Headers headers = {{"content-type", "application/json"}, {"x-api-key", key}};
  EXPECT_EQ(support::Fetch(host.target(), "POST", "/v1/messages", headers, MessageBody("x"))->status, 401);
  EXPECT_EQ(host.Run({"reload"}).ending.code, 0);
  EXPECT_EQ(support::Fetch(host.target(), "POST", "/v1/messages", headers, MessageBody("x"))->status, 200);
  std::ofstream(host.config_file(), std::ios::app) << "lisen: here\n";
  host.agent().Signal(SIGHUP);
  const auto line = host.agent().WaitForLine("the configuration was not changed");
  ASSERT_TRUE(line);
  EXPECT_THAT(*line, HasSubstr("did you mean"));
  EXPECT_EQ(support::Fetch(host.target(), "POST", "/v1/messages", headers, MessageBody("x"))->status, 200);
}

TEST(Relay, EveryMetricIsInTheReadme) {
  Host host;
  ASSERT_EQ(host.Ask(MessageBody("hello")).status, 200);
  const std::string readme = support::ReadFile(support::InSource("README.md"));
  std::istringstream lines(host.Metrics());
  int families = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# TYPE ")) continue;
    const std::string name = line.substr(7, line.find(' ', 7) - 7);
    EXPECT_THAT(readme, HasSubstr("`" + name)) << name;
    ++families;
  }
  EXPECT_GT(families, 15);
}

}  // namespace
}  // namespace postern::end_to_end
