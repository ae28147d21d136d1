#include "shared/event_view/event_json.h"

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
