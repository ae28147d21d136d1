// The real client in a repository with credentials in it: the session goes on, and none of them leaves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

// The client never held the original: what it writes is what the gate put back.
TEST_F(SecretsClient, WritesTheOriginalWhereThePolicyRestoresIt) {
  const std::string policy = repository_.Write(
      "policy.yaml",
      "organisation:\n  name: example\n  models: {allow: [\"claude-*\"]}\n  restore: [Write]\n");
  host_.Reconfigure("policy:\n  file: " + policy + "\n");
  EXPECT_EQ(host_.StopAgent().code, 0);
  host_.StartAgent();
  EXPECT_EQ(Run("The token is " + Token(6) + " today.").ending.code, 0);
  const std::string placeholder = PlaceholderIn(provider_.Body(1));
  ASSERT_FALSE(placeholder.empty());
  const std::string file = repository_.path() + "/written.env";
  const auto worked = Run("The token is " + Token(6) + R"( today. [[postern tool Write{"file_path":")" +
                          file + R"(","content":"KEY=)" + placeholder + R"(\n"} then="Written."]])");
  EXPECT_EQ(worked.output, "Written.\n") << worked.errors;
  EXPECT_EQ(support::ReadFile(file), "KEY=" + Token(6) + "\n");
  for (const std::string& body : Bodies()) EXPECT_THAT(body, Not(HasSubstr(Token(6))));
}

}  // namespace
}  // namespace postern::end_to_end
