#include "collector/store/summer.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "collector/store/rules.h"

namespace postern::store {
namespace {

bool Has(const std::vector<Dimension>& by, Dimension dimension) {
  return std::find(by.begin(), by.end(), dimension) != by.end();
}

// The place of a dimension among the texts of a sum's key.
std::optional<size_t> TextOf(Dimension dimension) {
  switch (dimension) {
    case Dimension::kOrganisation: return 0;
    case Dimension::kTeam: return 1;
    case Dimension::kUser: return 2;
    case Dimension::kKey: return 3;
    case Dimension::kModel: return 4;
    case Dimension::kHost: return 5;
    case Dimension::kDay:
    case Dimension::kHour: return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Summer::Summer(const kv::View& view, const SumQuery& query)
    : view_(view), query_(query), filter_(Cut(query.filter)) {}

Status Summer::AddRow(std::string_view key, std::string_view value) {
  Decoder decoder(key);
  decoder.Byte();
  const Hour hour = decoder.ReadHour();
  std::array<std::string_view, kSumTexts> texts;
  for (std::string_view& text : texts) text = decoder.Text();
  Spending spending;
  if (!decoder.complete() || !DecodeSpending(value, spending)) return Damaged("a row of the sums");
  const std::array<const std::optional<std::string>*, kSumTexts> wanted = {
      &filter_.organisation, &filter_.team, &filter_.user, &filter_.key, &filter_.model, &filter_.host};
  for (size_t i = 0; i < kSumTexts; ++i) {
    if (*wanted[i] && **wanted[i] != texts[i]) return Ok{};
  }
  group_.clear();
  for (const Dimension dimension : query_.by) {
    if (const auto text = TextOf(dimension)) PutText(group_, texts[*text]);
    else PutHour(group_, dimension == Dimension::kDay ? DayOf(hour) : hour);
  }
  Add(sums_[group_], spending);
  return Ok{};
}

Status Summer::Scan(Grain grain, Hour begin, Hour end) {
  if (begin >= end) return Ok{};
  const std::string last = SumPrefix(grain, end);
  kv::Cursor cursor = view_.NewCursor(kSums);
  for (cursor.Seek(SumPrefix(grain, begin)); cursor.valid() && cursor.key() < last; cursor.Next())
    RETURN_IF_ERROR(AddRow(cursor.key(), cursor.value()));
  return cursor.status();
}

Result<std::vector<SumRow>> Summer::Sum() {
  const Hour begin = HourOf(query_.from);
  const Hour end = HourAtOrAfter(query_.to);
  const Hour first_day = DayOf(begin + kHoursOfADay - 1);
  const Hour last_day = DayOf(end);
  if (Has(query_.by, Dimension::kHour) || first_day >= last_day) {
    RETURN_IF_ERROR(Scan(Grain::kHour, begin, end));
  } else {
    RETURN_IF_ERROR(Scan(Grain::kHour, begin, first_day));
    RETURN_IF_ERROR(Scan(Grain::kDay, first_day, last_day));
    RETURN_IF_ERROR(Scan(Grain::kHour, last_day, end));
  }
  std::vector<SumRow> rows;
  rows.reserve(sums_.size());
  for (const auto& [group, spending] : sums_) {
    SumRow& row = rows.emplace_back(SumRow{.values = {}, .spending = spending});
    Decoder decoder(group);
    for (const Dimension dimension : query_.by) {
      if (TextOf(dimension)) row.values.emplace_back(decoder.Text());
      else if (dimension == Dimension::kDay) row.values.push_back(DayName(decoder.ReadHour()));
      else row.values.push_back(HourName(decoder.ReadHour()));
    }
  }
  std::sort(rows.begin(), rows.end(), [](const SumRow& a, const SumRow& b) { return a.values < b.values; });
  return rows;
}

}  // namespace postern::store
