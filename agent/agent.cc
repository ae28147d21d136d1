#include "agent/agent.h"

#include <csignal>
#include <cstdlib>
#include <optional>

#include <sys/resource.h>

#include "agent/running_agent.h"
#include "shared/base/log.h"
#include "shared/crypto/locked_secret.h"

namespace postern::agent {
namespace {

// They come through a descriptor of the loop's.
void BlockSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

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
  BlockSignals();
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
