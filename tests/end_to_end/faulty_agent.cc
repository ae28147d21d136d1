// The agent on a disk that misbehaves: the product's own libraries, with kv::Faults under its record. For
// tests only.
//
//   postern-agent-faulty run --config FILE
//
// In its environment: with POSTERN_HOLD_UNSYNCED=1 what is not synced is gone when the process is killed, so
// that a kill is a power cut; with POSTERN_SYNC_DELAY_MS=N each sync takes so long.
// On SIGUSR1 the disk is full from here on, on SIGUSR2 it has room again. On SIGRTMIN no sync ends any more,
// until SIGRTMIN + 1.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string_view>

#include "agent/agent.h"
#include "shared/kv/faults.h"

namespace {

using postern::kv::Faults;

// A signal handler reaches nothing but globals; what it turns are lock-free atomics.
Faults* disk = nullptr;

void OnSignal(int signal) {
  if (signal == SIGUSR1) disk->SetSpace(0);
  if (signal == SIGUSR2) disk->SetSpace(-1);
  if (signal == SIGRTMIN) disk->DelaySyncs(std::chrono::hours(1));
  if (signal == SIGRTMIN + 1) disk->DelaySyncs(std::chrono::seconds(0));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4 || argv[1] != std::string_view("run") || argv[2] != std::string_view("--config")) {
    std::cerr << "usage: postern-agent-faulty run --config FILE\n";
    return 2;
  }
  const char* const hold = std::getenv("POSTERN_HOLD_UNSYNCED");
  const char* const delay = std::getenv("POSTERN_SYNC_DELAY_MS");
  const auto faults = std::make_shared<Faults>(hold != nullptr && hold == std::string_view("1"));
  if (delay != nullptr) faults->DelaySyncs(std::chrono::milliseconds(std::atoi(delay)));
  disk = faults.get();
  for (const int signal : {SIGUSR1, SIGUSR2, SIGRTMIN, SIGRTMIN + 1}) std::signal(signal, OnSignal);
  return postern::agent::RunAgent(argv[3], {.disk = faults});
}
