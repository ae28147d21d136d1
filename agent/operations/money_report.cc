#include "agent/operations/money_report.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "agent/gate/metrics.h"
#include "shared/base/json_text.h"

namespace postern::operations {
namespace {

constexpr int64_t kNanosInDollar = 1'000'000'000;

std::string DollarsText(int64_t nanos) {
  const std::string sign = nanos < 0 ? "-" : "";
  const uint64_t size = nanos < 0 ? ~static_cast<uint64_t>(nanos) + 1 : static_cast<uint64_t>(nanos);
  std::string fraction = std::to_string(size % kNanosInDollar);
  fraction.insert(0, 9 - fraction.size(), '0');
  fraction.erase(std::max(fraction.find_last_not_of('0') + 1, size_t{2}));  // cents at least
  return sign + std::to_string(size / kNanosInDollar) + "." + fraction;
}

const limits::Limit* FindLimit(const MoneyView& view, const std::string& account) {
  return view.terms == nullptr ? nullptr : view.terms->table.Find(limits::LimitOf(account));
}

std::string BalanceObject(const purse::Balance& balance, const limits::Limit* limit) {
  std::string out = R"({"account":)" + JsonString(balance.account);
  if (limit != nullptr) out += std::string(R"(,"unit":)") + JsonString(limits::Name(limit->unit));
  const auto amount = [&](std::string_view name, Amount value) {
    const bool is_money = limit != nullptr && limit->unit == limits::Unit::kUsd;
    out += ',' + JsonString(name) + ':' +
           (is_money ? DollarsText(value.units()) : std::to_string(value.units()));
  };
  amount("held", balance.counters.granted - balance.counters.returned);
  amount("used", balance.counters.used);
  amount("reserved", balance.reserved);
  amount("spare", balance.spare);
  if (balance.left) amount("left_at_collector", *balance.left);
  if (balance.window.end != limits::kAlways.end)
    out += R"(,"until":)" + JsonString(FormatRfc3339(balance.window.end));
  return out + '}';
}

}  // namespace

void AppendMoneyMetrics(std::string& out, const MoneyView& view) {
  gate::MetricsText text(out);
  text.Family("postern_wallet_accounts", "gauge", "Accounts of limits from which this host holds something.");
  text.Sample("postern_wallet_accounts", "", uint64_t{view.balances.size()});
  text.Family("postern_wallet_exchanges", "gauge", "Exchanges in flight that have reserved something.");
  text.Sample("postern_wallet_exchanges", "", uint64_t{view.in_flight});
}

std::string MoneyMembers(const MoneyView& view) {
  std::string out = R"(,"exchanges_paid_for":)" + std::to_string(view.in_flight) + R"(,"limits":[)";
  bool first = true;
  for (const purse::Balance& balance : view.balances) {
    if (!std::exchange(first, false)) out += ',';
    out += BalanceObject(balance, FindLimit(view, balance.account));
  }
  return out + ']';
}

}  // namespace postern::operations
