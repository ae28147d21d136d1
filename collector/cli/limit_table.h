// How much of limits is spent, left and held by whom, for people.
#pragma once

#include <iosfwd>
#include <vector>

#include "shared/json/value.h"

namespace postern::cli {

// A row an account, of limits as GET /v1/limits/{id} shows them. What has passed a mark says so.
void PrintAccounts(std::ostream& out, const std::vector<json::Value>& limits);

// The limit in a line, its accounts, and the hosts that hold something of them.
void PrintLimit(std::ostream& out, const json::Value& limit);

}  // namespace postern::cli
