// Patterns: exact names, or globs in which * stands for any characters and ? for one.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace postern::policy {

bool HasWildcard(std::string_view pattern);

// Bytes are compared as they are. Takes at most pattern times name steps, whatever the pattern.
bool GlobMatches(std::string_view pattern, std::string_view name);

// A to Z made small; all else stays.
std::string Folded(std::string_view text);

// Printable ASCII without spaces and wildcards: what a rule can safely speak of. A letter of another alphabet
// that looks like one of ours is none.
bool IsPlainName(std::string_view name);

// kInvalid, with what is wrong with it ("a pattern with more than 8 wildcards *"), for what is no pattern.
Status CheckPattern(std::string_view pattern);

}  // namespace postern::policy
