// Writing JSON: strings, escaped. Reading it is another matter (see the modules that do).
#pragma once

#include <string>
#include <string_view>

namespace postern {

// Appends the text with its quotes. Control characters, quotes and backslashes are escaped; bytes that are
// not UTF-8 become U+FFFD, so that the result is valid JSON whatever comes in.
void AppendJsonString(std::string& out, std::string_view text);

std::string JsonString(std::string_view text);

}  // namespace postern
