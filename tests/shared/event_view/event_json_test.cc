#include "shared/event_view/event_json.h"

#include <limits>

#include <gtest/gtest.h>

namespace postern::event_view {
namespace {

std::string JsonOf(const wire::Event& event) {
  json::Writer out;
  out.BeginObject();
  WriteJson(event, out);
  return out.EndObject().Take();
}

TEST(EventView, TheHeadComesFirstAndWhatIsEmptyIsLeftOut) {
  wire::Event event;
  event.set_sequence(17);
  event.set_incarnation(0xabc);
  event.set_wall_time(1'700'000'000'000'000'000);
  event.set_cut_strings(2);
  event.mutable_stop()->set_reason("terminated");
  EXPECT_EQ(JsonOf(event),
            R"({"sequence":17,"incarnation":"0000000000000abc","time":"2023-11-14T22:13:20.000000000Z",)"
            R"("kind":"stop","cut_strings":2,"reason":"terminated"})");
  EXPECT_EQ(JsonOf({}), R"({"kind":"unknown"})");
}

TEST(EventView, TheRootUserIsShownThoughItsNumberIsZero) {
  wire::Event event;
  event.mutable_intent()->mutable_os_user()->set_known(true);
  EXPECT_NE(JsonOf(event).find(R"("os_user":{"uid":0})"), std::string::npos) << JsonOf(event);
  event.mutable_intent()->mutable_os_user()->set_known(false);
  EXPECT_EQ(JsonOf(event).find("os_user"), std::string::npos);
}

TEST(EventView, AnOutcomeHasItsUsageAndItsCost) {
  wire::Event event;
  wire::Outcome& outcome = *event.mutable_outcome();
  outcome.set_exchange(std::string(16, '\1'));
  outcome.set_ending(wire::ENDING_COMPLETE);
  outcome.mutable_usage()->set_output(7);
  outcome.set_cost_nano_dollars(42);
  outcome.set_estimated(true);
  outcome.add_tool_uses("Bash");
  EXPECT_EQ(JsonOf(event),
            R"({"kind":"outcome","exchange":"req_01040G2081040G2081040G2081","ending":"complete",)"
            R"("usage":{"output":7},"cost_nano_dollars":42,"estimated":true,"tool_uses":["Bash"]})");
}

TEST(EventView, WhatAPolicyDecidedIsShown) {
  wire::Event event;
  wire::Intent& intent = *event.mutable_intent();
  intent.set_policy_version(14);
  intent.set_rule("teams.ml.models.allow[0]");
  intent.add_removed_tools("Bash");
  intent.set_lowered_max_tokens(8000);
  intent.set_provider("anthropic");
  intent.add_residency("eu");
  EXPECT_EQ(JsonOf(event), R"({"kind":"intent","call":"unknown","policy_version":14,)"
                           R"("rule":"teams.ml.models.allow[0]","removed_tools":["Bash"],)"
                           R"("lowered_max_tokens":8000,"provider":"anthropic","residency":["eu"]})");
  event.mutable_refusal()->set_rule("teams.ml.models.deny[2]");
  event.mutable_refusal()->set_policy_version(14);
  event.mutable_refusal()->set_provider("bedrock");
  event.mutable_refusal()->add_residency("us");
  EXPECT_EQ(JsonOf(event), R"({"kind":"refusal","rule":"teams.ml.models.deny[2]","policy_version":14,)"
                           R"("provider":"bedrock","residency":["us"]})");
  event.mutable_outcome()->set_ending(wire::ENDING_REVOKED);
  EXPECT_EQ(JsonOf(event), R"({"kind":"outcome","ending":"revoked"})");
}

TEST(EventView, AnOutcomeSaysWhatWasReservedAndSpentInEachAccount) {
  wire::Event event;
  wire::Outcome& outcome = *event.mutable_outcome();
  outcome.set_ending(wire::ENDING_BUDGET);
  outcome.set_admission("estimated");
  wire::Charge& month = *outcome.add_charges();
  month.set_account("ml-month");
  month.mutable_window()->set_begin(1'700'000'000'000'000'000);
  month.mutable_window()->set_end(1'700'000'001'000'000'000);
  month.set_amount(5);
  month.set_admitted(3);
  month.set_reserved(7);
  month.set_used(15);
  wire::Charge& slots = *outcome.add_charges();
  slots.set_account("slots/k1");
  slots.mutable_window()->set_begin(std::numeric_limits<int64_t>::min());
  slots.mutable_window()->set_end(std::numeric_limits<int64_t>::max());
  outcome.set_extensions(2);
  outcome.set_refused_extension("ml-month");
  EXPECT_EQ(JsonOf(event),
            R"({"kind":"outcome","ending":"budget","admission":"estimated","charges":[{"account":"ml-month",)"
            R"("begins":"2023-11-14T22:13:20.000000000Z","ends":"2023-11-14T22:13:21.000000000Z","amount":5,)"
            R"("admitted":3,"reserved":7,"used":15},{"account":"slots/k1","amount":0}],"extensions":2,)"
            R"("refused_extension":"ml-month"})");
  event.mutable_refusal()->set_account("ml-month");
  event.mutable_refusal()->set_resets(1'700'000'000'000'000'000);
  EXPECT_EQ(JsonOf(event),
            R"({"kind":"refusal","account":"ml-month","resets":"2023-11-14T22:13:20.000000000Z"})");
}

TEST(EventView, ASecretIsShownByEverythingButItself) {
  wire::Event event;
  wire::SecretFound& found = *event.mutable_secret_found();
  found.set_rule("aws-access-key");
  found.set_action(wire::SECRET_ACTION_REDACT);
  found.set_part("tool_result");
  found.set_message(4);
  found.set_tool("Read");
  found.set_path("app/.env");
  found.set_fingerprint("\x01\xff");
  found.set_length(20);
  found.set_times(2);
  found.set_policy_rule("organisation.secrets[0]");
  EXPECT_EQ(JsonOf(event),
            R"({"kind":"secret_found","secret_rule":"aws-access-key","action":"redact","part":"tool_result",)"
            R"("message":4,"block":0,"tool":"Read","path":"app/.env","fingerprint":"01ff","length":20,)"
            R"("times":2,"rule":"organisation.secrets[0]"})");
}

TEST(EventView, AChangeOfPolicyNamesBothVersions) {
  wire::Event event;
  wire::PolicyChange& change = *event.mutable_policy_change();
  change.set_version(15);
  change.set_sha256("\x01\xff");
  change.set_outcome("refused");
  change.set_sentence("the policy is another collector's");
  change.set_former_version(14);
  EXPECT_EQ(JsonOf(event), R"({"kind":"policy_change","outcome":"refused","policy_version":15,)"
                           R"("policy_sha256":"01ff","former_policy_version":14,)"
                           R"("sentence":"the policy is another collector's"})");
}

TEST(EventView, TheCollectorsOwnEventsAreShownToo) {
  wire::Event event;
  wire::Administration& call = *event.mutable_administration();
  call.set_action("key.revoke");
  call.set_outcome("refused");
  call.set_name("ada");
  call.set_request_path("/v1/keys/k7x2m9q4w8ab/revoke");
  EXPECT_EQ(JsonOf(event),
            R"({"kind":"administration","action":"key.revoke","outcome":"refused","name":"ada",)"
            R"("request_path":"/v1/keys/k7x2m9q4w8ab/revoke"})");
  event.mutable_enrolment()->set_curve_key("\x01\xff");
  EXPECT_EQ(JsonOf(event), R"({"kind":"enrolment","curve_key":"01ff"})");
}

}  // namespace
}  // namespace postern::event_view
