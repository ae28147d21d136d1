// What isn't looked through for secrets doesn't leave: an agent without rules, a body that would take too
// long, a host without memory that can be locked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "shared/base/json_text.h"
#include "tests/end_to_end/host.h"
#include "tests/end_to_end/provider_journal.h"
#include "tests/end_to_end/secret_bodies.h"

namespace postern::end_to_end {
namespace {

using support::Response;
using ::testing::HasSubstr;
using ::testing::Not;

// The sentence of an error, which is one.
std::string Sentence(const Response& response) { return ProviderJournal::Member(response.body, "message"); }

HostOptions WithoutRules(const std::string& patience) {
  return {.secrets = "cache: fresh.rules, patience: " + patience, .waits = HostOptions::Until::kItListens};
}

TEST(SecretsRefused, BeforeTheFirstRulesAreReadyNothingLeaves) {
  Host host(WithoutRules("1ms"));
  const ProviderJournal provider(host.provider_port());
  const Response refused = host.Ask(MessageBody("hello"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.Find("x-should-retry"), "false");
  EXPECT_THAT(Sentence(refused), HasSubstr("isn't ready to look for secrets yet"));
  EXPECT_EQ(provider.arrived(), 0u);
  EXPECT_EQ(host.Metric(R"(postern_refusals_total{reason="no_secret_rules"})"), 1);
}

// Compiling can't be interrupted, and takes seconds.
TEST(SecretsRefused, AnAgentThatCompilesRulesStopsWithoutWaitingForThem) {
  Host host(WithoutRules("60s"));
  EXPECT_EQ(host.StopAgent().code, 0);
  const std::string log = host.agent().errors() + host.agent().output();
  EXPECT_THAT(log, HasSubstr("stopped"));
  EXPECT_THAT(log, Not(HasSubstr("rules for secrets are ready")));
  EXPECT_EQ(host.Run({"events", "verify"}).ending.code, 0);
}

TEST(SecretsRefused, WhatWouldTakeTooLongToLookThroughStaysHere) {
  Host host;
  const ProviderJournal provider(host.provider_port());
  std::string text;
  while (text.size() < (size_t{20} << 20)) text += "api_key=\"a1b2c3d4e5f6\"; ";
  const Response refused = host.Ask(ReadOf(text));
  EXPECT_EQ(refused.status, 402);
  EXPECT_EQ(refused.Find("x-should-retry"), "false");
  EXPECT_THAT(Sentence(refused), HasSubstr("can't be looked through in time"));
  EXPECT_THAT(Sentence(refused), HasSubstr("/clear"));
  EXPECT_EQ(provider.arrived(), 0u);
  EXPECT_EQ(host.Metric(R"(postern_refusals_total{reason="secrets_too_much"})"), 1);
  EXPECT_EQ(host.Metric("postern_secrets_too_much_total"), 1);
  EXPECT_EQ(host.Ask(MessageBody("hello")).status, 200);
}

// Secrets are taken out all the same, and not remembered (agent/screening/README.md).
TEST(SecretsRefused, WhereNoMoreMemoryCanBeLockedSecretsAreTakenOutAllTheSame) {
  const support::TemporaryDirectory directory;
  // Six pages: enough for the provider's credential, and nothing more; root would not be held to it.
  const std::string program = directory.Write(
      "agent.sh",
      "#!/bin/sh\nexec setpriv --inh-caps=-ipc_lock --bounding-set=-ipc_lock prlimit --memlock=24576:24576 " +
          AgentProgram() + " \"$@\"\n");
  ASSERT_EQ(::chmod(program.c_str(), 0700), 0);
  Host host({.provider_arguments = {"--record-bodies"}, .agent_program = program});
  const ProviderJournal provider(host.provider_port());
  std::string text;
  for (uint64_t i = 1; i <= 20; ++i) text += "x " + Token(i) + " y\n";
  for (uint64_t request = 1; request <= 2; ++request) {
    EXPECT_EQ(host.Ask(ReadOf(text)).status, 200);
    const std::string body = provider.Body(request);
    EXPECT_THAT(body, HasSubstr("REDACTED_"));
    for (uint64_t i = 1; i <= 20; ++i) EXPECT_THAT(body, Not(HasSubstr(Token(i))));
  }
  // Looked through once more, by the worker, without remembering anything.
  EXPECT_GE(host.Metric(R"(postern_secrets_scanned_requests_total{thread="worker"})"), 1);
}

}  // namespace
}  // namespace postern::end_to_end
