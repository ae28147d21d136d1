// The measurements. A trial makes one row or several that come from the same runs; README.md says what each
// means.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "shared/base/result.h"
#include "tests/bench/arena.h"
#include "tests/bench/row.h"

namespace postern::bench {

// The load of a trial, for measuring it and for profiling it.
struct Load {
  Shape shape;
  int connections = 1;
  Transport transport = Transport::kPlain;
};

struct Trial {
  std::vector<std::string> names;  // of its rows, without repetitions
  Load load;
  std::function<Result<std::vector<Row>>(Arena&)> run;
};

std::vector<Trial> CostTrials();         // agent/cpu-per-request/…, agent/cpu-per-event/…
std::vector<Trial> LatencyTrials();      // agent/added-…
std::vector<Trial> InstructionTrials();  // agent/instructions-per-request/…
std::vector<Trial> MemoryTrials();       // agent/rss/…
std::vector<Trial> FleetTrials();        // fleet/… in this process; agent/revoke-ms
std::vector<Trial> AuditTrials();        // audit/…: the collector's, in this process
std::vector<Trial> LedgerTrials();       // ledger/settlements-per-second: in this process
std::vector<Trial> PolicyTrials();       // policy/decision-ns: in this process
std::vector<Trial> SecretsTrials();      // secrets/…: in this process
std::vector<Trial> WalletTrials();       // wallet/admission-ns: in this process

// All of them, in the order in which they are reported.
std::vector<Trial> AllTrials();

}  // namespace postern::bench
