// What the clock on the wall shows in the policy's time zone, by the table that the policy carries.
//
// The C++ library here has no tz database, hosts' databases differ and a pure function may read none. So
// whoever makes a policy reads the zone's file once (TZif, RFC 8536) and the snapshot carries the zone's
// offsets, by which every agent judges: from a year before until twenty years after it was made. Past that,
// allowed hours allow nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

inline constexpr uint32_t kMinutesOfWeek = 7 * 24 * 60;

// `tzif`: the bytes of the zone's file. kInvalid for what is none, and for a zone with leap seconds or
// without a rule for the years to come.
Result<wire::TimeZone> ReadZone(std::string_view tzif, const std::string& name, WallTime now);

// Without changes.
wire::TimeZone Utc();

// kInvalid where changes aren't in order, are too many, or an offset is a day or more.
Status CheckZone(const wire::TimeZone& zone);

// Seconds east of UTC; nothing past the end of the table.
std::optional<int64_t> OffsetAt(const wire::TimeZone& zone, int64_t unix_seconds);

// 0 is Monday 00:00. Nothing past the end of the table.
std::optional<uint32_t> MinuteOfWeek(const wire::TimeZone& zone, WallTime time);

// The instant at which that day begins; the table's end counts as its last offset.
int64_t BeginOfDay(const wire::TimeZone& zone, std::chrono::year_month_day day);

// "Monday 30 November 2026 08:00 (Europe/Berlin)".
std::string Spoken(const wire::TimeZone& zone, WallTime time);

}  // namespace postern::policy
