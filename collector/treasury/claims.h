// What an agent claims, held against what can be and what the ledger knows, before the ledger takes it in. An
// agent may be hostile: what is absurd is cut off here, and a claim to hold what nobody has granted holds up
// nobody else. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "collector/ledger/ledger.h"

namespace postern::treasury {

// A stretch of time that a limit can be for: within living memory, no longer than a year and a day; or
// always.
bool IsSound(const limits::Window& window);

enum class Verdict : uint8_t {
  kGood,
  kAbsurd,  // a window that can't be
  kBeyond,  // it says that it was granted more than it was
  kLate,    // the window is over for so long that nothing is kept of it
};

// Brings the agent's clock into what calendars can be asked for.
Verdict Judge(const ledger::Ledger& ledger, const ledger::Holder& holder, limits::Demand& demand,
              WallTime now);

// Leaves out windows of which nothing is known any more.
Verdict Judge(const ledger::Ledger& ledger, const ledger::Holder& holder, limits::Return& returned,
              WallTime now);

// Leaves out windows that can't be, and those that are over for so long that nothing is kept of them. Whether
// all of them can be.
bool Screen(const ledger::Ledger& ledger, std::vector<limits::Charge>& charges, WallTime now);

}  // namespace postern::treasury
