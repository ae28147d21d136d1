// One collector for end-to-end tests: a real process with a state of its own on free ports, and its first
// administrator's calls.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "shared/rest/client.h"
#include "tests/support/held_port.h"
#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace postern::end_to_end {

// Failures end the test program: without a collector there is no test.
class Keep {
 public:
  Keep();  // as `postern-collector init` makes it; not started

  // Returns when it listens, at the same ports each time.
  void Start();
  // Of its environment, from the next start on.
  void set_variables(std::map<std::string, std::string> variables) { variables_ = std::move(variables); }
  // Further lines of collector.yaml, from the next start on.
  void set_extra_config(std::string lines) { extra_config_ = std::move(lines); }
  void Kill();             // SIGKILL
  support::Ending Stop();  // SIGTERM
  support::Process& process() { return *process_; }

  std::string url() const { return "https://127.0.0.1:" + std::to_string(api_port()); }
  uint16_t api_port() const { return api_port_.number(); }
  uint16_t agents_port() const { return agents_port_.number(); }
  const std::string& fingerprint() const { return fingerprint_; }
  const std::string& token() const { return token_; }  // of an administrator
  std::string config_file() const { return directory_ / "collector.yaml"; }
  std::string state() const { return directory_ / "collector"; }
  const support::TemporaryDirectory& directory() const { return directory_; }

  // A call of the administrator, whatever its status. One that is told to come less often waits and is
  // repeated.
  rest::Reply Call(std::string_view method, std::string_view path, std::string_view body = {},
                   std::string_view content_type = "application/json") const;
  // The body of a call that must go well.
  std::string Done(std::string_view method, std::string_view path, std::string_view body = {}) const;
  // For one host: "pse_…@fingerprint".
  std::string EnrolmentToken() const;

  // How many requests there were in all, by /v1/usage; 0 where there were none.
  int64_t Requests() const;

  // The value of one sample of /metrics; -1 if there is none.
  double Metric(std::string_view sample) const;
  // Of its process, in bytes.
  uint64_t resident_bytes() const;

  // postern-collector with these words and --config.
  support::Finished Run(std::vector<std::string> words) const;

 private:
  void WriteConfig() const;

  const support::TemporaryDirectory directory_;
  const support::HeldPort api_port_;
  const support::HeldPort agents_port_;
  std::string fingerprint_;
  std::string token_;
  std::map<std::string, std::string> variables_;
  std::string extra_config_;
  std::unique_ptr<support::Process> process_;
};

}  // namespace postern::end_to_end
