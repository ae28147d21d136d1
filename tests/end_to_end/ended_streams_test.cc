// A key that is disabled while answers are under way, seen from both sides of the gate: a lone host, whose
// file of keys is read again.
#include <algorithm>
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/host.h"
#include "tests/end_to_end/provider_journal.h"
#include "tests/end_to_end/record_view.h"
#include "tests/support/sse_events.h"
#include "tests/support/temporary_directory.h"

namespace postern::end_to_end {
namespace {

using support::FormatRequest;
using support::RawConnection;
using support::Response;
using support::SseEvent;
using ::testing::Each;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kSentence = "This Postern key is switched off; ask your administrator.";
constexpr std::string_view kNotice = "[This answer was ended by Postern.]";
constexpr const char* kRevoked = R"(postern_exchanges_total{call="messages",ending="revoked"})";

// How far an answer has got when it is ended: the provider holds after so many events.
struct State {
  std::string name;
  std::string blocks;
  uint64_t events;
  size_t open_blocks;  // that are left without a stop
};

const std::vector<State> kStates = {
    {"NothingOfTheMessage", R"(text \"Hello\")", 0, 0},
    {"TheMessageAlone", R"(text \"Hello\")", 1, 0},
    {"OpenText", R"(text \"Hello there\")", 4, 0},
    {"OpenThinking", R"(thinking \"Let me think.\" text \"Hello\")", 4, 1},
    {"OpenTool", R"(size=500 tool Bash{\"command\":\"echo held\"})", 5, 1},
    {"OpenToolAfterText", R"(size=500 text \"Working.\" tool Bash{\"command\":\"echo held\"})", 8, 1},
    {"BetweenBlocks", R"(thinking \"Let me think.\" text \"Hello\")", 6, 0},
};

class Revocation : public ::testing::Test {
 protected:
  enum class Answer { kStream, kWhole };
  RawConnection Begin(const std::string& directive, Answer answer = Answer::kStream,
                      const support::Headers& more = {}) {
    auto connection = RawConnection::Open(host_.target());
    EXPECT_TRUE(connection);
    const std::string prompt = "[[postern " + directive + "]]";
    // The directive is written as it stands in JSON.
    const std::string body = R"({"model":"claude-opus-5-5","max_tokens":1000,"stream":)" +
                             std::string(answer == Answer::kStream ? "true" : "false") +
                             R"(,"messages":[{"role":"user","content":")" + prompt + "\"}]}";
    support::Headers headers = host_.MessageHeaders();
    headers.insert(headers.end(), more.begin(), more.end());
    EXPECT_TRUE(connection->Send(FormatRequest("POST", "/v1/messages", headers, body)));
    return *std::move(connection);
  }

  void Disable() {
    const std::string keys = host_.directory() / "keys.yaml";
    host_.directory().Write("keys.yaml", support::ReadFile(keys) + "  disabled: true\n");
    host_.agent().Signal(SIGHUP);
  }

  bool WaitForStatus(int status) {
    for (int i = 0; i < 1000; ++i) {
      if (host_.Ask(MessageBody("hello")).status == status) return true;
    }
    return false;
  }

  // What was recorded of each exchange, once the agent has stopped.
  std::vector<std::string> Outcomes() {
    EXPECT_EQ(host_.StopAgent().code, 0);
    EXPECT_EQ(host_.Run({"events", "verify"}).ending.code, 0);
    return EventsOf(host_.Events(), "outcome");
  }

  Host host_;
  const ProviderJournal provider_{host_.provider_port()};
};

size_t Count(const std::vector<SseEvent>& events, std::string_view name) {
  return static_cast<size_t>(
      std::count_if(events.begin(), events.end(), [&](const SseEvent& event) { return event.name == name; }));
}

TEST_F(Revocation, EndsTheStreamsOfAKeyInWhateverStateTheyAre) {
  std::vector<RawConnection> streams;
  for (const State& state : kStates) {
    streams.push_back(Begin(state.blocks + " hold=never hold_after=" + std::to_string(state.events)));
    ASSERT_TRUE(provider_.WaitForEvents(streams.size(), state.events)) << state.name;
    ASSERT_TRUE(streams.back().ReadUntil("\r\n\r\n")) << state.name;
  }
  Disable();
  for (size_t i = 0; i < kStates.size(); ++i) {
    SCOPED_TRACE(kStates[i].name);
    const auto rest = streams[i].ReadUntil("\r\n0\r\n\r\n");
    ASSERT_TRUE(rest) << rest.error().message;
    EXPECT_THAT(*rest, HasSubstr(std::string("\"message\":\"") + std::string(kSentence)));
    EXPECT_THAT(*rest, HasSubstr(kNotice));
    EXPECT_THAT(*rest, Not(HasSubstr("message_stop")));
    EXPECT_TRUE(provider_.WaitForOutcome(i + 1, "client_gone")) << provider_.Request(i + 1);
  }
  const Response after = host_.Ask(MessageBody("hello"));
  EXPECT_EQ(after.status, 401);
  EXPECT_EQ(after.Find("x-should-retry"), "false");
  EXPECT_THAT(after.body, HasSubstr(kSentence));
  EXPECT_EQ(provider_.arrived(), kStates.size());
  const auto outcomes = Outcomes();
  ASSERT_THAT(outcomes, SizeIs(kStates.size()));
  EXPECT_THAT(outcomes, Each(HasSubstr(R"("status":200,"ending":"revoked")")));
  EXPECT_THAT(outcomes, Each(HasSubstr(R"("estimated":true)")));
  // All but the one of which nothing had come cost what the message's start said.
  const auto costs = [](const std::string& outcome) { return Number(outcome, "cost_nano_dollars") > 0; };
  EXPECT_EQ(static_cast<size_t>(std::count_if(outcomes.begin(), outcomes.end(), costs)), kStates.size() - 1);
}

TEST_F(Revocation, WhatTheClientReadsIsAMessageWithoutTheOpenBlockAndThenAnError) {
  for (const State& state : kStates) {
    SCOPED_TRACE(state.name);
    Host host;
    const ProviderJournal provider(host.provider_port());
    auto connection = RawConnection::Open(host.target());
    const std::string body =
        R"({"model":"claude-opus-5-5","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"[[postern )" +
        state.blocks + " hold=never hold_after=" + std::to_string(state.events) + "]]\"}]}";
    ASSERT_TRUE(connection->Send(FormatRequest("POST", "/v1/messages", host.MessageHeaders(), body)));
    ASSERT_TRUE(provider.WaitForEvents(1, state.events));
    // Before its first byte it would be refused, and not ended.
    ASSERT_TRUE(connection->WaitForBytes());
    host.directory().Write("keys.yaml",
                           support::ReadFile(host.directory() / "keys.yaml") + "  disabled: true\n");
    host.agent().Signal(SIGHUP);
    const auto response = connection->ReadResponse();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_TRUE(response->complete);
    const auto events = support::ParseSseEvents(response->body);
    ASSERT_FALSE(events.empty());
    EXPECT_EQ(events.back().name, "error");
    EXPECT_THAT(events.back().data, HasSubstr("permission_error"));
    EXPECT_EQ(Count(events, "message_start"), 1u);
    EXPECT_EQ(Count(events, "content_block_start"), Count(events, "content_block_stop") + state.open_blocks);
  }
}

TEST_F(Revocation, AnswersThatHaveNotBegunAreRefusedInTheSameWords) {
  RawConnection whole = Begin("hold=never", Answer::kWhole);
  RawConnection streamed = Begin("hold=never");
  ASSERT_TRUE(provider_.WaitForArrived(2));
  Disable();
  for (RawConnection* connection : {&whole, &streamed}) {
    const auto response = connection->ReadResponse();
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 401);
    EXPECT_EQ(response->Find("x-should-retry"), "false");
    EXPECT_THAT(response->body, HasSubstr(kSentence));
  }
  for (const uint64_t number : {1, 2}) EXPECT_TRUE(provider_.WaitForOutcome(number, "client_gone"));
  EXPECT_THAT(Outcomes(), Each(HasSubstr(R"("status":401,"ending":"revoked")")));
}

TEST_F(Revocation, WhatCanNotBeEndedIsCut) {
  std::vector<RawConnection> answers;
  answers.push_back(Begin("events=20 size=20 framing=length hold=never hold_after=5"));
  answers.push_back(Begin("events=20 size=20 gzip hold=never hold_after=5"));
  answers.push_back(Begin("text whole framing=chunked hold=never hold_after=100000", Answer::kWhole));
  for (RawConnection& answer : answers) ASSERT_TRUE(answer.ReadUntil("\r\n\r\n"));
  for (uint64_t number = 1; number <= answers.size(); ++number)
    ASSERT_TRUE(provider_.WaitForEvents(number, 1));
  Disable();
  for (RawConnection& answer : answers) {
    const auto rest = answer.ReadToEnd();
    ASSERT_TRUE(rest);
    EXPECT_THAT(*rest, Not(EndsWith("0\r\n\r\n")));
    EXPECT_THAT(*rest, Not(HasSubstr(kSentence)));
  }
  EXPECT_TRUE(host_.WaitForMetric(kRevoked, 3));
}

TEST_F(Revocation, AnEventThatWasCutInTwoIsNotCompleted) {
  // The whole of a tool's stop is with the client, but for its line end.
  const std::string events =
      R"(event: message_start\\ndata: {\\\"type\\\":\\\"message_start\\\",\\\"message\\\":{\\\"id\\\":\\\"m\\\"}}\\n\\n)"
      R"(event: content_block_start\\ndata: {\\\"type\\\":\\\"content_block_start\\\",\\\"index\\\":0,)"
      R"(\\\"content_block\\\":{\\\"type\\\":\\\"tool_use\\\",\\\"id\\\":\\\"t\\\",\\\"name\\\":\\\"Bash\\\"}}\\n\\n)"
      R"(event: content_block_stop\\ndata: {\\\"type\\\":\\\"content_block_stop\\\",\\\"index\\\":0})";
  RawConnection stream =
      Begin(R"(body \")" + events +
            R"(\" content_type text/event-stream framing=chunked hold=never hold_after=100000)");
  ASSERT_TRUE(stream.ReadUntil(R"(content_block_stop","index":0})"));
  Disable();
  const auto rest = stream.ReadUntil("\r\n0\r\n\r\n");
  ASSERT_TRUE(rest) << rest.error().message;
  EXPECT_THAT(*rest, HasSubstr("\ndata: cut\nevent: ping\n\nevent: content_block_start\n"));
  EXPECT_THAT(*rest, HasSubstr(kSentence));
}

TEST_F(Revocation, AClientThatDoesNotReadIsCutAndNothingWaitsForIt) {
  RawConnection slow = Begin("huge=40", Answer::kStream, {{"connection", "close"}});
  ASSERT_TRUE(slow.ReadUntil("content_block_delta\""));
  ASSERT_TRUE(host_.WaitForMetric("postern_exchanges_in_flight", 1));
  Disable();
  EXPECT_TRUE(host_.WaitForMetric(kRevoked, 1));
  EXPECT_TRUE(provider_.WaitForOutcome(1, "client_gone"));
  const auto rest = slow.ReadToEnd();
  ASSERT_TRUE(rest);
  EXPECT_LT(rest->size(), size_t{40} << 20);
  EXPECT_THAT(*rest, Not(HasSubstr("message_stop")));
}

TEST_F(Revocation, AnotherKeysStreamGoesOn) {
  const auto made = host_.Run({"key", "create", "--user", "bob@example.com"});
  ASSERT_EQ(made.ending.code, 0);
  host_.agent().Signal(SIGHUP);
  const std::string bobs = made.output.substr(0, made.output.find('\n'));
  RawConnection stream = Begin("events=20 size=20 hold=go hold_after=5");
  ASSERT_TRUE(stream.ReadUntil("content_block_delta\""));
  host_.set_key(bobs);
  EXPECT_TRUE(WaitForStatus(200));
  Disable();  // the last one of the file: bob's
  EXPECT_TRUE(WaitForStatus(401));
  provider_.Open("go");
  const auto rest = stream.ReadUntil("\r\n0\r\n\r\n");
  ASSERT_TRUE(rest);
  EXPECT_THAT(*rest, HasSubstr("message_stop"));
}

}  // namespace
}  // namespace postern::end_to_end
