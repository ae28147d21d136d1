#include "collector/cli/limit_amount.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "collector/cli/event_row.h"

namespace postern::cli {
namespace {

constexpr size_t kDollarDigits = 9;

std::optional<int64_t> WholeNumber(std::string_view text) {
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
  if (!whole || number < 0 || number > kMostLimitAmount || text.front() == '-') return std::nullopt;
  return number;
}

std::optional<int64_t> NanoDollars(std::string_view text) {
  const size_t point = std::min(text.find('.'), text.size());
  std::string digits(text.substr(0, point));
  std::string fraction(point == text.size() ? "" : text.substr(point + 1));
  const bool has_both = !digits.empty() && (point == text.size() || !fraction.empty());
  if (!has_both || fraction.size() > kDollarDigits) return std::nullopt;
  fraction.append(kDollarDigits - fraction.size(), '0');
  digits += fraction;
  if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  return WholeNumber(digits);
}

}  // namespace

Result<int64_t> ParseLimitAmount(std::string_view unit, const std::string& text) {
  const bool is_money = unit == "usd";
  const auto amount = text.empty() ? std::nullopt : is_money ? NanoDollars(text) : WholeNumber(text);
  if (amount) return *amount;
  return Error{
      ErrorCode::kInvalid,
      "found \"" + text + "\", allowed is " +
          (is_money ? "dollars such as 500 or 0.05, at most 1000000000 and with at most nine decimal places"
                    : "a whole number such as 60, at most 1000000000000000000")};
}

std::string LimitAmountCell(std::string_view unit, int64_t amount) {
  if (unit != "usd") return std::to_string(amount);
  return amount < 0 ? "-" + FormatDollars(-amount) : FormatDollars(amount);
}

}  // namespace postern::cli
