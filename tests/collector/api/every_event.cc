#include "tests/collector/api/every_event.h"

#include <string>

namespace postern::api {
namespace {

const std::string kId(16, '\1');

void Fill(wire::Principal& principal) {
  principal.set_key_id("k7x2m9q4w8ab");
  principal.set_user("ada@example.com");
  principal.set_team("platform");
  principal.set_organisation("acme");
}

void Fill(wire::OsUser& user) {
  user.set_known(true);
  user.set_uid(1000);
  user.set_name("ada");
  user.set_pid(7);
  user.set_executable("/usr/bin/node");
  user.set_directory("/home/ada");
}

wire::Event Start() {
  wire::Event event;
  event.set_cut_strings(1);
  event.set_dropped_items(1);
  wire::Start& start = *event.mutable_start();
  start.set_public_key(kId);
  start.set_previous_incarnation(7);
  start.set_previous_head(kId);
  start.set_machine(kId);
  start.set_agent_version("1.0");
  start.set_host("build-1");
  start.set_operating_system("Debian");
  start.set_sync_mode("before_answer");
  start.set_configuration(kId);
  return event;
}

wire::Event Intent() {
  wire::Event event;
  wire::Intent& intent = *event.mutable_intent();
  intent.set_exchange(kId);
  Fill(*intent.mutable_principal());
  Fill(*intent.mutable_os_user());
  intent.set_call(wire::CALL_MESSAGES);
  intent.set_model("claude-sonnet-4-5");
  intent.set_stream(true);
  intent.set_max_tokens(1);
  intent.set_body_bytes(1);
  intent.set_messages(1);
  intent.add_tools("Bash");
  intent.add_server_tools("web_search");
  intent.set_session("session");
  intent.set_agent("agent");
  intent.set_parent_agent("parent");
  intent.set_user_agent("claude-cli");
  intent.set_upstream("anthropic");
  intent.set_peer("127.0.0.1:1");
  intent.set_policy_version(3);
  intent.set_rule("organisation.models.allow[0]");
  intent.add_removed_tools("Bash");
  intent.set_lowered_max_tokens(16'000);
  intent.set_provider("anthropic");
  intent.add_residency("eu");
  return event;
}

wire::Event Outcome() {
  wire::Event event;
  wire::Outcome& outcome = *event.mutable_outcome();
  outcome.set_exchange(kId);
  outcome.set_status(200);
  outcome.set_ending(wire::ENDING_COMPLETE);
  outcome.set_upstream_request_id("req");
  outcome.set_upstream_model("model");
  outcome.set_upstream_message_id("msg");
  wire::Usage& usage = *outcome.mutable_usage();
  usage.set_input(1);
  usage.set_output(1);
  usage.set_cache_read(1);
  usage.set_cache_write_5m(1);
  usage.set_cache_write_1h(1);
  usage.set_thinking(1);
  usage.set_web_searches(1);
  usage.set_web_fetches(1);
  usage.set_service_tier("standard");
  usage.set_speed("fast");
  usage.set_inference_geo("us");
  outcome.set_cost_nano_dollars(1);
  outcome.set_price_version("1");
  outcome.set_estimated(true);
  outcome.set_stop_reason("end_turn");
  outcome.add_tool_uses("Bash");
  outcome.set_bytes_in(1);
  outcome.set_bytes_out(1);
  outcome.set_first_byte_ns(1);
  outcome.set_total_ns(1);
  outcome.set_error_type("overloaded_error");
  Fill(*outcome.mutable_os_user());
  return event;
}

wire::Event Refusal() {
  wire::Event event;
  wire::Refusal& refusal = *event.mutable_refusal();
  refusal.set_exchange(kId);
  refusal.set_reason("no_key");
  refusal.set_status(401);
  refusal.set_rule("rule");
  refusal.set_times(2);
  refusal.set_first_wall_time(1);
  refusal.set_last_wall_time(2);
  return event;
}

wire::Event PolicyChange() {
  wire::Event event;
  wire::PolicyChange& change = *event.mutable_policy_change();
  change.set_version(3);
  change.set_sha256(kId);
  change.set_outcome("refused");
  change.set_sentence("its signature is wrong");
  change.set_former_version(2);
  return event;
}

wire::Event Gap() {
  wire::Event event;
  wire::Gap& gap = *event.mutable_gap();
  gap.set_reason("full");
  gap.set_intents(1);
  gap.set_outcomes(1);
  gap.set_refusals(1);
  gap.set_others(1);
  gap.set_first_wall_time(1);
  gap.set_last_wall_time(2);
  return event;
}

wire::Event FirstUse() {
  wire::Event event;
  event.mutable_key_first_used()->set_key_id("k7x2m9q4w8ab");
  Fill(*event.mutable_key_first_used()->mutable_principal());
  return event;
}

wire::Event Alarm() {
  wire::Event event;
  wire::Alarm& alarm = *event.mutable_alarm();
  alarm.set_reason("fork");
  alarm.set_agent("k7x2m9q4w8ab");
  alarm.set_sentence("its history forked");
  alarm.set_incarnation(7);
  return event;
}

wire::Event CollectorStart() {
  wire::Event event;
  wire::CollectorStart& start = *event.mutable_collector_start();
  start.set_public_key(kId);
  start.set_previous_incarnation(1);
  start.set_previous_head(kId);
  start.set_program("run");
  start.set_version("1.0");
  start.set_host("keep");
  return event;
}

}  // namespace

std::vector<wire::Event> EveryEvent() {
  return {Start(), Intent(),   Outcome(), Refusal(),       PolicyChange(),
          Gap(),   FirstUse(), Alarm(),   CollectorStart()};
}

}  // namespace postern::api
