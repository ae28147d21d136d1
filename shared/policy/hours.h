// Allowed hours as people write them, and as minutes of the week.
//
//   mon-fri 08:00-18:00      five stretches
//   sat,sun 10:00-14:00      two
//   daily 22:00-06:00        over midnight: the day is that of the beginning
//
// A stretch is of the clock on the wall: an hour that the clock shows twice is allowed twice, and one that it
// leaves out never comes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

inline constexpr std::string_view kHoursForm =
    "days and times such as \"mon-fri 08:00-18:00\", \"sat,sun 10:00-14:00\" or \"daily 22:00-06:00\"";

// Stretches that end after they begin, one that runs over the end of Sunday split in two. kInvalid, with
// kHoursForm as what is allowed, for anything else.
Result<std::vector<wire::Hours>> ReadHours(std::string_view text);

// "mon 08:00-18:00, tue 08:00-18:00": days with equal times together ("mon-fri 08:00-18:00").
std::string HoursText(const std::vector<wire::Hours>& hours);

}  // namespace postern::policy
