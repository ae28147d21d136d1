// The language in which a test says what an answer is to be, inside a prompt or a script:
//
//   [[postern text "hello" events=200 size=120 pace_ms=5 cut_after=3]]
//
//   directive = "[[postern" { space item } "]]"
//   item      = flag | key ("=" | space) value
//   value     = bare word | JSON string | NAME JSON-object (for `tool`)
//
// README.md lists the keys. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "shared/base/result.h"
#include "tests/support/provider/plan.h"

namespace postern::provider {

// The items of the first directive in the text, without "[[postern" and with what follows it; nothing if
// there is none.
std::optional<std::string_view> FindDirective(std::string_view text);

// Reads items up to "]]" or the end. kInvalid with the item that isn't understood.
Result<Plan> ParseDirective(std::string_view items);

}  // namespace postern::provider
