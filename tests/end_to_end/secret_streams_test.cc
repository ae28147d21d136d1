// Answers that are screened and held, and streams that end in the middle of a block: what a client gets of
// them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/json_text.h"
#include "tests/end_to_end/budgeted.h"
#include "tests/end_to_end/host.h"
#include "tests/end_to_end/provider_journal.h"
#include "tests/end_to_end/record_view.h"
#include "tests/end_to_end/secret_bodies.h"
#include "tests/support/sse_events.h"

namespace postern::end_to_end {
namespace {

using support::FormatRequest;
using support::RawConnection;
using support::SseEvent;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::string_view kPolicy =
    "organisation:\n  name: example\n  models:\n    allow: [\"claude-*\"]\n  restore: [Write]\nsecrets: "
    "{answers: true}\n";

std::string Prompt(const std::string& text) {
  return R"({"model":"claude-opus-5-5","max_tokens":1000,"stream":true,"messages":[{"role":"user","content":)" +
         JsonString(text) + "}]}";
}

class SecretStreams : public ::testing::Test {
 protected:
  SecretStreams()
      : host_({.extra_config = "policy:\n  file: " + directory_.Write("policy.yaml", kPolicy) + "\n",
               .provider_arguments = {"--record-bodies"}}),
        provider_(host_.provider_port()) {}

  RawConnection Begin(const std::string& directive) {
    auto connection = RawConnection::Open(host_.target());
    EXPECT_TRUE(connection);
    provider_.AnswerAll(directive);
    EXPECT_TRUE(
        connection->Send(FormatRequest("POST", "/v1/messages", host_.MessageHeaders(), Prompt("hi"))));
    return *std::move(connection);
  }

  // The same answer as it leaves the provider.
  std::vector<SseEvent> AtTheProvider(const std::string& directive) {
    provider_.Reset();
    provider_.AnswerAll(directive);
    support::Headers headers = host_.MessageHeaders();
    for (auto& [name, value] : headers) {
      if (name == "authorization") value = "Bearer " + std::string(kProviderKey);
    }
    const auto answer = support::Fetch(host_.control(), "POST", "/v1/messages", headers, Prompt("hi"));
    EXPECT_TRUE(answer);
    provider_.Reset();
    return answer ? support::ParseSseEvents(answer->body) : std::vector<SseEvent>();
  }

  // What stands for the secret, which the session then knows.
  std::string PlaceholderOf(const std::string& secret) {
    provider_.Reset();
    provider_.AnswerAll("text hello stream");
    const auto answer =
        support::Fetch(host_.target(), "POST", "/v1/messages", host_.MessageHeaders(), Prompt("x " + secret));
    EXPECT_TRUE(answer);
    const std::string body = provider_.Body(1);
    provider_.Reset();
    const size_t at = body.find("REDACTED_");
    EXPECT_NE(at, std::string::npos) << body;
    return body.substr(at, 29);
  }

  const support::TemporaryDirectory directory_;
  Host host_;
  const ProviderJournal provider_;
};

// An answer in whose middle something is held: the message's start, the block's, a ping and one delta come.
struct State {
  std::string name;
  std::string blocks;
  uint64_t events;   // that come before the end
  size_t untouched;  // events of these that go on as they are, whatever happens
};
std::vector<State> States(const std::string& placeholder) {
  return {
      {"SecretInText", R"(size=200 text "Use )" + Token(1) + R"(")", 4, 3},
      {"SecretInATool", R"(size=200 tool Bash{"command":"echo )" + Token(1) + R"("})", 4, 3},
      {"RestoredTool", R"(size=200 tool Write{"file_path":"a","content":")" + placeholder + R"("})", 4, 1}};
}

// Without a delta whose text was held in part.
void ExpectTheProvidersUpTo(const std::vector<SseEvent>& events, const std::vector<SseEvent>& sent,
                            size_t count) {
  ASSERT_GE(events.size(), count);
  for (size_t i = 0; i < count; ++i) EXPECT_EQ(events[i], sent[i]);
}

TEST_F(SecretStreams, ARunAtTheEndOfWhatHasComeGoesOnWithoutAnotherEvent) {
  RawConnection connection =
      Begin(R"(size=24 text "It is run9a8b7c6d5e4f3g2 and no more of it" stream hold=gate hold_after=4)");
  // Without an event behind it: the provider holds.
  const auto head = connection.ReadUntil(R"("text":"It is ")");
  ASSERT_TRUE(head) << head.error().message;
  const auto run = connection.ReadUntil(R"("text":"run9a8b7c6d5e4f3g2")");
  ASSERT_TRUE(run) << run.error().message;
  provider_.Open("gate");
  const auto rest = connection.ReadUntil("\r\n0\r\n\r\n");
  ASSERT_TRUE(rest) << rest.error().message;
  EXPECT_THAT(*rest, HasSubstr(R"("text":" and no more of it")"));
  EXPECT_THAT(*rest, HasSubstr("message_stop"));
}

TEST_F(SecretStreams, ASecretThatIsWholeWhenItHasBeenHeldLongEnoughIsReplaced) {
  RawConnection connection =
      Begin(R"(size=200 text "Use )" + Token(1) + R"(" stream hold=gate hold_after=4)");
  const auto held = connection.ReadUntil("\"text\":\"REDACTED_");
  ASSERT_TRUE(held) << held.error().message;
  EXPECT_THAT(*held, Not(HasSubstr(Token(1))));
  provider_.Open("gate");
  const auto rest = connection.ReadUntil("\r\n0\r\n\r\n");
  ASSERT_TRUE(rest) << rest.error().message;
  EXPECT_THAT(*rest, Not(HasSubstr(Token(1))));
}

TEST_F(SecretStreams, WhereTheProviderBreaksWhatWasHeldDoesNotLeak) {
  const std::string placeholder = PlaceholderOf(Token(2));
  for (const State& state : States(placeholder)) {
    for (const std::string cut : {"fin", "rst"}) {
      SCOPED_TRACE(state.name + " " + cut);
      const std::string directive =
          state.blocks + " stream cut_after=" + std::to_string(state.events) + " cut=" + cut;
      const std::vector<SseEvent> sent = AtTheProvider(state.blocks + " stream");
      RawConnection connection = Begin(directive);
      const auto answer = connection.ReadResponse();
      ASSERT_TRUE(answer);
      EXPECT_FALSE(answer->complete);
      EXPECT_THAT(answer->body, Not(HasSubstr(Token(1))));
      EXPECT_THAT(answer->body, Not(HasSubstr(Token(2))));
      // A reset may overtake what was sent before it.
      const auto events = support::ParseSseEvents(answer->body);
      ExpectTheProvidersUpTo(events, sent, std::min(events.size(), state.untouched));
      // Nothing of the tool that is held; the others have begun.
      EXPECT_EQ(answer->body.find("Write"), std::string::npos);
    }
  }
}

TEST_F(SecretStreams, WhereTheClientLeavesTheProviderIsLeftAndWhatWasFoundIsRecorded) {
  const std::string placeholder = PlaceholderOf(Token(2));
  const std::string spoken = R"(size=200 text "Use )" + Token(1) + R"( for it")";
  {
    RawConnection connection = Begin(spoken + " stream hold=never hold_after=4");
    const auto read = connection.ReadUntil("for it");
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_THAT(*read, Not(HasSubstr(Token(1))));
  }
  EXPECT_TRUE(provider_.WaitForOutcome(1, "client_gone"));
  EXPECT_TRUE(host_.WaitForMetric(R"(postern_exchanges_total{call="messages",ending="client_gone"})", 1));
  EXPECT_GE(host_.Metric(R"(postern_secrets_in_answers_total{action="redact"})"), 1);
  EXPECT_EQ(host_.StopAgent().code, 0);
  size_t in_answers = 0;
  for (const std::string& found : EventsOf(host_.Events(), "secret_found")) {
    EXPECT_THAT(found, Not(HasSubstr(Token(1))));
    in_answers += found.find(R"("in_answer":true)") != std::string::npos ? 1 : 0;
  }
  EXPECT_GE(in_answers, 1u);
}

// A key that is switched off ends what is under way by the same recipe as a budget does.
TEST_F(SecretStreams, AStreamThatIsEndedInTheMiddleOfABlockIsAMessageWithoutIt) {
  const std::string placeholder = PlaceholderOf(Token(2));
  const auto states = States(placeholder);
  std::vector<std::vector<SseEvent>> sent;
  for (const State& state : states) sent.push_back(AtTheProvider(state.blocks + " stream"));
  provider_.Reset();
  std::vector<RawConnection> connections;
  for (const State& state : states) {
    connections.push_back(
        Begin(state.blocks + " stream hold=never hold_after=" + std::to_string(state.events)));
    ASSERT_TRUE(provider_.WaitForEvents(connections.size(), state.events));
    // Before its first byte it would be refused, and not ended.
    ASSERT_TRUE(connections.back().WaitForBytes());
  }
  host_.directory().Write("keys.yaml",
                          support::ReadFile(host_.directory() / "keys.yaml") + "  disabled: true\n");
  host_.agent().Signal(SIGHUP);
  for (size_t i = 0; i < states.size(); ++i) {
    SCOPED_TRACE(states[i].name);
    const auto answer = connections[i].ReadResponse();
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->complete);
    EXPECT_THAT(answer->body, Not(HasSubstr(Token(1))));
    EXPECT_THAT(answer->body, Not(HasSubstr(Token(2))));
    EXPECT_THAT(answer->body, Not(HasSubstr("message_stop")));
    const auto events = support::ParseSseEvents(answer->body);
    ASSERT_THAT(events, Not(IsEmpty()));
    EXPECT_EQ(events.back().name, "error");
    EXPECT_THAT(events.back().data, HasSubstr("This Postern key is switched off"));
    EXPECT_THAT(answer->body, HasSubstr("[This answer was ended by Postern.]"));
    // Every stop is that of the block that began last.
    bool open = false;
    for (const SseEvent& event : events) {
      if (event.name == "content_block_start") open = true;
      if (event.name != "content_block_stop") continue;
      EXPECT_TRUE(open);
      open = false;
    }
    EXPECT_THAT(answer->body, Not(HasSubstr(placeholder)));
  }
}

TEST(SecretStreamsWithABudget, AreEndedWithoutWhatIsHeld) {
  Budgeted budgeted("limits:\n  tight: {team: platform, usd: 0.06, per: month}\nsecrets: {answers: true}\n");
  const support::Response cut = budgeted.host().Ask(
      LongStreamBody("[[postern text \"word " + Token(1).substr(0, 6) + "\" events=1 size=30]]"));
  EXPECT_EQ(cut.status, 200);
  ProviderJournal(budgeted.host().provider_port())
      .AnswerAll("text \"word " + Token(1) + " \" events=500 size=30 pace_ms=5 stream");
  const support::Response ended = budgeted.host().Ask(LongStreamBody("go on"));
  EXPECT_EQ(ended.status, 200);
  EXPECT_TRUE(ended.complete);
  const auto events = support::ParseSseEvents(ended.body);
  ASSERT_THAT(events, Not(IsEmpty()));
  EXPECT_EQ(events.back().name, "error");
  EXPECT_THAT(events.back().data, HasSubstr(R"("type":"billing_error")"));
  EXPECT_THAT(ended.body, Not(HasSubstr(Token(1))));
  EXPECT_THAT(ended.body, HasSubstr("REDACTED_"));
  EXPECT_THAT(ended.body, Not(HasSubstr("message_stop")));
}

}  // namespace
}  // namespace postern::end_to_end
