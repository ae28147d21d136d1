#include "tests/end_to_end/fleet_books.h"

#include <algorithm>
#include <cstdlib>

#include "shared/base/check.h"
#include "tests/end_to_end/furnished.h"

namespace postern::end_to_end {
namespace {

int64_t Number(const json::Object& object, std::string_view name) {
  const auto number = object.OptionalInteger(name, INT64_MIN, INT64_MAX);
  CHECK(number);
  return number->value_or(0);
}

std::string Text(const json::Object& object, std::string_view name) {
  const auto text = object.OptionalText(name);
  CHECK(text);
  return text->value_or("");
}

WallTime Time(const json::Object& object, std::string_view name) {
  const auto time = ParseRfc3339(Text(object, name));
  CHECK(time.has_value());
  return *time;
}

std::vector<json::Object> Objects(const json::Object& object, std::string_view name) {
  std::vector<json::Object> objects;
  const auto list = object.Find(name);
  if (!list) return objects;
  const auto values = list->AsList();
  CHECK(values);
  for (const json::Value& value : *values) objects.push_back(*value.AsOpenObject());
  return objects;
}

}  // namespace

void FleetBooks::Read(const Keep& keep) {
  for (;;) {
    const json::Object page =
        Object(keep.Done("GET", "/v1/events?limit=200&wait=0&after=" + std::to_string(read_)));
    const auto items = Objects(page, "items");
    if (items.empty()) return;
    for (const json::Object& item : items) {
      Enter(item);
      read_ = Number(item, "leaf");
    }
  }
}

void FleetBooks::Enter(const json::Object& item) {
  const json::Object event = *item.Find("event")->AsOpenObject();
  const std::string kind = Text(event, "kind");
  if (kind == "alarm") ++alarms_[Text(event, "reason")];
  if (kind == "refusal" && Text(event, "account") == account_)
    refusals_ += static_cast<uint64_t>(std::max<int64_t>(Number(event, "times"), 1));
  if (kind == "intent") exchanges_[Text(event, "exchange")].intent = Time(event, "time");
  if (kind != "outcome") return;
  Exchange& exchange = exchanges_[Text(event, "exchange")];
  ++exchange.outcomes;
  const bool was_refused = Text(event, "refused_extension") == account_;
  refused_extension_ += was_refused ? 1 : 0;
  interrupted_ += Text(event, "ending") == "interrupted" ? 1 : 0;
  const HolderName holder{Text(item, "agent"),
                          std::strtoull(Text(event, "incarnation").c_str(), nullptr, 16)};
  exchange.spending.outcome = Time(event, "time");
  for (const json::Object& charge : Objects(event, "charges")) {
    if (Text(charge, "account") != account_) continue;
    EnterCharge(charge, holder, exchange);
    const Spending& spending = exchange.spending;
    const int64_t beyond = std::max<int64_t>(0, spending.amount - spending.reserved);
    (was_refused ? beyond_reserved_ : unexpected_) += beyond;
  }
}

void FleetBooks::EnterCharge(const json::Object& charge, const HolderName& holder, Exchange& exchange) {
  Spending& spending = exchange.spending;
  spending.holder = holder;
  spending.intent = exchange.intent;
  spending.reserved = Number(charge, "reserved");
  spending.amount = Number(charge, "amount");
  exchange.is_charged = true;
  ++settled_;
  spent_ += spending.amount;
  int64_t& sum = sums_[holder];
  sum += spending.amount;
  if (sum != Number(charge, "used"))
    problems_.push_back("the counter of " + holder.first + " says " + std::to_string(Number(charge, "used")) +
                        ", its events " + std::to_string(sum));
}

std::vector<Spending> FleetBooks::Spendings() const {
  std::vector<Spending> spendings;
  for (const auto& [id, exchange] : exchanges_)
    if (exchange.is_charged) spendings.push_back(exchange.spending);
  return spendings;
}

std::vector<std::string> FleetBooks::Problems() const {
  std::vector<std::string> problems = problems_;
  for (const auto& [id, exchange] : exchanges_) {
    if (exchange.outcomes > 1)
      problems.push_back(id + " has " + std::to_string(exchange.outcomes) + " outcomes");
    if (exchange.intent == WallTime{}) problems.push_back(id + " has no intent");
  }
  return problems;
}

std::vector<std::string> FleetBooks::Open() const {
  std::vector<std::string> open;
  for (const auto& [id, exchange] : exchanges_)
    if (exchange.outcomes == 0) open.push_back(id + " has no outcome");
  return open;
}

StatedAccount StateAccount(const Keep& keep, const std::string& limit) {
  const json::Object stated = Object(keep.Done("GET", "/v1/limits/" + limit));
  for (const json::Object& account : Objects(stated, "accounts"))
    return {Number(account, "spent"), Number(account, "held"), Number(account, "left")};
  return {};
}

std::vector<LimitHolder> StateHolders(const Keep& keep, const std::string& limit) {
  std::vector<LimitHolder> holders;
  const json::Object stated = Object(keep.Done("GET", "/v1/limits/" + limit));
  for (const json::Object& account : Objects(stated, "accounts"))
    for (const json::Object& holder : Objects(account, "holders"))
      holders.push_back(
          {Text(holder, "host"), Text(holder, "state"), Number(holder, "spent"), Number(holder, "held")});
  return holders;
}

}  // namespace postern::end_to_end
