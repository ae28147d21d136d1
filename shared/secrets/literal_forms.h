// How one secret may be written: as it is, and as JSON writes it in strings that nobody opens, since text
// stands around the JSON in them (a file that was read with line numbers, a log). Pure.
//
//   pa"ss/1    pa\"ss/1    pa\\\"ss/1 …    and, as some writers have it,   pa\"ss\/1
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern::secrets {

// The secret first, then the others that differ from it: escaped up to kMostEscaped times, and with what
// stands escaped in it undone. Mostly there are none.
std::vector<std::string> FormsOf(std::string_view secret);

inline constexpr int kMostEscaped = 3;

}  // namespace postern::secrets
