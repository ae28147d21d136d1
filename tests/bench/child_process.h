// A program that is run to be measured. It dies with us: at our end, at an interrupt, and by the kernel if we
// are killed.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <sys/types.h>

#include "shared/base/result.h"

namespace postern::bench {

// Move-only; the destructor stops it. Thread-compatible.
class ChildProcess {
 public:
  // Runs argv[0], found as the shell would; both its outputs go to `log`. kUnavailable when it can't be
  // started.
  static Result<ChildProcess> Start(const std::vector<std::string>& argv, const std::filesystem::path& log);

  // Runs it to its end and returns its standard output. kUnavailable, with the end of what it said, if it
  // fails.
  static Result<std::string> Output(const std::vector<std::string>& argv, const std::filesystem::path& log);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();

  // Returns when something listens on the port. kUnavailable, with the end of its log, if it ends before or
  // takes too long.
  Status AwaitListening(uint16_t port, std::chrono::seconds limit) const;

  // Processor time of it and its descendants, in user space and the kernel, of all threads, those that ended
  // included.
  double CpuMicroseconds() const;
  // The same, once it has been at rest for some milliseconds: work that goes on after the answers counts too.
  double SettledCpuMicroseconds() const;
  // VmRSS of it and its descendants.
  uint64_t ResidentBytes() const;

  // Asks it to end (SIGTERM), then kills it and its descendants after 20 s.
  void Stop();

  pid_t pid() const { return pid_; }

 private:
  ChildProcess(pid_t pid, std::filesystem::path log) : pid_(pid), log_(std::move(log)) {}
  std::vector<pid_t> Family() const;

  pid_t pid_ = -1;
  std::filesystem::path log_;
};

// The last lines of a text file, for error messages.
std::string TailOf(const std::filesystem::path& file);

}  // namespace postern::bench
