#include "collector/commands/options.h"

#include <algorithm>
#include <ostream>

#include "shared/base/log.h"

namespace postern::collector::commands {

Path ConfigFile(const Invocation& call) {
  return call.arguments.ValueOr("config", "/etc/postern/collector.yaml");
}

Result<CollectorConfig> LoadConfig(const Invocation& call) {
  auto config = LoadCollectorConfig(ConfigFile(call));
  if (!config) return Error{ErrorCode::kInvalid, config.error().message};
  ConfigureLog(Level::kWarning, config->log_format);
  return config;
}

void ProgressLines::Show(uint64_t done, uint64_t total) {
  const uint64_t tenths = total == 0 ? 10 : std::min<uint64_t>(10, done * 10 / total);
  if (tenths <= shown_) return;
  shown_ = tenths;
  err_ << what_ << ": " << tenths * 10 << " %\n" << std::flush;
}

}  // namespace postern::collector::commands
