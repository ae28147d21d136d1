// Amounts of limits as people write and read them. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace postern::cli {

inline constexpr int64_t kMostLimitAmount = 1'000'000'000'000'000'000;

// "500" and "0.05" of dollars as nano-dollars, exactly: at most nine decimal places; of the other units
// a whole number. kInvalid, saying what is allowed.
Result<int64_t> ParseLimitAmount(std::string_view unit, const std::string& text);

// "$12.3400" of nano-dollars, "60" of what is counted.
std::string LimitAmountCell(std::string_view unit, int64_t amount);

}  // namespace postern::cli
