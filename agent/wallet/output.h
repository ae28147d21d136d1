// What the wallet has decided, and what has to happen for it to be true.
//
// The order is the promise: first `holdings` and `reservations` are written, in one atomic write with the
// event that belongs to them; then decisions are acted upon and demands sent; and once the write is synced,
// returns are sent. A demand commits to nothing and may go out at once.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shared/base/ids.h"
#include "shared/limits/grant.h"

namespace postern::wallet {

// A row: the counters of one window of one account. It replaces the former one.
struct HoldingRecord {
  std::string account;
  limits::Window window;
  limits::Counters counters;
  bool erased = false;
};

struct ReservedPart {
  std::string account;
  limits::Window window;
  limits::Unit unit = limits::Unit::kUsd;
  Amount amount;
  Amount admitted{};  // of it, when the exchange was admitted
};

// A row: all that is reserved for one exchange. Without parts the row is erased.
struct ReservationRecord {
  ExchangeId exchange;
  std::vector<ReservedPart> parts;
};

enum class Verdict : uint8_t {
  kAdmitted,     // reserved, or extended
  kExhausted,    // the ledger says that too little is left
  kUnavailable,  // what is held here doesn't suffice and the ledger gave no answer in time
};

enum class Purpose : uint8_t { kReserve, kExtend };

struct Decision {
  ExchangeId exchange;
  Purpose purpose = Purpose::kReserve;
  Verdict verdict = Verdict::kAdmitted;
  std::string account{};  // that lacks something, where it is refused
  WallTime resets{};      // the end of its window, where that is known
  // Of kExhausted:
  uint64_t demand = 0;  // the number of the one that was denied
  Amount wanted{};      // of that account; of an extension what it wanted more
  Amount missing{};     // of that what isn't spare here …
  Amount left{};        // … and what the ledger had left, which is less
};

struct Output {
  std::vector<HoldingRecord> holdings;
  std::vector<ReservationRecord> reservations;
  std::vector<limits::Charge> charges;  // of the exchange that was settled: for the event of its outcome
  std::vector<Decision> decisions;
  std::vector<limits::Demand> demands;
  std::vector<limits::Return> returns;  // only once the write is synced

  void Clear() {
    holdings.clear();
    reservations.clear();
    charges.clear();
    decisions.clear();
    demands.clear();
    returns.clear();
  }
};

}  // namespace postern::wallet
