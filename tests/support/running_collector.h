// A collector for a test: the real program on a state directory of its own and on ports that are free, with
// its first administrator, and the `postern` program to speak to it.
//
//   auto collector = RunningCollector::Start();
//   ASSERT_TRUE(collector) << collector.error().message;
//   const Finished made = (*collector)->Postern({"user", "create", "alice@example.com"});
//
// The test needs add_dependencies(NAME postern-collector postern).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "tests/support/held_port.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace postern::support {

// Thread-compatible.
class RunningCollector {
 public:
  // Runs `init`, then `run`, and waits until it listens. `extra` is more of collector.yaml.
  static Result<std::unique_ptr<RunningCollector>> Start(const std::string& extra = "");

  std::string url() const { return "https://127.0.0.1:" + std::to_string(api_port()); }
  uint16_t api_port() const { return api_port_.number(); }
  uint16_t agents_port() const { return agents_port_.number(); }
  const std::string& fingerprint() const { return fingerprint_; }
  const std::string& token() const { return token_; }  // of the first administrator
  std::string token_file() const { return directory_ / "token"; }
  std::string config_file() const { return directory_ / "collector.yaml"; }
  std::string state() const { return directory_ / "state"; }
  const std::string& directory() const { return directory_.path(); }
  Process& process() { return *process_; }

  // `postern` with these words, as the first administrator or as the one whose token is in the file.
  Finished Postern(std::vector<std::string> words, const std::string& input = "") const;
  Finished PosternAs(const std::string& token_file, std::vector<std::string> words,
                     const std::string& input = "") const;
  // `postern-collector` with these words and --config.
  Finished Command(std::vector<std::string> words) const;

  // Starts the program again after it was stopped or killed, on the same ports.
  Status Run();
  Ending Stop() { return process_->Stop(); }
  void Kill();

 private:
  RunningCollector() = default;
  void WriteConfig() const;
  Status Initialise();

  TemporaryDirectory directory_;
  std::string extra_;
  const HeldPort api_port_;
  const HeldPort agents_port_;
  std::string fingerprint_;
  std::string token_;
  std::unique_ptr<Process> process_;
};

}  // namespace postern::support
