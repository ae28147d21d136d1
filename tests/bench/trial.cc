#include "tests/bench/trial.h"

#include <iterator>

namespace postern::bench {

std::vector<Trial> AllTrials() {
  std::vector<Trial> all;
  for (auto make : {CostTrials, LatencyTrials, InstructionTrials, MemoryTrials, FleetTrials, AuditTrials,
                    LedgerTrials, PolicyTrials, SecretsTrials, WalletTrials}) {
    std::vector<Trial> some = make();
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace postern::bench
