#include "agent/gate/blank_events.h"

#include <string>

#include <gtest/gtest.h>

namespace postern::gate {
namespace {

wire::Event SomeIntent() {
  wire::Event event;
  event.set_salt("salt");
  event.set_wall_time(5);
  event.set_cut_strings(1);
  wire::Intent& intent = *event.mutable_intent();
  intent.set_exchange("0123456789abcdef");
  intent.mutable_principal()->set_user("alice@example.com");
  intent.mutable_os_user()->set_known(true);
  intent.mutable_os_user()->set_executable("/usr/bin/claude");
  intent.set_model("a model with a long name");
  intent.add_tools("Bash");
  intent.set_rule("organisation.models.allow[0]");
  intent.set_policy_version(7);
  intent.set_peer("127.0.0.1:30000");
  return event;
}

wire::Event SomeOutcome() {
  wire::Event event;
  event.set_sequence(9);
  event.mutable_outcome()->set_status(200);
  event.mutable_outcome()->mutable_usage()->set_input(5);
  event.mutable_outcome()->add_tool_uses("Bash");
  event.mutable_outcome()->set_upstream_model("a model with a long name");
  return event;
}

std::string EmptyIntent() { return BlankEvents().Intent().SerializeAsString(); }
std::string EmptyOutcome() { return BlankEvents().Outcome().SerializeAsString(); }

TEST(BlankEvents, NothingOfWhatAnEventSaidIsLeftInIt) {
  BlankEvents blanks;
  std::vector<wire::Event> spent = {SomeIntent(), SomeOutcome()};
  blanks.Take(spent);
  EXPECT_TRUE(spent.empty());
  ASSERT_TRUE(blanks.has_intents() && blanks.has_outcomes());
  EXPECT_EQ(blanks.Intent().SerializeAsString(), EmptyIntent());
  EXPECT_EQ(blanks.Outcome().SerializeAsString(), EmptyOutcome());
  EXPECT_FALSE(blanks.has_intents() || blanks.has_outcomes());
}

TEST(BlankEvents, TheMemoryIsTheSame) {
  BlankEvents blanks;
  std::vector<wire::Event> spent;
  spent.push_back(SomeIntent());
  const wire::Intent* const intent = &spent[0].intent();
  const char* const text = spent[0].intent().model().data();
  blanks.Take(spent);
  const wire::Event event = blanks.Intent();
  EXPECT_EQ(&event.intent(), intent);
  EXPECT_EQ(event.intent().model().data(), text);
}

TEST(BlankEvents, AreMadeWhereThereAreNone) {
  BlankEvents blanks;
  EXPECT_TRUE(blanks.Intent().has_intent());
  EXPECT_TRUE(blanks.Intent().intent().has_principal());
  EXPECT_TRUE(blanks.Outcome().has_outcome());
  EXPECT_FALSE(blanks.Outcome().outcome().has_usage());
}

TEST(BlankEvents, OtherEventsAndTooManyAreLetGo) {
  BlankEvents blanks;
  std::vector<wire::Event> spent(1);
  spent[0].mutable_stop();
  blanks.Take(spent);
  EXPECT_TRUE(spent.empty());
  EXPECT_FALSE(blanks.has_intents() || blanks.has_outcomes());
  spent.assign(BlankEvents::kMost + 1, SomeOutcome());
  blanks.Take(spent);
  for (size_t i = 0; i < BlankEvents::kMost; ++i) blanks.Outcome();
  EXPECT_FALSE(blanks.has_outcomes());
}

}  // namespace
}  // namespace postern::gate
