// What a policy lets through and what it changes, seen from both sides of the gate: a lone host with a policy
// of its own.
#include <algorithm>
#include <chrono>
#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include "tests/end_to_end/host.h"
#include "tests/end_to_end/provider_journal.h"
#include "tests/end_to_end/record_view.h"

namespace postern::end_to_end {
namespace {

using support::Response;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kOpen = "organisation:\n  name: example\n  models:\n    allow: [\"claude-*\"]\n";

class Policy : public ::testing::Test {
 protected:
  // A host whose policy allows all models, and has these lines more.
  Host& Begin(std::string_view more) {
    policy_ = directory_.Write("policy.yaml", std::string(kOpen) + std::string(more));
    host_.emplace(HostOptions{.extra_config = "policy:\n  file: " + policy_ + "\n",
                              .provider_arguments = {"--record-bodies"}});
    provider_.emplace(host_->provider_port());
    return *host_;
  }

  Response Ask(std::string_view body, std::string_view path = "/v1/messages") {
    const auto response = support::Fetch(host_->target(), "POST", path, host_->MessageHeaders(), body);
    EXPECT_TRUE(response);
    return response ? *response : Response{};
  }

  std::vector<std::string> Events(std::string_view kind) {
    EXPECT_EQ(host_->StopAgent().code, 0);
    return EventsOf(host_->Events(), kind);
  }

  const support::TemporaryDirectory directory_;
  std::string policy_;
  std::optional<Host> host_;
  std::optional<ProviderJournal> provider_;
};

constexpr std::string_view kTools =
    R"({"model":"claude-opus-5-5","max_tokens":64000,"tools":[{"name":"Read","input_schema":{}}, )"
    R"({"name":"Bash","input_schema":{},"cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"hi"}]})";

TEST_F(Policy, ADeniedModelIsRefusedWithTheRulesOwnMessageAndCountedOnce) {
  Begin("    deny: [\"claude-opus-*\"]\n  message: \"ask #ai-platform\"\n");
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) {
    const Response answer = Ask(i % 2 == 0 ? StreamBody("hello") : MessageBody("hello"));
    EXPECT_EQ(answer.status, 402);
    EXPECT_EQ(answer.Find("x-should-retry"), "false");
    EXPECT_THAT(answer.body, HasSubstr("Ask #ai-platform."));
  }
  EXPECT_EQ(
      Ask(R"({"model":"claude-opus-5-5","messages":[],"tools":[]})", "/v1/messages/count_tokens").status,
      402);
  EXPECT_EQ(provider_->arrived(), 0u);
  const auto refusals = Events("refusal");
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  ASSERT_GE(refusals.size(), 3u) << "the first of each kind, and one that counts the repeats";
  EXPECT_LE(static_cast<double>(refusals.size()), 3 + took.count()) << "of these at most one a second";
  EXPECT_EQ(ProviderJournal::Member(refusals[0], "reason"), "policy_model");
  EXPECT_EQ(ProviderJournal::Member(refusals[0], "rule"), "organisation.models.deny[0]");
  EXPECT_EQ(Number(refusals[0], "policy_version"), 1);
  EXPECT_EQ(ProviderJournal::Member(refusals[0], "provider"), "anthropic");
  int64_t counted = 0;
  for (const std::string& refusal : refusals) counted += std::max<int64_t>(Number(refusal, "times"), 1);
  EXPECT_EQ(counted, 6);
}

TEST_F(Policy, ADeniedToolIsCutOutAndNothingElseIsTouched) {
  Begin("  tools:\n    deny: [Bash]\n");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Ask(kTools).status, 200);
  const std::string left =
      R"({"model":"claude-opus-5-5","max_tokens":64000,"tools":[{"name":"Read","input_schema":{},)"
      R"("cache_control":{"type":"ephemeral"}}],"messages":[{"role":"user","content":"hi"}]})";
  EXPECT_EQ(provider_->Body(1), left);
  EXPECT_EQ(provider_->Body(2), left) << "the same in every turn";
  const auto intents = Events("intent");
  ASSERT_THAT(intents, SizeIs(2));
  EXPECT_THAT(intents[0], HasSubstr(R"("tools":["Read"])"));
  EXPECT_THAT(intents[0], HasSubstr(R"("removed_tools":["Bash"])"));
  EXPECT_EQ(ProviderJournal::Member(intents[0], "rule"), "organisation.models.allow[0]");
  EXPECT_EQ(ProviderJournal::Member(intents[0], "provider"), "anthropic");
  EXPECT_EQ(Number(intents[0], "policy_version"), 1);
}

TEST_F(Policy, WithNothingToCutTheBodyIsTheClients) {
  Begin("  tools:\n    deny: [WebFetch]\n");
  EXPECT_EQ(Ask(kTools).status, 200);
  EXPECT_EQ(provider_->Body(1), kTools);
}

TEST_F(Policy, MaxTokensIsLowered) {
  Begin("  max_tokens: 16000\n");
  EXPECT_EQ(Ask(kTools).status, 200);
  EXPECT_THAT(provider_->Body(1), HasSubstr(R"("max_tokens":16000,)"));
  EXPECT_EQ(Number(Events("intent")[0], "lowered_max_tokens"), 16000);
}

TEST_F(Policy, TheListOfModelsIsWhatThisKeyMayUse) {
  Begin("    deny: [\"claude-opus-*\"]\n");
  const auto models =
      support::Fetch(host_->target(), "GET", "/v1/models?limit=1000", host_->MessageHeaders());
  ASSERT_TRUE(models);
  EXPECT_EQ(models->status, 200);
  EXPECT_THAT(models->body, HasSubstr("claude-haiku-5-5"));
  EXPECT_THAT(models->body, Not(HasSubstr("claude-opus")));
}

TEST_F(Policy, ARuleThatNamesTheOsUserHoldsForTheListAndForMessagesAlike) {
  const passwd* user = getpwuid(getuid());
  ASSERT_NE(user, nullptr);
  Begin("  os_users:\n    allow: [\"" + std::string(user->pw_name) + "\"]\n");
  EXPECT_EQ(support::Fetch(host_->target(), "GET", "/v1/models", host_->MessageHeaders())->status, 200);
  EXPECT_EQ(Ask(MessageBody("hello")).status, 200);
}

TEST_F(Policy, AnotherPolicyIsInForceFromTheNextRequestOn) {
  Begin("");
  EXPECT_EQ(Ask(MessageBody("hello")).status, 200);
  directory_.Write("policy.yaml", std::string(kOpen) + "    deny: [claude-opus-5-5]\n");
  host_->agent().Signal(SIGHUP);
  int status = 0;
  for (int i = 0; i < 1000 && status != 402; ++i) status = Ask(MessageBody("hello")).status;
  EXPECT_EQ(status, 402);
  // A broken file changes nothing.
  directory_.Write("policy.yaml", "organisation: [\n");
  host_->agent().Signal(SIGHUP);
  ASSERT_TRUE(host_->agent().WaitForLine("the configuration was not changed"));
  EXPECT_EQ(Ask(MessageBody("hello")).status, 402);
}

TEST_F(Policy, AKeyThatMayDoNothingHereIsToldSo) {
  Begin("  hosts:\n    allow: [another-host]\n");
  const Response answer = Ask(MessageBody("hello"));
  EXPECT_EQ(answer.status, 402);
  EXPECT_THAT(answer.body, HasSubstr("host"));
  EXPECT_EQ(support::Fetch(host_->target(), "GET", "/v1/models", host_->MessageHeaders())->status, 402);
}

}  // namespace
}  // namespace postern::end_to_end
