#include "agent/agent.h"

#include <cstdlib>
#include <optional>

#include "agent/running_agent.h"
#include "shared/base/daemon.h"
#include "shared/base/log.h"
#include "shared/crypto/locked_secret.h"

namespace postern::agent {

int RunAgent(const std::filesystem::path& config_file, Seams seams) {
  auto config = LoadAgentConfig(config_file);
  if (!config) {
    Log(Level::kError, config.error().message);
    return 2;
  }
  ConfigureLog(config->log_level, config->log_format);
  if (const Status safe = crypto::DisableCoreDumps(); !safe) {
    Log(Level::kError, safe.error().message);
    return 1;
  }
  RaiseDescriptorLimit();
  BlockDaemonSignals();
  auto loop = http::Loop::Make();
  if (!loop) {
    Log(Level::kError, loop.error().message);
    return 1;
  }
  std::optional<Agent> agent(std::in_place, config_file, std::move(seams), *std::move(loop));
  int code = 0;
  if (const Status started = agent->Start(*config); !started) {
    Log(Level::kError, started.error().message);
    const bool wrong =
        started.error().code == ErrorCode::kInvalid || started.error().code == ErrorCode::kNotFound;
    code = wrong ? 2 : 1;
  } else {
    agent->Run();
  }
  const bool compiling = agent->LeaveRules();
  agent.reset();
  if (compiling) std::quick_exit(code);
  return code;
}

}  // namespace postern::agent
