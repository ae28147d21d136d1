// What the wallet wants to be kept, on its way to the disk (agent/wallet/output.h), and how it lies there.
// README.md has the grammar. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/wallet/output.h"
#include "shared/base/result.h"
#include "shared/wire/event.pb.h"

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

// Names and values in the family `wallet`.
std::string HoldingKey(uint64_t incarnation, const wallet::HoldingRecord& record);
std::string HoldingValue(const wallet::HoldingRecord& record);
std::string ReservationKey(uint64_t incarnation, const ExchangeId& exchange);
std::string ReservationValue(const wallet::ReservationRecord& record);

// Adds the row to `rows`, whose incarnation it has; nothing where it is another one's. kCorrupt for what
// wasn't written here.
Status DecodeRow(std::string_view key, std::string_view value, WalletRows& rows);

// What an exchange was settled at, in the event of its outcome.
void FillCharges(std::span<const limits::Charge> charges, wire::Outcome& outcome);

// The newest row of each name. Thread-compatible.
class RowBook {
 public:
  // What is there of another incarnation is forgotten first.
  void Take(WalletRows&& rows);
  // All of it, erased rows too; then it is empty.
  WalletRows TakeAll();
  // Holdings that are not erased; those that are, are forgotten.
  std::vector<wallet::HoldingRecord> Holdings(uint64_t incarnation) const;
  void ForgetErased();

  bool empty() const { return holdings_.empty() && reservations_.empty(); }

 private:
  uint64_t incarnation_ = 0;
  std::map<std::pair<std::string, limits::Window>, wallet::HoldingRecord> holdings_;
  std::map<ExchangeId, wallet::ReservationRecord> reservations_;
};

}  // namespace postern::spool
