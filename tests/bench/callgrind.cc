#include "tests/bench/callgrind.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "tests/bench/child_process.h"

namespace postern::bench {
namespace {

constexpr std::string_view kFilePrefix = "callgrind.out.";

struct FileName {
  int pid = 0;
  int thread = 0;
};

// callgrind.out.PID-THREAD
bool ParseFileName(std::string_view name, FileName& parsed) {
  if (!name.starts_with(kFilePrefix)) return false;
  name.remove_prefix(kFilePrefix.size());
  const size_t dash = name.find('-');
  if (dash == std::string_view::npos) return false;
  return std::from_chars(name.data(), name.data() + dash, parsed.pid).ec == std::errc() &&
         std::from_chars(name.data() + dash + 1, name.data() + name.size(), parsed.thread).ec == std::errc();
}

// "12,345 (67.8%)  file:function [object]" or, in older versions, without the share.
bool ParseAnnotation(const std::string& line, uint64_t& count, std::string& function) {
  std::istringstream words(line);
  std::string number;
  words >> number;
  if (number.empty() || number.find_first_not_of("0123456789,") != std::string::npos) return false;
  std::erase(number, ',');
  std::from_chars(number.data(), number.data() + number.size(), count);
  std::string rest;
  std::getline(words, rest);
  if (const size_t share = rest.find("%)"); share < 12) rest.erase(0, share + 2);
  rest.erase(0, rest.find_first_not_of(" *"));
  rest.erase(std::min(rest.find(" ["), rest.size()));
  if (const size_t colon = rest.find(':'); colon != std::string::npos && rest.compare(colon, 2, "::") != 0)
    rest.erase(0, colon + 1);
  function = rest;
  return !function.empty() && function != "PROGRAM TOTALS";
}

}  // namespace

Wrapper CallgrindWrapper(const std::filesystem::path& directory) {
  return {"valgrind", "--quiet", "--tool=callgrind", "--separate-threads=yes",
          "--callgrind-out-file=" + (directory / kFilePrefix).string() + "%p"};
}

std::map<ThreadOrdinal, std::filesystem::path> CallgrindFiles(const std::filesystem::path& directory) {
  std::map<int, std::map<int, std::filesystem::path>> by_process;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    FileName name;
    if (ParseFileName(entry.path().filename().string(), name))
      by_process[name.pid][name.thread] = entry.path();
  }
  std::map<ThreadOrdinal, std::filesystem::path> files;
  int process = 0;
  for (const auto& [pid, threads] : by_process) {
    for (const auto& [thread, file] : threads) files[{process, thread}] = file;
    ++process;
  }
  return files;
}

Result<uint64_t> CountIn(const std::filesystem::path& file) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    uint64_t count = 0;
    for (const std::string_view key : {"totals: ", "summary: "}) {
      if (line.starts_with(key) &&
          std::from_chars(line.data() + key.size(), line.data() + line.size(), count).ec == std::errc()) {
        return count;
      }
    }
  }
  return Error{ErrorCode::kCorrupt, file.string() + " holds no total"};
}

Result<std::map<std::string, uint64_t>> CostsIn(const std::filesystem::path& file, Attribution attribution) {
  const std::string inclusive = attribution == Attribution::kInclusive ? "yes" : "no";
  ASSIGN_OR_RETURN(const std::string text,
                   ChildProcess::Output({"callgrind_annotate", "--inclusive=" + inclusive, "--threshold=100",
                                         "--auto=no", file.string()},
                                        file.parent_path() / "annotate.log"));
  std::map<std::string, uint64_t> costs;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    uint64_t instructions = 0;
    std::string function;
    if (!ParseAnnotation(line, instructions, function)) continue;
    uint64_t& cost = costs[function];
    // A function inlined into several files has a line for each; what they call is in each line already.
    cost = attribution == Attribution::kSelf ? cost + instructions : std::max(cost, instructions);
  }
  return costs;
}

}  // namespace postern::bench
