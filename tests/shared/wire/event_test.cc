#include "shared/wire/event.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace postern::wire {
namespace {

std::string Long(char fill = 'x') { return std::string(100'000, fill); }

Event LargestIntent() {
  Event event;
  event.set_version(~0u);
  event.set_salt(Long());
  event.set_incarnation(~uint64_t{0});
  event.set_sequence(~uint64_t{0});
  event.set_wall_time(-1);
  event.set_boot_time(~uint64_t{0});
  Intent& intent = *event.mutable_intent();
  intent.set_exchange(Long());
  for (std::string* text :
       {intent.mutable_principal()->mutable_key_id(), intent.mutable_principal()->mutable_user(),
        intent.mutable_principal()->mutable_team(), intent.mutable_principal()->mutable_organisation(),
        intent.mutable_os_user()->mutable_name(), intent.mutable_os_user()->mutable_executable(),
        intent.mutable_os_user()->mutable_directory(), intent.mutable_model(), intent.mutable_session(),
        intent.mutable_agent(), intent.mutable_parent_agent(), intent.mutable_user_agent(),
        intent.mutable_upstream(), intent.mutable_peer(), intent.mutable_rule(), intent.mutable_provider()}) {
    *text = Long();
  }
  for (int i = 0; i < 1000; ++i) {
    intent.add_tools(Long());
    intent.add_server_tools(Long());
    intent.add_removed_tools(Long());
    intent.add_residency(Long());
  }
  intent.set_policy_version(~uint64_t{0});
  intent.set_lowered_max_tokens(~uint64_t{0});
  return event;
}

TEST(Bound, MakesTheLargestEventFit) {
  Event event = LargestIntent();
  Bound(event);
  EXPECT_LE(event.ByteSizeLong(), kMaxEventBytes);
  EXPECT_EQ(event.intent().tools_size(), static_cast<int>(kMaxTools));
  EXPECT_EQ(event.intent().tools(0).size(), kMaxNameBytes);
  EXPECT_EQ(event.dropped_items(),
            1000 - kMaxTools + 1000 - kMaxServerTools + 1000 - kMaxRemovedTools + 1000 - kMaxResidency);
  EXPECT_EQ(event.cut_strings(), 16 + 2 + kMaxTools + kMaxServerTools + kMaxRemovedTools + kMaxResidency);

  Event outcome;
  for (int i = 0; i < 1000; ++i) outcome.mutable_outcome()->add_tool_uses(Long());
  Bound(outcome);
  EXPECT_LE(outcome.ByteSizeLong(), kMaxEventBytes);
  EXPECT_EQ(outcome.outcome().tool_uses_size(), static_cast<int>(kMaxToolUses));
}

TEST(Bound, LeavesABoundedEventAsItIs) {
  Event event = LargestIntent();
  Bound(event);
  const std::string once = event.SerializeAsString();
  Bound(event);
  EXPECT_EQ(event.SerializeAsString(), once);
}

TEST(Bound, CutsAtACharacter) {
  Event event;
  event.mutable_stop()->set_reason(std::string(kMaxStringBytes - 1, 'a') + "é");
  Bound(event);
  EXPECT_EQ(event.stop().reason(), std::string(kMaxStringBytes - 1, 'a'));
  EXPECT_EQ(event.cut_strings(), 1u);
}

TEST(Bound, KeepsCharactersOfAnyLength) {
  Event event;
  event.mutable_stop()->set_reason("é € 𐍈 ok");
  Bound(event);
  EXPECT_EQ(event.stop().reason(), "é € 𐍈 ok");
  EXPECT_EQ(event.cut_strings(), 0u);
}

TEST(Bound, WhateverTheBytesTheEventCanBeReadBack) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    Event event;
    std::string bytes(random() % 400, '\0');
    // Mostly lead and continuation bytes, where the mistakes are.
    for (char& c : bytes) c = static_cast<char>(random() % 4 == 0 ? random() % 256 : 0x80 + random() % 0x80);
    event.mutable_refusal()->set_user_agent(bytes);
    Bound(event);
    EXPECT_LE(event.refusal().user_agent().size(), kMaxStringBytes);
    Event read;
    ASSERT_TRUE(read.ParseFromString(event.SerializeAsString())) << round;
    EXPECT_EQ(read.refusal().user_agent(), event.refusal().user_agent());
  }
}

TEST(Bound, InvalidBytesBecomeQuestionMarks) {
  for (const std::string bad :
       {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe0\x9f\xbf", "\xc3"}) {
    Event event;
    event.mutable_stop()->set_reason("a" + bad + "b");
    Bound(event);
    EXPECT_EQ(event.stop().reason(), "a" + std::string(bad.size(), '?') + "b");
  }
}

TEST(Bound, CutsEveryTextOfTheCollectorsOwnEvents) {
  Event event;
  Administration& call = *event.mutable_administration();
  for (std::string* text :
       {call.mutable_action(), call.mutable_outcome(), call.mutable_administrator(), call.mutable_name(),
        call.mutable_role(), call.mutable_target_kind(), call.mutable_target(), call.mutable_request_path(),
        call.mutable_source(), call.mutable_sentence()})
    *text = Long();
  Bound(event);
  EXPECT_EQ(event.cut_strings(), 10u);

  event.Clear();
  Enrolment& enrolment = *event.mutable_enrolment();
  for (std::string* text :
       {enrolment.mutable_agent(), enrolment.mutable_host(), enrolment.mutable_machine(),
        enrolment.mutable_curve_key(), enrolment.mutable_seal_key(), enrolment.mutable_sealing_key(),
        enrolment.mutable_version(), enrolment.mutable_token(), enrolment.mutable_enrolled_by(),
        enrolment.mutable_source()})
    *text = Long();
  Bound(event);
  EXPECT_EQ(event.cut_strings(), 10u);
  EXPECT_EQ(event.enrolment().seal_key().size(), 32u);

  event.Clear();
  Alarm& alarm = *event.mutable_alarm();
  for (std::string* text : {alarm.mutable_reason(), alarm.mutable_agent(), alarm.mutable_sentence()})
    *text = Long();
  Bound(event);
  EXPECT_EQ(event.cut_strings(), 3u);

  event.Clear();
  CollectorStart& start = *event.mutable_collector_start();
  for (std::string* text : {start.mutable_public_key(), start.mutable_previous_head(),
                            start.mutable_program(), start.mutable_version(), start.mutable_host()})
    *text = Long();
  Bound(event);
  EXPECT_EQ(event.cut_strings(), 5u);
  EXPECT_LE(event.ByteSizeLong(), kMaxEventBytes);
}

TEST(Bound, CutsEveryTextOfAPolicyChange) {
  Event event;
  PolicyChange& change = *event.mutable_policy_change();
  change.set_sha256(Long());
  change.set_outcome(Long());
  change.set_sentence(Long());
  Bound(event);
  EXPECT_EQ(change.sha256().size(), 32u);
  EXPECT_EQ(change.sentence().size(), kMaxStringBytes);
  EXPECT_EQ(event.cut_strings(), 3u);
  EXPECT_STREQ(KindName(event), "policy_change");
}

TEST(IsUtf8, IsWhatProtobufReadsBack) {
  std::mt19937 random(2);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 6, '\0');
    for (char& c : bytes) c = static_cast<char>(random() % 4 == 0 ? random() % 256 : 0x80 + random() % 0x80);
    Event event, read;
    event.mutable_stop()->set_reason(bytes);
    EXPECT_EQ(IsUtf8(bytes), read.ParseFromString(event.SerializeAsString())) << round;
  }
}

TEST(ParseExchange, NeedsSixteenBytes) {
  EXPECT_FALSE(ParseExchange("short"));
  const auto id = ParseExchange("0123456789abcdef");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->raw(), "0123456789abcdef");
}

TEST(Event, UnknownFieldsAreKept) {
  Event event;
  event.mutable_stop()->set_reason("x");
  std::string bytes = event.SerializeAsString();
  bytes +=
      std::string("\xc2\x01\x02hi", 5);  // field 24, length-delimited: a body that this version doesn't know
  Event read;
  ASSERT_TRUE(read.ParseFromString(bytes));
  EXPECT_EQ(read.SerializeAsString(), bytes);
}

}  // namespace
}  // namespace postern::wire
