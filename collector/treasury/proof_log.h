// What the collector's log says when demands were denied: the account's books at the end of the round of
// recalls that proves it, so that they can be held against what agents have recorded.
#pragma once

#include "collector/ledger/output.h"

namespace postern::treasury {

// One line, at level debug. README.md has its form.
void LogProof(const ledger::Proof& proof);

}  // namespace postern::treasury
