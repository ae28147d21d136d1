#include "agent/commands/event_json.h"

#include <gtest/gtest.h>

#include "tests/agent/spool/events.h"

namespace postern::commands {
namespace {

TEST(EventJson, AnIntentIsOneLine) {
  wire::Event event = spool::Intent(1);
  event.set_sequence(17);
  event.set_incarnation(0xabc);
  event.set_wall_time(1'700'000'000'000'000'000);
  event.mutable_intent()->add_tools("Bash");
  event.mutable_intent()->add_tools("a\"b");
  event.mutable_intent()->mutable_os_user()->set_known(true);
  EXPECT_EQ(
      ToJsonLine(18, event),
      R"({"position":18,"sequence":17,"incarnation":"0000000000000abc","time":"2023-11-14T22:13:20.000000000Z","kind":"intent",)"
      R"("exchange":"req_00000000000000000000000001","principal":{"user":"ada"},"os_user":{"uid":0},"call":"messages",)"
      R"("model":"claude-sonnet-4-5","tools":["Bash","a\"b"]})");
}

TEST(EventJson, AnOutcomeHasItsUsage) {
  EXPECT_EQ(
      ToJsonLine(1, spool::Outcome(1)),
      R"({"position":1,"kind":"outcome","exchange":"req_00000000000000000000000001","status":200,"ending":"complete",)"
      R"("usage":{"output":7}})");
}

}  // namespace
}  // namespace postern::commands
