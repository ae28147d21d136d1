#include "collector/store/finder.h"

#include <algorithm>
#include <limits>

namespace postern::store {

Finder::Finder(const kv::View& view, const EventFilter& filter, uint64_t log_size)
    : view_(view), filter_(filter), reader_(view), end_(log_size) {
  AddRows(Axis::kSession, filter.session);
  AddRows(Axis::kKey, filter.key);
  AddRows(Axis::kUser, filter.user);
  AddRows(Axis::kAgent, filter.agent);
  AddRows(Axis::kHost, filter.host);
  AddRows(Axis::kTeam, filter.team);
  AddRows(Axis::kModel, filter.model);
  AddRows(Axis::kKind, filter.kind);
  AddRows(Axis::kOrganisation, filter.organisation);
  if (filter.decision) AddRows(Axis::kDecision, std::string(1, static_cast<char>(*filter.decision)));
  if (filter.from || filter.to) times_ = view.NewCursor(kIndex);
}

void Finder::AddRows(Axis axis, const std::optional<std::string>& value) {
  if (value) rows_.push_back({.prefix = IndexPrefix(axis, *value), .cursor = view_.NewCursor(kIndex)});
}

Status Finder::Narrow(std::optional<Leaf> last) {
  const auto above = [](Leaf leaf) {
    const auto number = static_cast<uint64_t>(leaf);
    return number == std::numeric_limits<uint64_t>::max() ? number : number + 1;
  };
  if (filter_.after) begin_ = above(*filter_.after);
  if (last && newest_first()) end_ = std::min(end_, static_cast<uint64_t>(*last));
  if (last && !newest_first()) begin_ = std::max(begin_, above(*last));
  if (filter_.from && filter_.to && *filter_.to <= *filter_.from) end_ = 0;
  if (times_ && begin_ < end_) return NarrowByHours();
  return Ok{};
}

// To the blocks that have an event of one of the hours.
Status Finder::NarrowByHours() {
  const std::string prefix = HoursPrefix();
  std::string key = prefix;
  PutHour(key, filter_.from ? HourOf(*filter_.from) : std::numeric_limits<Hour>::min());
  const Hour end = filter_.to ? HourAtOrAfter(*filter_.to) : std::numeric_limits<Hour>::max();
  std::optional<HourBounds> all;
  kv::Cursor cursor = view_.NewCursor(kMeta);
  for (cursor.Seek(key); cursor.valid() && cursor.key().starts_with(prefix); cursor.Next()) {
    if (Decoder(cursor.key().substr(prefix.size())).ReadHour() >= end) break;
    ASSIGN_OR_RETURN(const HourBounds bounds, HourBounds::Decode(cursor.value()));
    if (!all) all = bounds;
    all = {std::min(all->first, bounds.first), std::max(all->last, bounds.last)};
  }
  RETURN_IF_ERROR(cursor.status());
  if (!all) {
    end_ = 0;
    return Ok{};
  }
  begin_ = std::max(begin_, all->first * kBlock);
  end_ = std::min(end_, (all->last + uint64_t{1}) * kBlock);
  return Ok{};
}

// The nearest block, this one or one further on, where the filter has a row.
Result<std::optional<uint32_t>> Finder::Seek(Rows& rows, uint32_t block) {
  if (rows.at && (newest_first() ? *rows.at <= block : *rows.at >= block)) return rows.at;
  std::string key = rows.prefix;
  PutShortNumber(key, block);
  if (newest_first()) rows.cursor.SeekBackward(key);
  else rows.cursor.Seek(key);
  rows.at.reset();
  if (!rows.cursor.valid()) {
    RETURN_IF_ERROR(rows.cursor.status());
    return rows.at;
  }
  if (rows.cursor.key().starts_with(rows.prefix)) {
    Decoder decoder(rows.cursor.key().substr(rows.prefix.size()));
    const uint32_t at = decoder.ShortNumber();
    if (!decoder.complete()) return Damaged("a key of the index");
    rows.at = at;
  }
  return rows.at;
}

// The nearest block where every filter has a row.
Result<std::optional<uint32_t>> Finder::Align(uint32_t block) {
  for (bool is_aligned = false; !is_aligned;) {
    is_aligned = true;
    for (Rows& rows : rows_) {
      ASSIGN_OR_RETURN(const std::optional<uint32_t> at, Seek(rows, block));
      if (!at) return std::optional<uint32_t>();
      if (*at == block) continue;
      block = *at;
      is_aligned = false;
    }
  }
  return std::optional(block);
}

Result<Runs> Finder::CommonRuns() {
  Runs common{{0, static_cast<uint32_t>(kBlock)}};
  Runs runs;
  for (const Rows& rows : rows_) {
    if (!DecodeRow(rows.cursor.value(), runs)) return Damaged("a row of the index");
    common = Intersect(common, runs);
    if (common.empty()) break;
  }
  return common;
}

Result<Finder::Times> Finder::TimesOf(uint32_t block) {
  Times times;
  const std::string prefix = TimePrefix(block);
  Runs runs;
  for (times_->Seek(prefix); times_->valid() && times_->key().starts_with(prefix); times_->Next()) {
    const Hour hour = Decoder(times_->key().substr(prefix.size())).ReadHour();
    if (filter_.from && hour < HourOf(*filter_.from)) continue;
    if (filter_.to && hour >= HourAtOrAfter(*filter_.to)) break;
    if (!DecodeRow(times_->value(), runs)) return Damaged("a row of the index");
    const bool begins_before = filter_.from && BeginningOf(hour) < *filter_.from;
    const bool ends_after = filter_.to && HourOf(*filter_.to) <= hour;
    Runs& where = begins_before || ends_after ? times.doubtful : times.certain;
    where = Unite(where, runs);
  }
  RETURN_IF_ERROR(times_->status());
  return times;
}

Result<bool> Finder::IsWithinTime(uint64_t leaf) {
  ASSIGN_OR_RETURN(const WallTime time, reader_.TimeAt(leaf));
  return (!filter_.from || time >= *filter_.from) && (!filter_.to || time < *filter_.to);
}

Status Finder::Collect(uint32_t block, std::vector<uint64_t>& found, size_t count) {
  ASSIGN_OR_RETURN(Runs runs, CommonRuns());
  Times times;
  if (times_ && !runs.empty()) {
    ASSIGN_OR_RETURN(times, TimesOf(block));
    runs = Intersect(runs, Unite(times.certain, times.doubtful));
  }
  if (newest_first()) std::reverse(runs.begin(), runs.end());
  const uint64_t base = block * kBlock;
  for (const Run& run : runs) {
    const uint64_t first = std::max(base + run.begin, begin_);
    const uint64_t end = std::min(base + run.end, end_);
    for (uint64_t i = 0; first + i < end && found.size() < count; ++i) {
      const uint64_t leaf = newest_first() ? end - 1 - i : first + i;
      if (Contains(times.doubtful, static_cast<uint32_t>(leaf - base))) {
        ASSIGN_OR_RETURN(const bool is_within, IsWithinTime(leaf));
        if (!is_within) continue;
      }
      found.push_back(leaf);
    }
  }
  return Ok{};
}

Result<std::vector<uint64_t>> Finder::Find(std::optional<Leaf> last, size_t count) {
  RETURN_IF_ERROR(Narrow(last));
  std::vector<uint64_t> found;
  if (begin_ >= end_) return found;
  const uint32_t lowest = BlockOf(begin_);
  const uint32_t highest = BlockOf(end_ - 1);
  uint32_t block = newest_first() ? highest : lowest;
  while (found.size() < count) {
    ASSIGN_OR_RETURN(const std::optional<uint32_t> at, Align(block));
    if (!at || *at < lowest || *at > highest) break;
    RETURN_IF_ERROR(Collect(*at, found, count));
    if (*at == (newest_first() ? lowest : highest)) break;
    block = newest_first() ? *at - 1 : *at + 1;
  }
  return found;
}

}  // namespace postern::store
