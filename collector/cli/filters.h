// The filters of questions about the record, as options and as the API's query.
#pragma once

#include <vector>

#include "collector/cli/api.h"
#include "shared/base/result.h"
#include "shared/command_line/program.h"

namespace postern::cli {

// --since, --until, --team, --user, --key, --model, --host, --organisation.
std::vector<command_line::Option> FilterOptions();

// The query of those that were given. kInvalid, naming the option, where a time is none.
Result<Query> FilterQuery(const command_line::Invocation& call);

}  // namespace postern::cli
