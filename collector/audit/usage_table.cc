#include "collector/audit/usage_table.h"

#include "collector/store/hours.h"
#include "collector/store/rules.h"
#include "shared/base/clock.h"
#include "shared/json/writer.h"

namespace postern::audit {
namespace {

void WriteSums(const store::Spending& sums, json::Writer& out) {
  out.Integer("requests", sums.requests);
  out.Integer("input", sums.input);
  out.Integer("output", sums.output);
  out.Integer("cache_read", sums.cache_read);
  out.Integer("cache_write", sums.cache_write);
  out.Integer("nano_dollars", sums.nano_dollars);
  out.Text("dollars", Dollars(sums.nano_dollars));
}

}  // namespace

std::string Dollars(int64_t nano_dollars) {
  constexpr uint64_t kNano = 1'000'000'000;
  const bool negative = nano_dollars < 0;
  const uint64_t size =
      negative ? 0 - static_cast<uint64_t>(nano_dollars) : static_cast<uint64_t>(nano_dollars);
  std::string fraction = std::to_string(size % kNano);
  fraction.insert(0, 9 - fraction.size(), '0');
  return (negative ? "-" : "") + std::to_string(size / kNano) + "." + fraction;
}

Result<std::string> UsageJson(store::Store& store, const UsageQuery& query) {
  ASSIGN_OR_RETURN(const std::vector<store::SumRow> rows, store.Sum(query.sums));
  if (rows.size() > kMaxUsageRows)
    return Error{ErrorCode::kInvalid,
                 "this would be " + std::to_string(rows.size()) + " rows; ask for a shorter time or by less"};
  json::Writer out;
  out.BeginObject();
  out.Text("from", FormatRfc3339(store::BeginningOf(store::HourOf(query.sums.from))));
  out.Text("to", FormatRfc3339(store::BeginningOf(store::HourAtOrAfter(query.sums.to))));
  out.Texts("by", query.by);
  out.BeginList("rows");
  store::Spending total;
  for (const store::SumRow& row : rows) {
    out.BeginObject();
    for (size_t i = 0; i < query.by.size(); ++i) out.Text(query.by[i], row.values[i]);
    WriteSums(row.spending, out);
    out.EndObject();
    store::Add(total, row.spending);
  }
  out.EndList().BeginObject("total");
  WriteSums(total, out);
  return out.EndObject().EndObject().Take();
}

}  // namespace postern::audit
