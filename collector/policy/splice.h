// Changes of a policy's YAML that leave the rest of the text as it was written, comments included.
//
//   limits:                                                  SetEntry(text, {"limits", "each-day"}, "{each:
//   user, usd: 120, per: day}")
//     # agreed with finance in May
//     ml-month: {team: ml, usd: 500, per: month}
//     each-day: {each: user, usd: 100, per: day}  # everybody   ◀─ this line alone becomes another one
//
// Only mappings and lists that are written in lines of their own can be edited so, not those within braces or
// brackets; what can't be edited is refused, and the text has to be changed by hand. Whatever the text looks
// like, the result is read again: it says the same as before everywhere else, or there is no result. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/wire/policy.pb.h"

namespace postern::policies {

using Keys = std::vector<std::string>;  // from the outermost in: {"limits", "ml-month"}

// All of them: kInvalid where the text is no YAML, or isn't written so that this could be changed in it.
// Values are YAML of one line.

// The entry has this value from now on; it, and mappings around it, are made where they aren't there.
Result<std::string> SetEntry(std::string_view text, const Keys& entry, std::string_view value);
// kNotFound where there is no such entry. Mappings that would be left empty go with it.
Result<std::string> RemoveEntry(std::string_view text, const Keys& entry);

// Another item at the list's end. The list, and mappings around it, are made where they aren't there.
Result<std::string> AppendItem(std::string_view text, const Keys& list, std::string_view value);
// kNotFound where there is no such item. A list that would be left empty goes with it.
Result<std::string> RemoveItem(std::string_view text, const Keys& list, size_t index);

// A text as a value: as it is where YAML takes it for nothing else, in quotes otherwise.
std::string Scalar(std::string_view text);
// Seconds since 1970 as a value: a date where it is the beginning of a day in the zone, else a time.
std::string Moment(int64_t seconds, const wire::TimeZone& zone);

}  // namespace postern::policies
