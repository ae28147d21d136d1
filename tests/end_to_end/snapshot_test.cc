// A policy on its road: applied at the collector, enforced by every host, also without the collector; freezes
// the same. Real collector, agents and provider simulators.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/end_to_end/furnished.h"
#include "tests/end_to_end/host.h"
#include "tests/end_to_end/keep.h"

namespace postern::end_to_end {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kHaiku = "claude-haiku-4-5";
constexpr std::string_view kOpus = "claude-opus-5-5";

std::string PolicyText(const std::string& rules) {
  return "organisation:\n  name: example\n  models:\n    allow: [\"claude-*\"]\n" + rules;
}

const std::string kNoOpus =
    PolicyText("    deny: [" + std::string(kOpus) + "]\n  message: ask the platform team\n");

class Snapshot : public testing::Test {
 protected:
  Snapshot() {
    Furnish(keep_);
    key_ = MakeKeyOfUser(keep_).text;
  }

  std::unique_ptr<Host> Join(const std::string& extra_config = "") {
    HostOptions options;
    options.extra_config = "credentials: {cache: machine}\n" + extra_config;
    options.collector_url = keep_.url();
    options.enrolment_token = keep_.EnrolmentToken();
    auto host = std::make_unique<Host>(options);
    host->set_key(key_);
    return host;
  }

  // The version that it became.
  double Apply(const std::string& text) {
    const auto finished = keep_.Call("PUT", "/v1/policy?force=true", text, "text/yaml");
    EXPECT_EQ(finished.status, 200) << finished.body;
    return static_cast<double>(
        *Object(finished.body).Find("policy")->AsOpenObject()->Integer("version", 1, INT64_MAX));
  }

  static int Status(Host& host, std::string_view model) {
    return host.Ask(MessageBody("hello", model)).status;
  }

  Keep keep_;
  std::string key_;
};

TEST_F(Snapshot, OfAnAppliedPolicyIsEnforcedByEveryHostAndIsInBothRecords) {
  std::vector<std::unique_ptr<Host>> hosts;
  for (int i = 0; i < 2; ++i) hosts.push_back(Join());
  for (const auto& host : hosts)
    ASSERT_TRUE(Eventually([&] { return Status(*host, kOpus) == 200; }))
        << host->Ask(MessageBody("hello")).body;
  const double version = Apply(kNoOpus);
  for (const auto& host : hosts) {
    ASSERT_TRUE(host->WaitForMetric("postern_policy_version", version));
    const auto answer = host->Ask(MessageBody("hello", kOpus));
    EXPECT_NE(answer.status, 200);
    EXPECT_EQ(answer.Find("x-should-retry"), "false");
    EXPECT_THAT(answer.body, HasSubstr("Ask the platform team"));
    EXPECT_EQ(Status(*host, kHaiku), 200);
    EXPECT_THAT(host->Run({"status"}).output, HasSubstr("policy version"));
    const std::vector<std::string> events = host->Events();
    EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const std::string& event) {
      return event.find(R"("kind":"policy_change")") != std::string::npos &&
             event.find(R"("outcome":"taken")") != std::string::npos;
    }));
  }
  EXPECT_TRUE(Eventually([&] {
    const json::Object page = Object(keep_.Done("GET", "/v1/events?kind=policy_change&limit=100"));
    return page.Find("items")->AsList()->size() >= 2 * hosts.size();  // the first policy and this one
  }));
  // One that joins now has it at its first request.
  const auto late = Join();
  EXPECT_TRUE(Eventually([&] { return Status(*late, kHaiku) == 200; }));
  EXPECT_NE(Status(*late, kOpus), 200);
}

TEST_F(Snapshot, GoesOnWithoutTheCollectorOverAStartUntilItIsStale) {
  const auto host = Join();
  ASSERT_TRUE(Eventually([&] { return Status(*host, kHaiku) == 200; }));
  ASSERT_TRUE(host->WaitForMetric("postern_policy_version", Apply(kNoOpus)));
  ASSERT_EQ(Status(*host, kHaiku), 200);
  EXPECT_EQ(host->StopAgent().code, 0);
  keep_.Stop();
  host->StartAgent();
  EXPECT_EQ(Status(*host, kHaiku), 200);
  EXPECT_THAT(host->Ask(MessageBody("hello", kOpus)).body, HasSubstr("Ask the platform team"));
  EXPECT_EQ(host->StopAgent().code, 0);

  // A policy that wants hosts to be strict makes them so, whatever agent.yaml says.
  keep_.Start();
  host->StartAgent();
  const double version = Apply(kNoOpus + "\nstaleness:\n  revocation: strict\n");
  ASSERT_TRUE(host->WaitForMetric("postern_policy_version", version));
  EXPECT_EQ(host->StopAgent().code, 0);
  keep_.Stop();
  host->StartAgent();
  const auto stale = host->Ask(MessageBody("hello", kHaiku));
  EXPECT_EQ(stale.status, 503);
  EXPECT_EQ(stale.Find("x-should-retry"), "false");
  EXPECT_EQ(host->Metric("postern_policy_version"), version);
}

TEST_F(Snapshot, OfAFreezeIsInForceEverywhereAndAfterAStartWithoutTheCollectorUntilTheThaw) {
  const auto host = Join();
  ASSERT_TRUE(Eventually([&] { return Status(*host, kHaiku) == 200; }));
  keep_.Done("POST", "/v1/freeze", R"({"sentence":"A key has leaked."})");
  ASSERT_TRUE(host->WaitForMetric("postern_frozen", 1));
  const auto frozen = host->Ask(MessageBody("hello", kHaiku));
  EXPECT_NE(frozen.status, 200);
  EXPECT_THAT(frozen.body, HasSubstr("A key has leaked."));
  EXPECT_EQ(host->StopAgent().code, 0);
  keep_.Stop();
  host->StartAgent();
  EXPECT_THAT(host->Ask(MessageBody("hello", kHaiku)).body, HasSubstr("A key has leaked."));
  EXPECT_EQ(host->Metric("postern_frozen"), 1);
  keep_.Start();
  keep_.Done("POST", "/v1/thaw");
  EXPECT_TRUE(Eventually([&] { return Status(*host, kHaiku) == 200; }));
  EXPECT_EQ(host->Metric("postern_frozen"), 0);
}

// The key that agent.yaml pins is an administrator's; what the collector alone has signed doesn't count.
TEST_F(Snapshot, SignedWithAnotherKeyThanTheOneThatIsPinnedIsNotTakenAndNothingIsLetThrough) {
  const auto host = Join("policy: {key: \"" + std::string(64, 'a') + "\"}\n");
  ASSERT_TRUE(host->WaitForMetric("postern_policies_refused_total", 1));
  const auto answer = host->Ask(MessageBody("hello", kHaiku));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.Find("x-should-retry"), "false");
  EXPECT_EQ(host->Metric("postern_policy_version"), 0);
  const std::vector<std::string> events = host->Events();
  EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const std::string& event) {
    return event.find(R"("kind":"policy_change")") != std::string::npos &&
           event.find("another key") != std::string::npos;
  }));
}

TEST(LonePolicy, OfAFileIsReadAtTheStartAndAgainAndABadOneChangesNothing) {
  HostOptions options;
  const support::TemporaryDirectory elsewhere;
  const std::string file = elsewhere.Write("policy.yaml", kNoOpus);
  options.extra_config = "policy: {file: " + file + "}\n";
  Host host(options);
  EXPECT_EQ(host.Ask(MessageBody("hello", kHaiku)).status, 200);
  EXPECT_THAT(host.Ask(MessageBody("hello", kOpus)).body, HasSubstr("Ask the platform team"));
  EXPECT_EQ(host.Metric("postern_policy_version"), 1);
  elsewhere.Write("policy.yaml", PolicyText("    deny: [" + std::string(kHaiku) + "]\n"));
  ASSERT_EQ(host.Run({"reload"}).ending.code, 0);
  EXPECT_EQ(host.Ask(MessageBody("hello", kOpus)).status, 200);
  EXPECT_NE(host.Ask(MessageBody("hello", kHaiku)).status, 200);
  elsewhere.Write("policy.yaml", PolicyText("    denny: []\n"));
  const auto bad = host.Run({"reload"});
  EXPECT_EQ(bad.ending.code, 1);
  EXPECT_THAT(bad.errors, HasSubstr("policy.yaml:5"));
  EXPECT_EQ(host.Ask(MessageBody("hello", kOpus)).status, 200);
  // Nobody would keep the accounts.
  elsewhere.Write("policy.yaml", PolicyText("") + "limits:\n  a: {usd: 5, per: day}\n");
  EXPECT_THAT(host.Run({"reload"}).errors, HasSubstr("limits: budgets and rate limits need a collector"));
  EXPECT_EQ(host.Run({"check"}).ending.code, 2);
  EXPECT_EQ(host.StopAgent().code, 0);
  host.SpawnAgent();
  const auto ending = host.agent().Wait();
  ASSERT_TRUE(ending);
  EXPECT_EQ(ending->code, 2);
}

}  // namespace
}  // namespace postern::end_to_end
