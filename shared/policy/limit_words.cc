#include "shared/policy/limit_words.h"

#include <chrono>

#include "shared/policy/zone.h"

namespace postern::policy {
namespace {

std::string Counted(int64_t count, const std::string& thing) {
  return std::to_string(count) + " " + thing + (count == 1 ? "" : "s");
}

const char* SpanText(wire::LimitSpan span) {
  switch (span) {
    case wire::LIMIT_SPAN_MINUTE: return "a minute";
    case wire::LIMIT_SPAN_HOUR: return "an hour";
    case wire::LIMIT_SPAN_DAY: return "a day";
    case wire::LIMIT_SPAN_WEEK: return "a week";
    case wire::LIMIT_SPAN_MONTH: return "a month";
    default: return "a year";
  }
}

std::string One(const std::string& kind, const std::string& name) {
  return name.empty() ? "each " + kind : kind + " " + name;
}

}  // namespace

std::string DollarText(int64_t nano_dollars) {
  constexpr int64_t kDollar = 1'000'000'000;
  std::string text = std::to_string(nano_dollars / kDollar);
  const int64_t rest = nano_dollars % kDollar;
  if (rest == 0) return text;
  std::string fraction = std::to_string(rest < 0 ? -rest : rest);
  fraction.insert(0, 9 - fraction.size(), '0');
  while (fraction.size() > 2 && fraction.back() == '0') fraction.pop_back();
  return (rest < 0 && nano_dollars > -kDollar ? "-" : "") + text + "." + fraction;
}

std::string AmountText(wire::LimitUnit unit, int64_t amount) {
  switch (unit) {
    case wire::LIMIT_UNIT_USD: return "$" + DollarText(amount);
    case wire::LIMIT_UNIT_TOKENS: return Counted(amount, "token");
    case wire::LIMIT_UNIT_REQUESTS: return Counted(amount, "request");
    default: return std::to_string(amount) + " at once";
  }
}

std::string WhomText(const wire::PolicyLimit& limit) {
  switch (limit.scope()) {
    case wire::LIMIT_SCOPE_TEAM: return One("team", limit.subject());
    case wire::LIMIT_SCOPE_USER: return One("user", limit.subject());
    case wire::LIMIT_SCOPE_KEY: return One("key", limit.subject());
    case wire::LIMIT_SCOPE_KEY_PROVIDER:
      return One("key", limit.subject()) + " with " + One("provider", limit.within());
    case wire::LIMIT_SCOPE_KEY_MODEL:
      return One("key", limit.subject()) + " with " + One("model", limit.within());
    case wire::LIMIT_SCOPE_PROVIDER: return One("provider", limit.subject());
    case wire::LIMIT_SCOPE_MODEL: return One("model", limit.subject());
    default: return "everybody";
  }
}

std::string LimitText(const wire::PolicyLimit& limit, const wire::TimeZone& zone, WallTime now) {
  std::string text = AmountText(limit.unit(), limit.amount());
  if (limit.unit() != wire::LIMIT_UNIT_CONCURRENT) {
    text += std::string(" ") + SpanText(limit.span());
    if (limit.rolling()) text += ", rolling";
  }
  if (limit.strict()) text += ", strictly";
  const WallTime until{std::chrono::seconds(limit.raise_until())};
  if (limit.raise_until() != 0 && now < until)
    text += ", and " + AmountText(limit.unit(), limit.raise()) + " more until " + Spoken(zone, until);
  return text;
}

}  // namespace postern::policy
