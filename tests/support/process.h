// A child process for a test: started, watched by what it prints, stopped, and never left behind.
//
//   auto provider = Process::Start({.argv = {InBuild("bin/postern-provider"), "--port", "0"}});
//   ASSERT_TRUE(provider);
//   const auto line = (*provider)->WaitForLine("listening on");
//
// What the child prints goes into memory files, so that it never waits for somebody to read it.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "shared/base/result.h"

namespace postern::support {

enum class Environment { kInherited, kEmpty };

struct ProcessOptions {
  std::vector<std::string> argv = {};                 // argv[0] is looked up in PATH unless it has a slash
  std::map<std::string, std::string> variables = {};  // on top of `environment`
  Environment environment = Environment::kInherited;
  std::string directory = {};    // to work in; empty for ours
  std::string input = {};        // what its standard input gives
  std::string output_file = {};  // where standard output goes instead of memory
  std::string error_file = {};   // where standard error goes instead of memory
};

struct Ending {
  std::optional<int> code;    // it ended by itself
  std::optional<int> signal;  // it was ended
  friend bool operator==(const Ending&, const Ending&) = default;
};

// In a process group of its own, which is killed when this is destroyed. The child also dies with the
// *thread* that started it (PR_SET_PDEATHSIG). Thread-compatible.
class Process {
 public:
  static constexpr std::chrono::seconds kPatience{30};

  // kNotFound when there is no such program, or it can't be run.
  static Result<std::unique_ptr<Process>> Start(const ProcessOptions& options);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  pid_t pid() const { return pid_; }

  // The first whole line of either output that holds `text`. kUnavailable, with what was printed instead,
  // when it doesn't come in time or the child ends first.
  Result<std::string> WaitForLine(std::string_view text, std::chrono::milliseconds patience = kPatience);

  void Signal(int signal) const;
  // How it ended; nothing when it is still running after `patience`. May be called again.
  std::optional<Ending> Wait(std::chrono::milliseconds patience = kPatience);
  bool running() { return !Wait(std::chrono::milliseconds(0)).has_value(); }
  // SIGTERM, and SIGKILL if that isn't heeded in time.
  Ending Stop(std::chrono::milliseconds patience = kPatience);

  // Everything printed so far.
  std::string output() const;
  std::string errors() const;

 private:
  Process(pid_t pid, int output, int errors) : pid_(pid), output_(output), errors_(errors) {}

  const pid_t pid_;
  const int output_;
  const int errors_;
  std::optional<Ending> ending_;
};

// Starts it, waits for its end and returns all of it.
struct Finished {
  Ending ending;
  std::string output;
  std::string errors;
};
Result<Finished> RunProcess(const ProcessOptions& options,
                            std::chrono::milliseconds patience = Process::kPatience);

}  // namespace postern::support
