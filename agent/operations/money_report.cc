#include "agent/operations/money_report.h"

#include <algorithm>
#include <cstdint>
#include <utility>

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
  const gate::ExtensionCounts& extensions = view.extensions;
  text.Family("postern_extensions_total", "counter",
              "What answers were to be extended by while they streamed, by what came of it.");
  const auto sample = [&](std::string_view result, uint64_t count) {
    text.Sample("postern_extensions_total", gate::MetricsText::Label("result", result), count);
  };
  sample("granted", extensions.granted);
  sample("exhausted", extensions.exhausted);
  sample("unavailable", extensions.unavailable);
  text.Family("postern_extended_dollars_total", "counter",
              "What answers were extended by, where a limit counts dollars.");
  text.Sample("postern_extended_dollars_total", "",
              static_cast<double>(extensions.nano_dollars.units()) / 1e9);
  text.Family("postern_extended_tokens_total", "counter",
              "What answers were extended by, where a limit counts tokens.");
  text.Sample("postern_extended_tokens_total", "", static_cast<uint64_t>(extensions.tokens.units()));
}

std::string MoneyMembers(const MoneyView& view) {
  const gate::ExtensionCounts& extensions = view.extensions;
  std::string out = R"(,"exchanges_paid_for":)" + std::to_string(view.in_flight);
  out += R"(,"extensions_granted":)" + std::to_string(extensions.granted);
  out += R"(,"extensions_refused":)" + std::to_string(extensions.exhausted + extensions.unavailable);
  out += R"(,"limits":[)";
  bool first = true;
  for (const purse::Balance& balance : view.balances) {
    if (!std::exchange(first, false)) out += ',';
    out += BalanceObject(balance, FindLimit(view, balance.account));
  }
  return out + ']';
}

}  // namespace postern::operations
