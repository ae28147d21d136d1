// What any enrolled agent may say of money: frames, each after its length in two bytes, the most significant
// first. Nothing of it stops the treasury, and the rows that come of it can be read.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "collector/store/memory_store.h"
#include "collector/treasury/rows.h"
#include "collector/treasury/treasury.h"
#include "shared/base/check.h"
#include "shared/limits/wire_form.h"
#include "shared/policy/zone.h"
#include "shared/wire/conversation.h"

using namespace postern;  // NOLINT: this file has no names of its own

namespace {

constexpr WallTime kNow{std::chrono::seconds(1'795'435'200)};

treasury::Terms Terms() {
  std::vector<limits::Limit> limits(2);
  limits[0].id = "usd";
  limits[0].amount = Amount(10);
  limits[1].id = "slots";
  limits[1].unit = limits::Unit::kConcurrent;
  limits[1].amount = Amount(2);
  auto table = limits::Table::Make(std::move(limits), policy::Utc());
  CHECK(table);
  return {.limits = std::make_shared<const limits::Table>(*std::move(table))};
}

void Turn(treasury::Treasury& treasury, store::Store& store) {
  std::vector<treasury::Settlement> none;
  store::Change change;
  CHECK(treasury.Prepare(none, change));
  const auto receipt = change.empty() ? Result<store::Receipt>(store::Receipt()) : store.Commit(change);
  CHECK(receipt);
  treasury.Committed(*receipt);
}

void Say(treasury::Treasury& treasury, const wire::FromAgent& message) {
  const treasury::Holder holder{"a", 1};
  if (message.has_demand()) treasury.Ask(holder, limits::FromWire(message.demand()));
  if (message.has_returned()) treasury.GiveBack(holder, limits::FromWire(message.returned()));
  if (!message.has_hello()) return;
  limits::Return report;
  for (const wire::Holding& holding : message.hello().holdings())
    report.held.push_back(limits::FromWire(holding));
  static_cast<void>(treasury.Doubt(holder, report));
  treasury.Greet(holder, message.hello().now().incarnation(), std::move(report),
                 WallTime(std::chrono::nanoseconds(message.hello().at())));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto store = store::MakeMemoryStore();
  const auto opened = treasury::Treasury::Open(*store, 1, Terms(), {.wall_now = [] { return kNow; }});
  CHECK(opened);
  treasury::Treasury& treasury = **opened;
  treasury.Greet({"a", 1}, 1, {}, kNow);
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (rest.size() >= 2) {
    const size_t length = static_cast<uint8_t>(rest[0]) * size_t{256} + static_cast<uint8_t>(rest[1]);
    const std::string_view frame = rest.substr(2, length);
    rest.remove_prefix(2 + frame.size());
    if (const auto message = wire::DecodeFromAgent(frame)) Say(treasury, *message);
    Turn(treasury, *store);
  }
  const auto problems = treasury::CheckRows(*store);
  CHECK(problems && problems->empty());
  return 0;
}
