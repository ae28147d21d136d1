#include "tests/bench/report.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <thread>

#include <sys/utsname.h>

namespace postern::bench {
namespace {

// Five significant digits: more than any of these measurements has.
std::string Number(double value, const char* missing) {
  if (!std::isfinite(value)) return missing;
  std::array<char, 64> text{};
  if (std::abs(value) >= 10000) std::snprintf(text.data(), text.size(), "%.0f", value);
  else std::snprintf(text.data(), text.size(), "%.5g", value);
  return text.data();
}

std::string Columns(const std::array<std::string, 7>& cells) {
  std::array<char, 512> line{};
  std::snprintf(line.data(), line.size(), "%-50s %-6s %11s %11s %-8s %7s  %s", cells[0].c_str(),
                cells[1].c_str(), cells[2].c_str(), cells[3].c_str(), cells[4].c_str(), cells[5].c_str(),
                cells[6].c_str());
  return line.data();
}

}  // namespace

std::string JsonLine(const Row& row) {
  return R"({"name":")" + row.name + R"(","unit":")" + row.unit + R"(","ours":)" + Number(row.ours, "null") +
         R"(,"reference":)" + Number(row.reference, "null") + R"(,"reference_name":")" + row.reference_name +
         R"(","ratio":)" + Number(row.ratio, "null") + "}";
}

std::string TableHeader() { return Columns({"name", "unit", "ours", "reference", "", "ratio", ""}); }

std::string TableLine(const Row& row) {
  return Columns({row.name, row.unit, Number(row.ours, "-"), Number(row.reference, "-"), row.reference_name,
                  Number(std::round(row.ratio * 1000) / 1000, "-"), row.note});
}

std::string DescribeMachine() {
  std::string model = "unknown processor";
  std::ifstream processors("/proc/cpuinfo");
  for (std::string line; std::getline(processors, line);) {
    if (!line.starts_with("model name")) continue;
    model = line.substr(line.find(':') + 2);
    break;
  }
  utsname system{};
  ::uname(&system);
  return model + ", " + std::to_string(std::thread::hardware_concurrency()) + " cores, " + system.sysname +
         " " + system.release;
}

}  // namespace postern::bench
