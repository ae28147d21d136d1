// The real client under a policy: it works on without what is denied, or shows our sentence after one
// request.
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/host.h"
#include "tests/end_to_end/peers.h"
#include "tests/end_to_end/provider_journal.h"
#include "tests/end_to_end/record_view.h"

namespace postern::end_to_end {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kOpen = "organisation:\n  name: example\n  models:\n    allow: [\"claude-*\"]\n";

class PolicyClient : public PeersTest {
 protected:
  void Begin(std::string_view more) {
    const std::string policy = directory_.Write("policy.yaml", std::string(kOpen) + std::string(more));
    host_.emplace(HostOptions{.extra_config = "policy:\n  file: " + policy + "\n",
                              .provider_arguments = {"--record-bodies"}});
    provider_.emplace(host_->provider_port());
  }
  support::Finished Run(std::string_view prompt) { return ClaudeCode(Through(*host_)).Run(prompt); }

  // One request, refused, and its sentence on the screen.
  void ExpectRefused(std::string_view prompt, std::string_view sentence, std::string_view reason) {
    const auto refused = Run(prompt);
    EXPECT_THAT(refused.output, HasSubstr("API Error: 402 ")) << refused.errors;
    EXPECT_THAT(refused.output, HasSubstr(sentence));
    EXPECT_EQ(refused.ending.code, 1);
    EXPECT_EQ(RequestsAt(*host_), 1) << host_->Metrics();
    EXPECT_EQ(host_->Metric("postern_refusals_total{reason=\"" + std::string(reason) + "\"}"), 1);
    EXPECT_EQ(provider_->arrived(), 0u);
  }

  const support::TemporaryDirectory directory_;
  std::optional<Host> host_;
  std::optional<ProviderJournal> provider_;
};

TEST_F(PolicyClient, ADeniedModelIsOneRequestAndTheRulesSentence) {
  Begin("    deny: [\"claude-opus-*\"]\n  message: \"ask #ai-platform\"\n");
  ExpectRefused("Say anything.", "Ask #ai-platform.", "policy_model");
}

TEST_F(PolicyClient, WithoutBashASessionWorksOn) {
  Begin("  tools:\n    deny: [Bash]\n");
  const std::string file = directory_.Write("note.txt", "What stands in the note.\n");
  const auto worked = Run(R"(Read. [[postern tool Read{"file_path":")" + file + R"("} then="It is read."]])");
  EXPECT_EQ(worked.output, "It is read.\n") << worked.errors;
  EXPECT_EQ(worked.ending.code, 0);
  ASSERT_EQ(provider_->arrived(), 2u);
  const std::string first = provider_->Body(1);
  const std::string second = provider_->Body(2);
  EXPECT_THAT(first, HasSubstr(R"("name":"Read")"));
  EXPECT_THAT(first, Not(HasSubstr(R"("name":"Bash")")));
  // Of both turns the same bytes, as the provider's cache wants it.
  const auto tools_of = [](const std::string& body) {
    const size_t at = body.find(R"("tools":[)");
    return body.substr(at, body.find("],\"", at) - at);
  };
  EXPECT_EQ(tools_of(first), tools_of(second));
}

TEST_F(PolicyClient, WithoutAnyToolItStillAnswers) {
  Begin("  tools:\n    allow: []\n");
  const auto worked = Run(R"(Say it. [[postern text "still here"]])");
  EXPECT_EQ(worked.output, "still here\n") << worked.errors;
  EXPECT_THAT(provider_->Body(1), HasSubstr(R"("tools":[])"));
}

TEST_F(PolicyClient, ADeniedToolThatIsNotCutIsOneRequestAndOurSentence) {
  Begin("  tools:\n    deny: [Bash]\n  on_denied_tool: refuse\n");
  ExpectRefused("Say anything.", "Bash", "policy_tool");
}

TEST_F(PolicyClient, ARightThatIsOverIsOneRequestAndOurSentence) {
  Begin("  expires: 2020-01-01\n");
  ExpectRefused("Say anything.", "2020", "policy_expiry");
}

TEST_F(PolicyClient, AnExpiredKeyIsOneRequestAndOurSentence) {
  Begin("");
  const auto made = host_->Run({"key", "create", "--user", "bob@example.com", "--expires", "2030-01-01"});
  ASSERT_EQ(made.ending.code, 0) << made.errors;
  const std::string keys = host_->directory() / "keys.yaml";
  std::string text = support::ReadFile(keys);
  text.replace(text.find("2030"), 4, "2020");
  host_->directory().Write("keys.yaml", text);
  EXPECT_EQ(host_->StopAgent().code, 0);
  host_->StartAgent();
  host_->set_key(made.output.substr(0, made.output.find('\n')));
  const auto refused = Run("Say anything.");
  EXPECT_THAT(refused.output, HasSubstr("401 This Postern key has expired")) << refused.errors;
  EXPECT_EQ(RequestsAt(*host_), 1);
}

TEST_F(PolicyClient, FewerTokensAreTakenWithoutAWord) {
  Begin("  max_tokens: 8000\n");
  EXPECT_EQ(Run(R"(Say it. [[postern text "short"]])").output, "short\n");
  EXPECT_THAT(provider_->Body(1), HasSubstr(R"("max_tokens":8000)"));
}

}  // namespace
}  // namespace postern::end_to_end
