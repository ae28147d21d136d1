// What a request line asks for: its path in segments and its query, decoded. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/rest/message.h"

namespace postern::rest {

struct Target {
  std::string path;
  std::vector<std::string> segments;
  Query query;
};

// "/v1/keys?user=a%40b&limit=5". kInvalid for what doesn't begin with "/", a "%" without two digits, decoded
// control characters, and more than 64 segments or parameters. A "+" in the query is a space.
Result<Target> ParseTarget(std::string_view text);

}  // namespace postern::rest
