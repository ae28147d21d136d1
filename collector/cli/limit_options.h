// A limit from the options of `postern limit set`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "shared/command_line/program.h"
#include "shared/json/value.h"

namespace postern::cli {

std::vector<command_line::Option> LimitOptions();

// The body of PUT /v1/limits/{id}: what the options say, and else what the limit says that is there already.
// kInvalid, naming the option, for what is none, and for a new limit that lacks something.
Result<std::string> LimitBody(const command_line::Invocation& call, const std::optional<json::Value>& known);

}  // namespace postern::cli
