// JSON as text: strings quoted, and a document spelled in ways that only a parser sees through.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::provider {

// With its quotation marks. Bytes above 127 stay as they are.
std::string Quote(std::string_view text);

// The same document to a parser, but with odd white space, escapes where none are needed, and members that
// nobody asked for, some of them twice. The same seed gives the same bytes. Line ends appear only if allowed.
enum class Lines { kOne, kMany };
std::string SpellOddly(std::string_view json, uint64_t seed, Lines lines);

}  // namespace postern::provider
