// What the wallet wants to be kept, on its way to the disk (agent/wallet/output.h). Plain data.
#pragma once

#include <cstdint>
#include <vector>

#include "agent/wallet/output.h"

namespace postern::spool {

// Rows of one incarnation. Each replaces the former one of its name; those of an incarnation that isn't the
// present one any more are not kept.
struct WalletRows {
  uint64_t incarnation = 0;
  std::vector<wallet::HoldingRecord> holdings;
  std::vector<wallet::ReservationRecord> reservations;

  bool empty() const { return holdings.empty() && reservations.empty(); }
};

// Who waits for rows that go without an event.
enum class Haste : uint8_t {
  kNone,     // nobody: they are written with what comes next, at the latest with the next sync
  kWritten,  // somebody who goes on once they are written
  kSynced,   // somebody who goes on once they are synced
};

}  // namespace postern::spool
