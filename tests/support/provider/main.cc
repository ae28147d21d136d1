// postern-provider: a simulated provider of the Messages API. See README.md.
#include <csignal>
#include <iostream>

#include <signal.h>
#include <sys/prctl.h>

#include "tests/support/provider/running_provider.h"

int main(int argc, char** argv) {
  const auto options = postern::provider::ParseOptions(argc, argv);
  if (!options) {
    std::cerr << "postern-provider: " << options.error().message << "\n";
    return 2;
  }
  if (options->die_with_parent) ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  // Blocked before the thread is made, so that they come here alone.
  sigset_t ending;
  ::sigemptyset(&ending);
  ::sigaddset(&ending, SIGTERM);
  ::sigaddset(&ending, SIGINT);
  ::sigprocmask(SIG_BLOCK, &ending, nullptr);
  const auto running = postern::provider::RunningProvider::Start(*options);
  if (!running) {
    std::cerr << "postern-provider: " << running.error().message << "\n";
    return 1;
  }
  std::cout << "listening on " << (*running)->url() << std::endl;
  int signal = 0;
  ::sigwait(&ending, &signal);
  return 0;
}
