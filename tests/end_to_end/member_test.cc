// A host that is a member of an organisation: real collector, agent and provider simulator.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include "shared/base/check.h"
#include "tests/end_to_end/furnished.h"
#include "tests/end_to_end/host.h"
#include "tests/end_to_end/keep.h"

namespace postern::end_to_end {
namespace {

using ::testing::HasSubstr;

// The user that this test runs as.
std::string OsName() {
  const passwd* user = getpwuid(getuid());
  CHECK(user != nullptr);
  return user->pw_name;
}

class Member : public testing::Test {
 protected:
  Member() { Furnish(keep_, OsName()); }

  HostOptions Enrolled(const std::string& extra_config = "") const {
    HostOptions options;
    options.extra_config = extra_config;
    options.collector_url = keep_.url();
    options.enrolment_token = keep_.EnrolmentToken();
    return options;
  }

  void Join(const std::string& extra_config = "") { host_ = std::make_unique<Host>(Enrolled(extra_config)); }

  // A new key of alice, which the host's requests show from now on.
  void MakeKey() {
    const MadeKey made = MakeKeyOfUser(keep_);
    host_->set_key(made.text);
    key_id_ = made.id;
  }

  // Of the one host.
  std::string AgentId() const {
    const json::Object agents = Object(keep_.Done("GET", "/v1/agents"));
    const auto list = *agents.Find("items")->AsList();
    CHECK(list.size() == 1);
    return *list[0].AsOpenObject()->Text("id");
  }

  int Status() { return host_->Ask(MessageBody("hello")).status; }

  size_t OutcomesAtTheCollector() const {
    const json::Object page = Object(keep_.Done("GET", "/v1/events?kind=outcome&limit=1000"));
    return page.Find("items")->AsList()->size();
  }

  Keep keep_;
  std::unique_ptr<Host> host_;
  std::string key_id_;
};

TEST_F(Member, AKeyThatIsMadeWorksAtOnceWithTheSealedCredential) {
  Join();
  MakeKey();
  // The simulator takes no other credential than the one that only the collector was given.
  const auto answer = host_->Ask(MessageBody("hello"));
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(host_->Run({"status"}).ending.code, 0);
  EXPECT_THAT(host_->Run({"status"}).output, HasSubstr("connected"));
}

TEST_F(Member, ADisabledKeyIsRefusedWithItsSentenceAndWorksAgainOnceItIsEnabled) {
  Join();
  MakeKey();
  ASSERT_EQ(Status(), 200);
  keep_.Done("POST", "/v1/keys/" + key_id_ + "/disable", R"({"sentence":"On leave until Monday."})");
  ASSERT_TRUE(Eventually([&] { return Status() == 401; }));
  EXPECT_THAT(host_->Ask(MessageBody("hello")).body, HasSubstr("On leave until Monday."));
  keep_.Done("POST", "/v1/keys/" + key_id_ + "/enable");
  EXPECT_TRUE(Eventually([&] { return Status() == 200; }));
}

TEST_F(Member, ARevokedKeyStaysRevokedWithoutTheCollector) {
  Join();
  MakeKey();
  ASSERT_EQ(Status(), 200);
  keep_.Done("POST", "/v1/keys/" + key_id_ + "/revoke");
  ASSERT_TRUE(Eventually([&] { return Status() == 401; }));
  // On the disk once the collector has heard that it was seen; a stop writes it in any case.
  EXPECT_EQ(host_->StopAgent().code, 0);
  keep_.Stop();
  host_->StartAgent();
  const auto answer = host_->Ask(MessageBody("hello"));
  EXPECT_EQ(answer.status, 401);
  EXPECT_THAT(answer.body, HasSubstr("revoked"));
}

TEST_F(Member, AnUnknownKeyIsUnknownAndWithoutTheCollectorNobodyKnows) {
  Join();
  host_->set_key("pst_k7x2m9q4w8ab_0123456789ABCDEFGHIJKLMNOPQR2Wsf4f");
  EXPECT_EQ(Status(), 401);
  keep_.Stop();
  ASSERT_TRUE(Eventually([&] { return Status() == 503; }));
  const auto answer = host_->Ask(MessageBody("hello"));
  EXPECT_EQ(answer.Find("x-should-retry"), "false");
  EXPECT_THAT(answer.body, HasSubstr("can't be reached"));
}

TEST_F(Member, WorksOnWithoutTheCollectorAndTheEventsArriveWhenItIsBack) {
  Join();
  MakeKey();
  ASSERT_EQ(Status(), 200);
  ASSERT_TRUE(Eventually([&] { return OutcomesAtTheCollector() == 1; }));
  keep_.Kill();
  for (int i = 0; i < 20; ++i) ASSERT_EQ(Status(), 200);
  keep_.Start();
  EXPECT_TRUE(Eventually([&] { return OutcomesAtTheCollector() == 21; }));
  EXPECT_TRUE(Eventually([&] { return host_->Metric("postern_collector_unsent_events") == 0; }));
  EXPECT_EQ(Status(), 200);
  EXPECT_TRUE(Eventually([&] { return OutcomesAtTheCollector() == 22; }));
}

TEST_F(Member, AStartWithoutTheCollectorHasWhatTheMachineMayKeep) {
  Join();
  MakeKey();
  ASSERT_EQ(Status(), 200);
  EXPECT_EQ(host_->StopAgent().code, 0);
  keep_.Stop();
  host_->StartAgent();
  const auto without = host_->Ask(MessageBody("hello"));
  EXPECT_EQ(without.status, 503);
  EXPECT_EQ(without.Find("x-should-retry"), "false");
  EXPECT_THAT(without.body, HasSubstr("holds no provider credential"));
  EXPECT_EQ(host_->StopAgent().code, 0);

  host_->Reconfigure("credentials: {cache: machine}\n");
  keep_.Start();
  host_->StartAgent();
  ASSERT_EQ(Status(), 200);
  EXPECT_EQ(host_->StopAgent().code, 0);
  keep_.Stop();
  host_->StartAgent();
  EXPECT_EQ(Status(), 200);
}

TEST_F(Member, WhatWasHeardTooLongAgoCountsNoLonger) {
  Join("offline: {policy_ttl: 1m}\nrevocation: strict\n");
  MakeKey();
  ASSERT_EQ(Status(), 200);
  EXPECT_EQ(host_->StopAgent().code, 0);
  keep_.Stop();
  host_->StartAgent();  // strict: what an earlier life remembers is not fresh
  EXPECT_EQ(Status(), 503);
}

TEST_F(Member, AnOsUserIsWhomTheDirectorySays) {
  Join("identity: os_user\n");
  const auto answer = support::Fetch(host_->target(), "POST", "/v1/messages",
                                     {{"content-type", "application/json"}}, MessageBody("hello"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200) << answer->body;
  const std::vector<std::string> events = host_->Events();
  EXPECT_TRUE(std::any_of(events.begin(), events.end(), [](const std::string& event) {
    return event.find("alice@example.com") != std::string::npos;
  }));
}

// The state directory comes from a snapshot: what it writes next, the collector has otherwise.
TEST_F(Member, ARestoredSnapshotIsSetAsideUntilItIsForfeited) {
  Join();
  MakeKey();
  ASSERT_EQ(Status(), 200);
  EXPECT_EQ(host_->StopAgent().code, 0);
  const std::filesystem::path snapshot = host_->directory() / "snapshot";
  std::filesystem::remove(host_->state() + "/agent.sock");  // can't be copied
  std::filesystem::copy(host_->state(), snapshot, std::filesystem::copy_options::recursive);
  host_->StartAgent();
  ASSERT_EQ(Status(), 200);
  ASSERT_EQ(Status(), 200);
  ASSERT_TRUE(Eventually([&] { return OutcomesAtTheCollector() == 3; }));
  EXPECT_EQ(host_->StopAgent().code, 0);
  std::filesystem::remove_all(host_->state());
  std::filesystem::rename(snapshot, host_->state());
  host_->StartAgent();
  ASSERT_TRUE(Eventually([&] { return Status() == 402; }));
  EXPECT_THAT(host_->Ask(MessageBody("hello")).body, HasSubstr("set this host aside"));
  EXPECT_THAT(host_->Run({"status"}).output, HasSubstr("quarantined"));

  keep_.Done("POST", "/v1/agents/" + AgentId() + "/forfeit");
  EXPECT_TRUE(Eventually([&] { return Status() == 200; }));
  const size_t before = OutcomesAtTheCollector();
  ASSERT_EQ(Status(), 200);
  EXPECT_TRUE(Eventually([&] { return OutcomesAtTheCollector() > before; }));
  EXPECT_TRUE(Eventually([&] { return host_->Metric("postern_collector_unsent_events") == 0; }));
  EXPECT_EQ(host_->Run({"events", "verify"}).ending.code, 0);
}

TEST_F(Member, ARevokedHostIsShutOut) {
  Join();
  MakeKey();
  ASSERT_EQ(Status(), 200);
  const std::string body = keep_.Done("POST", "/v1/agents/" + AgentId() + "/revoke");
  EXPECT_THAT(body, HasSubstr("main"));  // to be rotated
  ASSERT_TRUE(Eventually([&] { return Status() == 402; }));
  EXPECT_THAT(host_->Ask(MessageBody("hello")).body, HasSubstr("shut this host out"));
}

TEST_F(Member, TheDoctorFindsNothingUntilTheCollectorIsAway) {
  Join();
  const std::string settings = host_->directory() / "claude-code";
  host_->directory().Write("claude-code/managed-settings.json",
                           R"({"env":{"ANTHROPIC_BASE_URL":")" + host_->base_url() + "\"}}");
  ASSERT_TRUE(Eventually([&] { return host_->Run({"doctor", "--settings", settings}).ending.code == 0; }))
      << host_->Run({"doctor", "--settings", settings}).output;
  keep_.Stop();
  const auto away = host_->Run({"doctor", "--settings", settings});
  EXPECT_EQ(away.ending.code, 1);
  EXPECT_THAT(away.output, HasSubstr("can't be reached"));
}

TEST_F(Member, KeysOfAFileDoNotCount) {
  Join();
  const auto made = host_->Run({"key", "create", "--user", "mallory"});
  ASSERT_EQ(made.ending.code, 0) << made.errors;
  EXPECT_THAT(made.errors, HasSubstr("this one doesn't"));
  host_->set_key(made.output.substr(0, made.output.find('\n')));
  EXPECT_EQ(Status(), 401);
}

TEST_F(Member, EnrolmentSaysWhyNot) {
  Join();
  const auto enroll = [&](const std::string& token, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"enroll", keep_.url(), "--token-file",
                                      host_->directory().Write("token", token)};
    words.insert(words.end(), more.begin(), more.end());
    return host_->Run(words);
  };
  const std::string token = keep_.EnrolmentToken();
  const auto twice = enroll(token);
  EXPECT_EQ(twice.ending.code, 1);
  EXPECT_THAT(twice.errors, HasSubstr("enrolled already"));
  EXPECT_EQ(enroll(token, {"--again"}).ending.code, 0);
  const auto spent = enroll(token, {"--again"});
  EXPECT_EQ(spent.ending.code, 1);
  EXPECT_THAT(spent.errors, HasSubstr("used already"));
  std::string other = keep_.EnrolmentToken();
  other.back() = other.back() == '0' ? '1' : '0';
  const auto wrong = enroll(other, {"--again"});
  EXPECT_EQ(wrong.ending.code, 1);
  EXPECT_THAT(wrong.errors, HasSubstr("not the one that made this token"));
  EXPECT_EQ(enroll("nonsense", {"--again"}).ending.code, 2);
  keep_.Stop();
  EXPECT_EQ(enroll(other, {"--again"}).ending.code, 3);
}

TEST_F(Member, AHostThatMustBeAMemberDoesNotStartBefore) {
  support::TemporaryDirectory directory;
  const std::string config = directory.Write(
      "agent.yaml", "listen: 127.0.0.1:0\noperations: 127.0.0.1:0\nstate: state\ncollector: required\n");
  const auto finished = support::RunProcess({.argv = {AgentProgram(), "run", "--config", config}});
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->ending.code, 2);
  EXPECT_THAT(finished->errors, HasSubstr("isn't enrolled"));
}

}  // namespace
}  // namespace postern::end_to_end
