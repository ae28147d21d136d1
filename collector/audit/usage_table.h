// Sums of requests, tokens and dollars, as a table.
#pragma once

#include <cstddef>
#include <string>

#include "collector/audit/parameters.h"
#include "collector/store/store.h"
#include "shared/base/result.h"

namespace postern::audit {

inline constexpr size_t kMaxUsageRows = 20'000;

// {"from":…, "to":…, "by":[…], "rows":[{"user":…, "requests":…, …}, …], "total":{…}}, rows in the order of
// their values. kInvalid where there would be more than kMaxUsageRows; otherwise as the store.
Result<std::string> UsageJson(store::Store& store, const UsageQuery& query);

// 12_345_600_000 → "12.345600000".
std::string Dollars(int64_t nano_dollars);

}  // namespace postern::audit
