// What the collector's commands have in common.
#pragma once

#include <string>

#include "collector/config.h"
#include "shared/base/result.h"
#include "shared/command_line/program.h"

namespace postern::collector::commands {

using command_line::Invocation;

inline const command_line::Option kConfigOption{
    .name = "config",
    .value = "FILE",
    .sentence = "The configuration (default /etc/postern/collector.yaml).",
    .completes = command_line::Completes::kFiles};
inline const command_line::Option kJsonOption{.name = "json", .sentence = "Prints JSON, for programs."};

Path ConfigFile(const Invocation& call);

// The configuration that --config names. Whatever is wrong with it is wrong usage, kInvalid. The log is set
// to show warnings, since the command speaks for itself.
Result<CollectorConfig> LoadConfig(const Invocation& call);

// Says on standard error how far something long has come, a line for each tenth. Thread-compatible.
class ProgressLines {
 public:
  ProgressLines(std::ostream& err, std::string what) : err_(err), what_(std::move(what)) {}
  void Show(uint64_t done, uint64_t total);

 private:
  std::ostream& err_;
  const std::string what_;
  uint64_t shown_ = 0;  // tenths
};

}  // namespace postern::collector::commands
