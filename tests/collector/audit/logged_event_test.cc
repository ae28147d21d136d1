#include "collector/audit/logged_event.h"

#include <gtest/gtest.h>

#include "shared/base/hex.h"
#include "tests/collector/audit/log_of.h"

namespace postern::audit {
namespace {

std::string JsonOf(const store::StoredEvent& event) {
  json::Writer out;
  WriteJson(event, out);
  return out.Take();
}

TEST(LoggedEvent, AnOutcomeShowsWhoseItIsThoughItsBytesDont) {
  const auto store = store::MakeMemoryStore();
  LogOf log(*store);
  log.Add(Outcome(ExchangeAt(At(5), 1)),
          {.time = At(5), .user = "ada", .decision = store::Decision::kAllowed});
  const auto event = (*store->Events({store::Leaf{0}}))[0];
  EXPECT_EQ(
      JsonOf(event),
      R"({"leaf":0,"agent":"agent0000000","received_at":"1970-01-01T00:00:05.000000000Z","sha256":")" +
          ToHex(crypto::AsBytes(event.entry.event)) +
          R"(","time":"1970-01-01T00:00:05.000000000Z","kind":"outcome","user":"ada","decision":"allowed",)"
          R"("event":{"sequence":1,"incarnation":"0000000000000001","time":"1970-01-01T00:00:05.000000000Z",)"
          R"("kind":"outcome","exchange":")" +
          ExchangeAt(At(5), 1).ToString() + R"(","status":200,"ending":"unknown"}})");
}

TEST(LoggedEvent, WhatLostItsBodyOrCantBeReadHasNoEvent) {
  store::StoredEvent event;
  event.entry.agent = "collector";
  event.facts.kind = "stop";
  EXPECT_NE(JsonOf(event).find(R"("kind":"stop","event":null)"), std::string::npos) << JsonOf(event);
  event.bytes = "\xff\xff\xff";
  EXPECT_NE(JsonOf(event).find(R"("event":null)"), std::string::npos);
}

}  // namespace
}  // namespace postern::audit
