// What is shown of the rows: a table for people and JSON, one object a line, for programs.
#pragma once

#include <string>

#include "tests/bench/row.h"

namespace postern::bench {

// {"name","unit","ours","reference","reference_name","ratio"}; a number that could not be measured is null.
std::string JsonLine(const Row& row);

std::string TableHeader();
std::string TableLine(const Row& row);

// "AMD EPYC, 2 cores, Linux 6.1.0": what the numbers depend on.
std::string DescribeMachine();

}  // namespace postern::bench
