// Secrets in requests, seen from both sides of the gate and in the record.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/secrets/samples.h"
#include "tests/end_to_end/host.h"
#include "tests/end_to_end/provider_journal.h"
#include "tests/end_to_end/record_view.h"
#include "tests/end_to_end/secret_bodies.h"

namespace postern::end_to_end {
namespace {

using support::Response;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::string_view kOpen = "organisation:\n  name: example\n  models:\n    allow: [\"claude-*\"]\n";

std::string Replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size())
    text.replace(at, what.size(), with);
  return text;
}

class Secrets : public ::testing::Test {
 protected:
  Host& Begin(std::string_view policy = {}) {
    std::string config;
    if (!policy.empty())
      config =
          "policy:\n  file: " + directory_.Write("policy.yaml", std::string(kOpen) + std::string(policy)) +
          "\n";
    host_.emplace(HostOptions{.extra_config = config, .provider_arguments = {"--record-bodies"}});
    provider_.emplace(host_->provider_port());
    return *host_;
  }

  Response Ask(std::string_view body, std::string_view path = "/v1/messages") {
    const auto response = support::Fetch(host_->target(), "POST", path, host_->MessageHeaders(), body);
    EXPECT_TRUE(response);
    return response ? *response : Response{};
  }

  std::vector<std::string> Found() {
    EXPECT_EQ(host_->StopAgent().code, 0);
    return EventsOf(host_->Events(), "secret_found");
  }

  // "REDACTED_…" in it.
  static std::string PlaceholderIn(const std::string& body) {
    const size_t at = body.find("REDACTED_");
    return at == std::string::npos ? "" : body.substr(at, 29);
  }

  const support::TemporaryDirectory directory_;
  std::optional<Host> host_;
  std::optional<ProviderJournal> provider_;
};

TEST_F(Secrets, ASecretDoesNotReachTheProviderAndNothingElseChanges) {
  Begin();
  const std::string secret = Token(1);
  const std::string body = ReadOf("A=1\nGITLAB_TOKEN=\"" + secret + "\"\nB=2\n");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Ask(body).status, 200);
  EXPECT_EQ(Ask(body, "/v1/messages/count_tokens").status, 200);
  const std::string sent = provider_->Body(1);
  const std::string placeholder = PlaceholderIn(sent);
  ASSERT_THAT(placeholder, SizeIs(29)) << sent;
  EXPECT_EQ(sent, Replaced(body, secret, placeholder));
  EXPECT_EQ(provider_->Body(2), sent);
  EXPECT_EQ(provider_->Body(3), sent);
  EXPECT_GE(host_->Metric("postern_secrets_total{action=\"redact\"}"), 3);
  const auto found = Found();
  ASSERT_THAT(found, Not(IsEmpty()));
  EXPECT_THAT(found[0], HasSubstr(R"("action":"redact")"));
  EXPECT_THAT(found[0], HasSubstr(R"("part":"tool_result")"));
  EXPECT_THAT(found[0], HasSubstr(R"("tool":"Read")"));
  EXPECT_THAT(found[0], HasSubstr(R"("path":"/repo/.env")"));
  EXPECT_EQ(Number(found[0], "message"), 2);
  EXPECT_EQ(Number(found[0], "length"), static_cast<int64_t>(secret.size()));
  EXPECT_THAT(ProviderJournal::Member(found[0], "fingerprint"), SizeIs(32));
}

TEST_F(Secrets, WhatHasNoneLeavesByteForByte) {
  Begin();
  const std::string body = " " + ReadOf("nothing\there, \u00e9 \\u0041 /\n") + "\n";
  EXPECT_EQ(Ask(body).status, 200);
  EXPECT_EQ(provider_->Body(1), body);
  EXPECT_THAT(Found(), IsEmpty());
}

TEST_F(Secrets, ThePolicySaysWhatIsBlockedAndTheSentenceHowToGoOn) {
  Begin("  secrets: [{paths: [\"*/testdata/*\"], action: warn}, {action: block}]\n");
  EXPECT_EQ(Ask(ReadOf("x " + Token(1), "/repo/testdata/a")).status, 200);
  EXPECT_THAT(provider_->Body(1), HasSubstr(Token(1)));
  const Response blocked = Ask(ReadOf("x " + Token(2)));
  EXPECT_EQ(blocked.status, 402);
  EXPECT_EQ(blocked.Find("x-should-retry"), "false");
  EXPECT_THAT(blocked.body, HasSubstr("/clear"));
  EXPECT_THAT(blocked.body, HasSubstr("organisation.secrets[1]"));
  EXPECT_THAT(blocked.body, HasSubstr("the result of Read of message 3"));
  EXPECT_THAT(blocked.body, Not(HasSubstr(Token(2))));
  EXPECT_EQ(provider_->arrived(), 1u);
  EXPECT_EQ(host_->Metric("postern_refusals_total{reason=\"secret_blocked\"}"), 1);
  EXPECT_EQ(host_->StopAgent().code, 0);
  const auto refusals = EventsOf(host_->Events(), "refusal");
  ASSERT_THAT(refusals, SizeIs(1));
  EXPECT_EQ(ProviderJournal::Member(refusals[0], "rule"), "organisation.secrets[1]");
}

TEST_F(Secrets, ThinkingIsNotEdited) {
  Begin();
  const Response refused = Ask(
      R"({"model":"claude-opus-5-5","max_tokens":9,"messages":[{"role":"assistant","content":[{"type":"thinking",)"
      R"("thinking":"hm )" +
      Token(3) + R"(","signature":"abc"}]},{"role":"user","content":"go on"}]})");
  EXPECT_EQ(refused.status, 402);
  EXPECT_THAT(refused.body, HasSubstr("thinking is signed"));
  EXPECT_EQ(provider_->arrived(), 0u);
}

TEST_F(Secrets, AFingerprintThatIsAllowedIsLetThrough) {
  Begin("  max_tokens: 64000\n");
  const std::string body = ReadOf("x " + Token(4));
  EXPECT_EQ(Ask(body).status, 200);
  EXPECT_EQ(host_->StopAgent().code, 0);
  const auto found = EventsOf(host_->Events(), "secret_found");
  ASSERT_THAT(found, Not(IsEmpty()));
  directory_.Write("policy.yaml", std::string(kOpen) + "secrets: {allowed: [{fingerprint: \"" +
                                      ProviderJournal::Member(found[0], "fingerprint") +
                                      "\", reason: of the example}]}\n");
  host_->StartAgent();
  EXPECT_EQ(Ask(body).status, 200);
  EXPECT_EQ(provider_->Body(2), body);
}

TEST_F(Secrets, TheOrganisationsOwnRulesAreLookedForToo) {
  Begin("secrets:\n  rules: |\n    [[rules]]\n    id = \"badge\"\n    regex = 'badge-[0-9a-f]{24}'\n");
  const std::string badge = *secrets::FilledIn("badge-{hex 24}", 1);
  EXPECT_EQ(Ask(ReadOf("x " + badge + " y")).status, 200);
  EXPECT_THAT(provider_->Body(1), Not(HasSubstr(badge)));
  EXPECT_THAT(Found(), SizeIs(1));
}

TEST_F(Secrets, InHeadersAndTheTargetAreTakenOutAndRecordedOnce) {
  Begin();
  support::Headers headers = host_->MessageHeaders();
  headers.emplace_back("X-Gateway-Key", "a " + Token(1));
  headers.emplace_back("x-claude-code-session-id", Token(2));
  for (int i = 0; i < 2; ++i) {
    const auto response = support::Fetch(host_->target(), "POST", "/v1/messages?beta=true&key=" + Token(3),
                                         headers, ReadOf("nothing"));
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
  }
  const std::string sent = provider_->Request(1);
  EXPECT_THAT(sent, HasSubstr("beta=true&key=REDACTED_"));
  EXPECT_THAT(sent, HasSubstr(R"("X-Gateway-Key","a REDACTED_)"));
  for (const uint64_t seed : {1, 2, 3}) EXPECT_THAT(provider_->Request(2), Not(HasSubstr(Token(seed))));
  size_t headers_found = 0;
  for (const std::string& event : Found())
    headers_found += event.find(R"("part":"header")") != std::string::npos;
  EXPECT_GE(headers_found, 2u);
  EXPECT_LE(headers_found, 4u);  // a general rule may find one, too; of the second request none is told again
  for (const std::string& event : host_->Events()) {
    for (const uint64_t seed : {1, 2, 3}) EXPECT_THAT(event, Not(HasSubstr(Token(seed))));
  }
}

TEST_F(Secrets, AHeaderThatBlocksIsToldWithAWayOn) {
  Begin("  secrets: [{action: block}]\n");
  support::Headers headers = host_->MessageHeaders();
  headers.emplace_back("X-Gateway-Key", Token(1));
  const auto response = support::Fetch(host_->target(), "POST", "/v1/messages", headers, ReadOf("nothing"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 402);
  EXPECT_THAT(response->body, HasSubstr("the client's header X-Gateway-Key"));
  EXPECT_THAT(response->body, HasSubstr("ANTHROPIC_CUSTOM_HEADERS"));
  EXPECT_EQ(provider_->arrived(), 0u);
}

TEST_F(Secrets, WhatIsTooDeepToBeLookedAtStaysHere) {
  Begin();
  const std::string deep = R"({"model":"claude-opus-5-5","max_tokens":9,"messages":[],"x":)" +
                           std::string(400, '[') + std::string(400, ']') + "}";
  EXPECT_EQ(Ask(deep).status, 402);
  EXPECT_EQ(provider_->arrived(), 0u);
}

// A rule may take a model's name for a secret, and the policy may let it through all the same.
TEST_F(Secrets, AModelWhoseNameIsHiddenInTheRecordIsBilledAsEver) {
  Begin(
      "  secrets: [{rules: [model], action: warn}]\n"
      "secrets:\n  rules: |\n    [[rules]]\n    id = \"model\"\n    regex = 'claude-opus-5-5'\n");
  EXPECT_EQ(Ask(ReadOf("x")).status, 200);
  EXPECT_EQ(host_->StopAgent().code, 0);
  const auto outcomes = EventsOf(host_->Events(), "outcome");
  ASSERT_THAT(outcomes, SizeIs(1));
  EXPECT_THAT(outcomes[0], HasSubstr("\"cost_nano_dollars\":"));
  EXPECT_THAT(outcomes[0], Not(HasSubstr("\"cost_nano_dollars\":0,")));
}

}  // namespace
}  // namespace postern::end_to_end
