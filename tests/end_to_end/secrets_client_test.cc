// The real client in a repository with credentials in it: the session goes on, and none of them leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/json_text.h"
#include "shared/json/value.h"
#include "shared/json/writer.h"
#include "shared/secrets/samples.h"
#include "tests/end_to_end/host.h"
#include "tests/end_to_end/peers.h"
#include "tests/end_to_end/provider_journal.h"
#include "tests/end_to_end/record_view.h"

namespace postern::end_to_end {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string Token(uint64_t seed) { return *secrets::FilledIn("glpat-{base64url 20}", seed); }

std::string PlaceholderIn(const std::string& body) {
  const size_t at = body.find("REDACTED_");
  return at == std::string::npos ? "" : body.substr(at, 29);
}

class SecretsClient : public PeersTest {
 protected:
  SecretsClient() : host_({.provider_arguments = {"--record-bodies"}}), provider_(host_.provider_port()) {}

  support::Finished Run(std::string_view prompt) { return ClaudeCode(Through(host_)).Run(prompt); }

  std::vector<std::string> Bodies() const {
    std::vector<std::string> bodies;
    for (uint64_t number = 1; number <= provider_.arrived(); ++number)
      bodies.push_back(provider_.Body(number));
    return bodies;
  }

  // Nothing that arrived has the secret; how many have a placeholder, which is the same in all.
  size_t ExpectReplaced(const std::string& secret) {
    std::string placeholder;
    size_t replaced = 0;
    for (const std::string& body : Bodies()) {
      EXPECT_THAT(body, Not(HasSubstr(secret)));
      const std::string here = PlaceholderIn(body);
      if (here.empty()) continue;
      if (placeholder.empty()) placeholder = here;
      EXPECT_EQ(here, placeholder);
      ++replaced;
    }
    return replaced;
  }

  const support::TemporaryDirectory repository_;
  // The answers of one session, in order.
  void Answer(const std::vector<std::string>& answers) {
    std::string rules;
    for (size_t i = 0; i < answers.size(); ++i)
      rules += (i == 0 ? "" : ",") + std::string(R"({"path":"/v1/messages","ordinal":)") +
               std::to_string(i + 1) + R"(,"answer":)" + JsonString(answers[i]) + "}";
    const auto installed =
        support::Fetch(host_.control(), "POST", "/_control/script", {{"content-type", "application/json"}},
                       "{\"rules\":[" + rules + "]}");
    ASSERT_TRUE(installed);
    ASSERT_EQ(installed->status / 100, 2) << installed->body;
  }

  static std::string Tool(const std::string& name, const std::string& input) {
    return "tool " + name + "{" + input + "}";
  }
  // A directive's tool is used before any tool's result; this one behind one, too.
  static std::string AnotherTool(const std::string& name, const std::string& input,
                                 const std::string& id = "") {
    const auto event = [](const std::string& type, const std::string& members) {
      return "event: " + type + "\ndata: {\"type\":\"" + type + "\"" + members + "}\n\n";
    };
    const std::string usage = R"("usage":{"input_tokens":9,"output_tokens":9})";
    const std::string stream =
        event("message_start",
              R"(,"message":{"id":"msg_)" + name + id +
                  R"(","type":"message","role":"assistant","model":"claude-opus-5-5","content":[],)" +
                  R"("stop_reason":null,"stop_sequence":null,)" + usage + "}") +
        event("content_block_start", R"(,"index":0,"content_block":{"type":"tool_use","id":"toolu_)" + name +
                                         id + R"(","name":")" + name + R"(","input":{}})") +
        event("content_block_delta", R"(,"index":0,"delta":{"type":"input_json_delta","partial_json":)" +
                                         JsonString("{" + input + "}") + "}") +
        event("content_block_stop", R"(,"index":0)") +
        event("message_delta", R"(,"delta":{"stop_reason":"tool_use","stop_sequence":null},)" + usage) +
        event("message_stop", "");
    return "content_type \"text/event-stream\" body " + JsonString(stream);
  }
  static std::string Path(const std::string& file) { return "\"file_path\":" + JsonString(file); }

  Host host_;
  ProviderJournal provider_;
};

TEST_F(SecretsClient, ReadsAFileWithAKeyAndWorksOn) {
  const std::string file = repository_.Write(".env", "DEBUG=1\nGITLAB_TOKEN=" + Token(1) + "\n");
  const auto worked = Run(R"(Read. [[postern tool Read{"file_path":")" + file + R"("} then="It is read."]])");
  EXPECT_EQ(worked.output, "It is read.\n") << worked.errors;
  EXPECT_EQ(worked.ending.code, 0);
  EXPECT_EQ(ExpectReplaced(Token(1)), 1u);
  EXPECT_THAT(provider_.Body(2), HasSubstr("GITLAB_TOKEN=REDACTED_"));
  EXPECT_EQ(host_.StopAgent().code, 0);
  const auto found = EventsOf(host_.Events(), "secret_found");
  ASSERT_THAT(found, Not(IsEmpty()));
  EXPECT_EQ(ProviderJournal::Member(found[0], "tool"), "Read");
  EXPECT_EQ(ProviderJournal::Member(found[0], "path"), file);
}

TEST_F(SecretsClient, OverTenTurnsThePlaceholderIsTheSameAndTheBeginningOfTheRequestsTooWhereTheClientsIs) {
  const auto worked = Run("The token is " + Token(2) + ", use it. [[postern loop=10]]");
  EXPECT_THAT(worked.output, HasSubstr("Done after 10 tool calls")) << worked.errors;
  EXPECT_EQ(provider_.arrived(), 11u);
  EXPECT_EQ(ExpectReplaced(Token(2)), 11u);
  // Up to and with the prompt itself all requests are alike, but for the cache mark, which moves.
  const auto beginning = [this](uint64_t number) {
    const std::string body = provider_.Body(number);
    const size_t messages = body.find(R"("messages":)");
    return body.substr(messages, body.find("REDACTED_") + 29 - messages);
  };
  for (uint64_t number = 3; number <= 11; ++number) EXPECT_EQ(beginning(number), beginning(2)) << number;
}

// A message without what the client moves from turn to turn: the cache mark, and with it the form of a text.
std::string Settled(std::string message) {
  for (size_t at; (at = message.find(R"(,"cache_control":{)")) != std::string::npos;)
    message.erase(at, message.find('}', at) + 1 - at);
  const std::string block = R"("content":[{"type":"text","text":)";
  const size_t at = message.find(block);
  const bool is_alone = at != std::string::npos && message.ends_with("}]}") &&
                        message.find(R"({"type":)", at + block.size()) == std::string::npos;
  if (!is_alone) return message;
  const size_t text = at + block.size();
  return message.substr(0, at) + R"("content":)" + message.substr(text, message.size() - 3 - text) + "}";
}

std::vector<std::string> MessagesOf(const std::string& body) {
  std::vector<std::string> texts;
  const std::vector<json::Value> messages =
      json::Parse(body)->AsOpenObject()->Find("messages")->AsList().value();
  for (const json::Value& message : messages) {
    json::Writer writer;
    writer.Copy(message);
    texts.push_back(Settled(writer.Take()));
  }
  return texts;
}

TEST_F(SecretsClient, BehindAFileWithAKeyTheSessionGoesOnForTenTurnsAndEachRequestBeginsAsTheOneBefore) {
  const std::string file = repository_.Write(".env", "DEBUG=1\nGITLAB_TOKEN=" + Token(9) + "\n");
  std::vector<std::string> answers = {Tool("Read", Path(file))};
  for (int turn = 1; turn <= 10; ++turn)
    answers.push_back(
        AnotherTool("Bash", R"("command":"echo turn )" + std::to_string(turn) + "\"", std::to_string(turn)));
  answers.emplace_back(R"(text "All done." then "All done.")");
  Answer(answers);
  const auto worked = Run("Work.");
  EXPECT_EQ(worked.output, "All done.\n") << worked.errors;
  ASSERT_EQ(provider_.arrived(), 12u);
  EXPECT_EQ(ExpectReplaced(Token(9)), 11u);
  for (uint64_t number = 3; number <= 12; ++number) {
    const auto before = MessagesOf(provider_.Body(number - 1));
    const auto now = MessagesOf(provider_.Body(number));
    ASSERT_GT(now.size(), before.size());
    for (size_t i = 0; i < before.size(); ++i) EXPECT_EQ(now[i], before[i]) << number << ' ' << i;
  }
}

TEST_F(SecretsClient, ALargeFileIsCountedWithoutItsKey) {
  std::string text;
  for (int i = 0; text.size() < 60'000; ++i) text += "line " + std::to_string(i) + " of a long file\n";
  text.insert(text.find("line 500 "), "token: " + Token(3) + "\n");
  const std::string file = repository_.Write("long.txt", text);
  const auto worked = Run(R"(Read. [[postern tool Read{"file_path":")" + file + R"("} then="It is read."]])");
  EXPECT_EQ(worked.ending.code, 0) << worked.errors;
  EXPECT_GE(ExpectReplaced(Token(3)), 1u);
  EXPECT_GE(host_.Metric(R"(postern_exchanges_total{call="count_tokens",ending="complete"})"), 1);
}

TEST_F(SecretsClient, SubagentsAreSeenThrough) {
  const auto worked =
      Run(R"(Delegate. [[postern tool Agent{"description":"look","prompt":"Say what )" + Token(4) +
          R"( is.","subagent_type":"general-purpose","run_in_background":false} then="Delegated."]])");
  EXPECT_EQ(worked.ending.code, 0) << worked.errors;
  EXPECT_GE(provider_.arrived(), 3u);
  EXPECT_GE(ExpectReplaced(Token(4)), 2u);
}

TEST_F(SecretsClient, CompactionIsSeenThrough) {
  const auto worked = Run("The token is " + Token(5) + ". [[postern loop=3 input_tokens=985000]]");
  EXPECT_EQ(worked.ending.code, 0) << worked.errors << worked.output;
  EXPECT_GE(ExpectReplaced(Token(5)), 2u);
}

// With `restore: [Write, Edit, MultiEdit]` for everybody.
class RestoringClient : public SecretsClient {
 protected:
  RestoringClient() {
    const std::string policy =
        repository_.Write("policy.yaml",
                          "organisation:\n  name: example\n  models: {allow: [\"claude-*\"]}\n  restore: "
                          "[Write, Edit, MultiEdit]\n");
    host_.Reconfigure("policy:\n  file: " + policy + "\n");
    EXPECT_EQ(host_.StopAgent().code, 0);
    host_.StartAgent();
  }

  // What stands for it on this host.
  std::string PlaceholderOf(const std::string& secret) {
    EXPECT_EQ(Run("The token is " + secret + " today.").ending.code, 0);
    const std::string placeholder = PlaceholderIn(provider_.Body(1));
    EXPECT_FALSE(placeholder.empty());
    provider_.Reset();
    return placeholder;
  }
};

// The client never held the original: what it writes is what the gate put back.
TEST_F(RestoringClient, WritesTheOriginalWhereThePolicyRestoresIt) {
  const std::string placeholder = PlaceholderOf(Token(6));
  const std::string file = repository_.path() + "/written.env";
  const auto worked = Run("The token is " + Token(6) + " today. [[postern " +
                          Tool("Write", Path(file) + ",\"content\":\"KEY=" + placeholder + "\\n\"") +
                          R"( then="Written."]])");
  EXPECT_EQ(worked.output, "Written.\n") << worked.errors;
  EXPECT_EQ(support::ReadFile(file), "KEY=" + Token(6) + "\n");
  for (const std::string& body : Bodies()) EXPECT_THAT(body, Not(HasSubstr(Token(6))));
}

TEST_F(RestoringClient, EditsAFileWhereItsSecretStandsAndABashCommandDoesNotGetIt) {
  const std::string placeholder = PlaceholderOf(Token(7));
  const std::string file = repository_.Write("edited.env", "A=1\nKEY=" + Token(7) + "\n");
  const std::string echoed = repository_.path() + "/echoed";
  Answer({Tool("Read", Path(file)),
          AnotherTool("Edit", Path(file) + ",\"old_string\":\"A=1\\nKEY=" + placeholder +
                                  "\",\"new_string\":\"A=2\\nTOKEN=" + placeholder + "\""),
          AnotherTool("Bash", "\"command\":" + JsonString("echo " + placeholder + " > " + echoed)),
          R"(text "All done." then "All done.")"});
  const auto worked = Run("Work.");
  EXPECT_EQ(worked.output, "All done.\n") << worked.errors;
  EXPECT_EQ(support::ReadFile(file), "A=2\nTOKEN=" + Token(7) + "\n");
  EXPECT_EQ(support::ReadFile(echoed), placeholder + "\n");
  for (const std::string& body : Bodies()) EXPECT_THAT(body, Not(HasSubstr(Token(7))));
  EXPECT_GE(host_.Metric("postern_secrets_restored_total"), 2);
}

// The client has had this tool and may have it again. Where it hasn't, its answer is that there is none.
TEST_F(RestoringClient, EditsAFileInSeveralPlacesWhereTheClientHasSuchATool) {
  const std::string placeholder = PlaceholderOf(Token(8));
  const std::string before = "KEY=" + Token(8) + "\nB=1\n";
  const std::string file = repository_.Write("edited.env", before);
  Answer({Tool("Read", Path(file)),
          AnotherTool("MultiEdit", Path(file) + ",\"edits\":[{\"old_string\":\"KEY=" + placeholder +
                                       "\",\"new_string\":\"TOKEN=" + placeholder +
                                       "\"},{\"old_string\":\"B=1\",\"new_string\":\"B=2\"}]"),
          R"(text "All done." then "All done.")"});
  const auto worked = Run("Work.");
  EXPECT_EQ(worked.output, "All done.\n") << worked.errors;
  const bool has_it = provider_.Body(1).find(R"("name":"MultiEdit")") != std::string::npos;
  EXPECT_EQ(support::ReadFile(file), has_it ? "TOKEN=" + Token(8) + "\nB=2\n" : before);
  for (const std::string& body : Bodies()) EXPECT_THAT(body, Not(HasSubstr(Token(8))));
}

}  // namespace
}  // namespace postern::end_to_end
