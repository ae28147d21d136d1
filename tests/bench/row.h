// One line of results.json and of the table.
#pragma once

#include <string>

namespace postern::bench {

struct Row {
  std::string name;
  std::string unit;
  double ours = 0;
  double reference = 0;
  std::string reference_name;
  double ratio = 0;  // ours / reference; NaN where it could not be measured
  std::string note;  // for people: in the table only
};

}  // namespace postern::bench
