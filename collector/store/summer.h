// Answers questions about sums from the rows of hours and, where whole days are asked for, of days.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collector/store/layout.h"
#include "collector/store/types.h"
#include "shared/base/result.h"
#include "shared/kv/view.h"

namespace postern::store {

// For one question, which has passed CheckRules. Thread-compatible; lives no longer than the view.
class Summer {
 public:
  Summer(const kv::View& view, const SumQuery& query);

  Result<std::vector<SumRow>> Sum();

 private:
  Status Scan(Grain grain, Hour begin, Hour end);
  Status AddRow(std::string_view key, std::string_view value);

  const kv::View& view_;
  const SumQuery& query_;
  const EventFilter filter_;
  std::unordered_map<std::string, Spending> sums_;  // by the values of query_.by, one after the other
  std::string group_;
};

}  // namespace postern::store
