// One event of the API as a row for people. Pure.
#pragma once

#include <string>
#include <vector>

#include "shared/command_line/table.h"
#include "shared/json/value.h"

namespace postern::cli {

std::vector<command_line::Column> EventColumns();

// The cells of a LoggedEvent (collector/api/openapi.yaml), one for each of EventColumns.
std::vector<std::string> EventCells(const json::Value& event);

// "1234567890" nano-dollars as "$1.2346": four digits, "<$0.0001" for less than that.
std::string FormatDollars(int64_t nano_dollars);

}  // namespace postern::cli
