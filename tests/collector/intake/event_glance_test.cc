#include "collector/intake/event_glance.h"

#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace postern::intake {
namespace {

wire::Event Headed() {
  wire::Event event;
  event.set_version(1);
  event.set_salt(std::string("\0\x80\xff salt of 16 b", 16));
  event.set_incarnation(0xfedcba9876543210);
  event.set_sequence(300);
  event.set_wall_time(-5);
  event.set_boot_time(77);
  event.set_cut_strings(1);
  event.set_dropped_items(2);
  return event;
}

void Fill(wire::Principal& principal) {
  principal.set_key_id("k7x2m9q4w8ab");
  principal.set_user("alice@example.com");
  principal.set_team("platform");
  principal.set_organisation("acme");
}

void Fill(wire::OsUser& user) {
  user.set_known(true);
  user.set_uid(1000);
  user.set_name("alice");
  user.set_pid(-1);
  user.set_executable("/usr/bin/claude");
  user.set_directory("/home/alice");
}

wire::Event Intent() {
  wire::Event event = Headed();
  wire::Intent& intent = *event.mutable_intent();
  intent.set_exchange("0123456789abcdef");
  Fill(*intent.mutable_principal());
  Fill(*intent.mutable_os_user());
  intent.set_call(wire::CALL_MESSAGES);
  intent.set_model("claude-opus-4-5");
  intent.set_stream(true);
  intent.set_max_tokens(32'000);
  intent.set_body_bytes(1 << 20);
  intent.set_messages(12);
  intent.add_tools("Bash");
  intent.add_tools("Edit");
  intent.add_server_tools("web_search_20250305");
  intent.set_session("session");
  intent.set_agent("agent");
  intent.set_parent_agent("parent");
  intent.set_user_agent("claude-cli/2.0.14");
  intent.set_upstream("anthropic");
  intent.set_peer("127.0.0.1:30000");
  intent.set_policy_version(3);
  intent.set_rule("teams.ml.models.allow[0]");
  intent.add_removed_tools("WebFetch");
  intent.set_lowered_max_tokens(8'000);
  intent.set_provider("anthropic");
  intent.add_residency("eu");
  intent.add_residency("us");
  return event;
}

wire::Event Outcome() {
  wire::Event event = Headed();
  wire::Outcome& outcome = *event.mutable_outcome();
  outcome.set_exchange("0123456789abcdef");
  outcome.set_status(200);
  outcome.set_ending(wire::ENDING_CLIENT_GONE);
  outcome.set_upstream_request_id("req_1");
  outcome.set_upstream_model("claude-opus-4-5");
  outcome.set_upstream_message_id("msg_1");
  wire::Usage& usage = *outcome.mutable_usage();
  usage.set_input(1);
  usage.set_output(~uint64_t{0});
  usage.set_cache_read(3);
  usage.set_cache_write_5m(4);
  usage.set_cache_write_1h(5);
  usage.set_thinking(6);
  usage.set_web_searches(7);
  usage.set_web_fetches(8);
  usage.set_service_tier("standard");
  usage.set_speed("fast");
  usage.set_inference_geo("eu");
  outcome.set_cost_nano_dollars(-7);
  outcome.set_price_version("2026-11-01");
  outcome.set_estimated(true);
  outcome.set_stop_reason("tool_use");
  outcome.add_tool_uses("Bash");
  outcome.set_bytes_in(1);
  outcome.set_bytes_out(2);
  outcome.set_first_byte_ns(3);
  outcome.set_total_ns(4);
  outcome.set_error_type("overloaded_error");
  Fill(*outcome.mutable_os_user());
  for (const char* account : {"ml-month", "each-day/alice"}) {
    wire::Charge& charge = *outcome.add_charges();
    charge.set_account(account);
    charge.mutable_window()->set_begin(-1);
    charge.mutable_window()->set_end(1'795'478'400'000'000'000);
    charge.set_amount(12);
    charge.set_reserved(-15);
    charge.set_used(1'000'000'000'000);
    charge.set_admitted(10);
  }
  outcome.set_admission("estimated");
  outcome.set_extensions(2);
  outcome.set_refused_extension("ml-month");
  return event;
}

wire::Event Refusal() {
  wire::Event event = Headed();
  wire::Refusal& refusal = *event.mutable_refusal();
  refusal.set_exchange("0123456789abcdef");
  refusal.set_reason("unknown_model");
  refusal.set_status(400);
  refusal.set_rule("rule");
  Fill(*refusal.mutable_principal());
  Fill(*refusal.mutable_os_user());
  refusal.set_model("gpt");
  refusal.set_call(wire::CALL_MESSAGES);
  refusal.set_session("session");
  refusal.set_user_agent("curl");
  refusal.set_peer("127.0.0.1:30000");
  refusal.set_times(12);
  refusal.set_first_wall_time(-1);
  refusal.set_last_wall_time(1);
  refusal.set_policy_version(3);
  refusal.set_provider("anthropic");
  refusal.add_residency("eu");
  refusal.set_account("ml-month");
  refusal.set_resets(1'795'478'400'000'000'000);
  return event;
}

wire::Event SecretFound() {
  wire::Event event = Headed();
  wire::SecretFound& found = *event.mutable_secret_found();
  found.set_exchange("0123456789abcdef");
  found.set_rule("aws-access-key");
  found.set_action(wire::SECRET_ACTION_REDACT);
  found.set_in_answer(true);
  found.set_part("tool_result");
  found.set_message(4);
  found.set_block(1);
  found.set_tool("Read");
  found.set_fingerprint(std::string(16, '\xff'));
  found.set_length(20);
  Fill(*found.mutable_principal());
  Fill(*found.mutable_os_user());
  found.set_model("claude-opus-4-5");
  found.set_call(wire::CALL_COUNT_TOKENS);
  found.set_session("session");
  found.set_policy_version(3);
  found.set_policy_rule("organisation.secrets[0]");
  found.set_path("app/.env");
  found.set_times(2);
  return event;
}

wire::Event FirstUse() {
  wire::Event event = Headed();
  event.mutable_key_first_used()->set_key_id("k7x2m9q4w8ab");
  Fill(*event.mutable_key_first_used()->mutable_principal());
  Fill(*event.mutable_key_first_used()->mutable_os_user());
  return event;
}

wire::Event Start() {
  wire::Event event = Headed();
  event.mutable_start()->set_public_key(std::string(32, 'k'));
  event.mutable_start()->set_host("laptop-17");
  return event;
}

wire::Event Gap() {
  wire::Event event = Headed();
  event.mutable_gap()->set_reason("full");
  event.mutable_gap()->set_intents(5);
  return event;
}

// Whatever the quick way finds, protobuf finds the same.
void ExpectSame(const std::string& bytes) {
  const auto quick = GlanceQuickly(bytes);
  auto thorough = GlanceThoroughly(bytes);
  EXPECT_EQ(GlanceAt(bytes).has_value(), thorough.has_value());
  if (!quick) return;
  ASSERT_TRUE(thorough);
  const auto keeps_what_is_seen = std::exchange(thorough->whole, nullptr);
  EXPECT_TRUE(*quick == *thorough);
}

// As the encoding has it.
std::string Tag(int number, int type) { return {static_cast<char>(number << 3 | type)}; }
std::string LongTag(int number, int type) {
  return {static_cast<char>(((number << 3 | type) & 0x7F) | 0x80), static_cast<char>(number >> 4)};
}
std::string Sized(const std::string& bytes) { return static_cast<char>(bytes.size()) + bytes; }

TEST(EventGlance, SeesWhatAnIntentSays) {
  const std::string bytes = Intent().SerializeAsString();
  const auto glance = GlanceQuickly(bytes);
  ASSERT_TRUE(glance);
  EXPECT_EQ(glance->body, wire::Event::kIntent);
  EXPECT_EQ(glance->incarnation, 0xfedcba9876543210);
  EXPECT_EQ(glance->sequence, 300u);
  EXPECT_EQ(glance->time(), WallTime(std::chrono::nanoseconds(-5)));
  EXPECT_EQ(glance->exchange, "0123456789abcdef");
  EXPECT_EQ(glance->organisation, "acme");
  EXPECT_EQ(glance->team, "platform");
  EXPECT_EQ(glance->user, "alice@example.com");
  EXPECT_EQ(glance->key, "k7x2m9q4w8ab");
  EXPECT_EQ(glance->model, "claude-opus-4-5");
  EXPECT_EQ(glance->session, "session");
  EXPECT_FALSE(glance->whole);
}

TEST(EventGlance, SeesForWhomASecretWasFound) {
  const std::string bytes = SecretFound().SerializeAsString();
  const auto glance = GlanceQuickly(bytes);
  ASSERT_TRUE(glance);
  EXPECT_EQ(glance->body, wire::Event::kSecretFound);
  EXPECT_EQ(glance->team, "platform");
  EXPECT_EQ(glance->user, "alice@example.com");
  EXPECT_EQ(glance->model, "claude-opus-4-5");
  EXPECT_EQ(glance->session, "session");
  ExpectSame(bytes);
}

TEST(EventGlance, SeesWhatAnOutcomeSays) {
  const std::string bytes = Outcome().SerializeAsString();
  const auto glance = GlanceQuickly(bytes);
  ASSERT_TRUE(glance);
  EXPECT_EQ(glance->body, wire::Event::kOutcome);
  EXPECT_EQ(glance->ending, static_cast<uint64_t>(wire::ENDING_CLIENT_GONE));
  EXPECT_EQ(glance->input, 1u);
  EXPECT_EQ(glance->output, ~uint64_t{0});
  EXPECT_EQ(glance->cache_read, 3u);
  EXPECT_EQ(glance->cache_write_5m, 4u);
  EXPECT_EQ(glance->cache_write_1h, 5u);
  EXPECT_EQ(glance->cost(), -7);
}

TEST(EventGlance, WhatAgentsWriteAllDayIsReadQuicklyAndAsProtobufReadsIt) {
  for (const wire::Event& event : {Intent(), Outcome(), Refusal(), FirstUse(), SecretFound(), Headed()}) {
    const std::string bytes = event.SerializeAsString();
    EXPECT_TRUE(GlanceQuickly(bytes)) << event.body_case();
    ExpectSame(bytes);
  }
}

TEST(EventGlance, OtherEventsAreReadAsWell) {
  const std::string start = Start().SerializeAsString();
  EXPECT_FALSE(GlanceQuickly(start));
  const auto glance = GlanceAt(start);
  ASSERT_TRUE(glance);
  EXPECT_EQ(glance->seal_key, std::string(32, 'k'));
  EXPECT_EQ(GlanceAt(Gap().SerializeAsString())->body, wire::Event::kGap);
}

TEST(EventGlance, AFieldOfANewerAgentIsPassedOver) {
  const std::string bytes = Intent().SerializeAsString() + LongTag(31, 2) + Sized("new");
  EXPECT_FALSE(GlanceQuickly(bytes));
  ASSERT_TRUE(GlanceAt(bytes));
  EXPECT_EQ(GlanceAt(bytes)->user, "alice@example.com");
}

TEST(EventGlance, APartThatComesTwiceIsMergedAsProtobufDoesIt) {
  const std::string user = Tag(wire::Intent::kPrincipalFieldNumber, 2) +
                           Sized(Tag(wire::Principal::kUserFieldNumber, 2) + Sized("alice"));
  const std::string team = Tag(wire::Intent::kPrincipalFieldNumber, 2) +
                           Sized(Tag(wire::Principal::kTeamFieldNumber, 2) + Sized("ml"));
  const std::string bytes = LongTag(wire::Event::kIntentFieldNumber, 2) + Sized(user + team);
  EXPECT_FALSE(GlanceQuickly(bytes));
  const auto glance = GlanceAt(bytes);
  ASSERT_TRUE(glance);
  EXPECT_EQ(glance->user, "alice");
  EXPECT_EQ(glance->team, "ml");
}

TEST(EventGlance, TheLastOfTwoBodiesCounts) {
  const std::string bytes = Intent().SerializeAsString() + Refusal().SerializeAsString();
  EXPECT_FALSE(GlanceQuickly(bytes));
  const auto glance = GlanceAt(bytes);
  ASSERT_TRUE(glance);
  EXPECT_EQ(glance->body, wire::Event::kRefusal);
  EXPECT_EQ(glance->exchange, "");
}

TEST(EventGlance, ATextThatIsNotUtf8IsNoEvent) {
  const std::string good = LongTag(wire::Event::kIntentFieldNumber, 2) +
                           Sized(Tag(wire::Intent::kModelFieldNumber, 2) + Sized("caf\xc3\xa9"));
  EXPECT_TRUE(GlanceQuickly(good));
  const std::string bad = LongTag(wire::Event::kIntentFieldNumber, 2) +
                          Sized(Tag(wire::Intent::kModelFieldNumber, 2) + Sized("caf\xe9"));
  EXPECT_FALSE(GlanceAt(bad));
}

TEST(EventGlance, WhatEndsTooSoonIsNoEvent) {
  const std::string bytes = Outcome().SerializeAsString();
  EXPECT_FALSE(GlanceAt(bytes.substr(0, bytes.size() - 1)));
  for (size_t size = 0; size < bytes.size(); ++size) ExpectSame(bytes.substr(0, size));
}

TEST(EventGlance, SeesTheSameAsProtobufInBytesThatWereSpoiled) {
  std::mt19937 random(20261129);
  const std::vector<std::string> all = {Intent().SerializeAsString(), Outcome().SerializeAsString(),
                                        Refusal().SerializeAsString(), FirstUse().SerializeAsString(),
                                        Start().SerializeAsString()};
  size_t quick = 0;
  for (int round = 0; round < 40'000; ++round) {
    std::string bytes = all[random() % all.size()];
    for (uint32_t i = 1 + random() % 3; i > 0; --i) {
      const size_t at = random() % bytes.size();
      switch (random() % 4) {
        case 0: bytes[at] = static_cast<char>(random()); break;
        case 1: bytes[at] = static_cast<char>(bytes[at] ^ 1 << random() % 8); break;
        case 2: bytes.erase(at, 1 + random() % 3); break;
        default: bytes.insert(at, 1, static_cast<char>(random())); break;
      }
      if (bytes.empty()) bytes = "x";
    }
    if (GlanceQuickly(bytes)) ++quick;
    ExpectSame(bytes);
  }
  EXPECT_GT(quick, 1000u);  // or this compares nothing
}

}  // namespace
}  // namespace postern::intake
