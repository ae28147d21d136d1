#include "agent/spool/wallet_rows.h"

#include <algorithm>
#include <utility>

#include "agent/spool/record_key.h"
#include "shared/base/check.h"
#include "shared/limits/wire_form.h"

namespace postern::spool {
namespace {

constexpr char kHolding = 'h';
constexpr char kReservation = 'r';
constexpr size_t kNameBegin = 9;  // after incarnation and kind

void AppendSigned(std::string& out, int64_t number) { AppendNumber(out, static_cast<uint64_t>(number)); }

void AppendWindow(std::string& out, const limits::Window& window) {
  AppendSigned(out, window.begin.time_since_epoch().count());
  AppendSigned(out, window.end.time_since_epoch().count());
}

// Takes its pieces off the front of some bytes; `sound` is false once there were too few.
struct Pieces {
  std::string_view left;
  bool sound = true;

  std::string_view Take(size_t size) {
    if (left.size() < size) sound = false;
    if (!sound) return {};
    const std::string_view piece = left.substr(0, size);
    left.remove_prefix(size);
    return piece;
  }
  uint8_t Byte() {
    const std::string_view piece = Take(1);
    return sound ? static_cast<uint8_t>(piece[0]) : uint8_t{0};
  }
  int64_t Number() {
    const std::string_view piece = Take(8);
    return sound ? static_cast<int64_t>(ReadNumber(piece)) : 0;
  }
  WallTime Time() { return WallTime(std::chrono::nanoseconds(Number())); }
  limits::Window Window() {
    const WallTime begin = Time();
    return {begin, Time()};
  }
};

Error Damaged() {
  return {ErrorCode::kCorrupt,
          "the agent's state is damaged: a row of the wallet can't be read; keep a copy of the directory as "
          "evidence, then move it away"};
}

Result<wallet::HoldingRecord> DecodeHolding(Pieces name, Pieces value) {
  wallet::HoldingRecord record;
  record.window = name.Window();
  record.account = name.left;
  record.counters.granted = Amount(value.Number());
  record.counters.used = Amount(value.Number());
  record.counters.returned = Amount(value.Number());
  if (!name.sound || !value.sound || !value.left.empty() || !record.counters.is_sound()) return Damaged();
  return record;
}

Result<wallet::ReservationRecord> DecodeReservation(Pieces name, Pieces value) {
  wallet::ReservationRecord record;
  const std::string_view exchange = name.Take(record.exchange.bytes.size());
  if (!name.sound || !name.left.empty()) return Damaged();
  std::copy(exchange.begin(), exchange.end(), record.exchange.bytes.begin());
  while (value.sound && !value.left.empty()) {
    wallet::ReservedPart part;
    const uint8_t unit = value.Byte();
    part.unit = static_cast<limits::Unit>(unit);
    part.window = value.Window();
    part.amount = Amount(value.Number());
    part.admitted = Amount(value.Number());
    const size_t high = value.Byte();
    part.account = value.Take(high << 8 | value.Byte());
    if (unit >= limits::kUnits || part.amount < Amount() || part.admitted < Amount()) return Damaged();
    record.parts.push_back(std::move(part));
  }
  if (!value.sound || record.parts.empty()) return Damaged();
  return record;
}

}  // namespace

std::string HoldingKey(uint64_t incarnation, const wallet::HoldingRecord& record) {
  std::string key;
  AppendNumber(key, incarnation);
  key += kHolding;
  AppendWindow(key, record.window);
  return key += record.account;
}

std::string HoldingValue(const wallet::HoldingRecord& record) {
  std::string value;
  AppendSigned(value, record.counters.granted.units());
  AppendSigned(value, record.counters.used.units());
  AppendSigned(value, record.counters.returned.units());
  return value;
}

std::string ReservationKey(uint64_t incarnation, const ExchangeId& exchange) {
  std::string key;
  AppendNumber(key, incarnation);
  key += kReservation;
  return key += exchange.raw();
}

std::string ReservationValue(const wallet::ReservationRecord& record) {
  std::string value;
  for (const wallet::ReservedPart& part : record.parts) {
    CHECK(part.account.size() <= UINT16_MAX);
    value += static_cast<char>(part.unit);
    AppendWindow(value, part.window);
    AppendSigned(value, part.amount.units());
    AppendSigned(value, part.admitted.units());
    value += static_cast<char>(part.account.size() >> 8);
    value += static_cast<char>(part.account.size() & 0xff);
    value += part.account;
  }
  return value;
}

Status DecodeRow(std::string_view key, std::string_view value, WalletRows& rows) {
  if (key.size() < kNameBegin) return Damaged();
  if (ReadNumber(key) != rows.incarnation) return Ok{};
  const char kind = key[kNameBegin - 1];
  const Pieces name{key.substr(kNameBegin)};
  if (kind == kHolding) {
    ASSIGN_OR_RETURN(auto record, DecodeHolding(name, Pieces{value}));
    rows.holdings.push_back(std::move(record));
  } else if (kind == kReservation) {
    ASSIGN_OR_RETURN(auto record, DecodeReservation(name, Pieces{value}));
    rows.reservations.push_back(std::move(record));
  } else {
    return Damaged();
  }
  return Ok{};
}

void FillCharges(std::span<const limits::Charge> charges, wire::Outcome& outcome) {
  for (const limits::Charge& charge : charges) *outcome.add_charges() = limits::ToWire(charge);
}

void RowBook::Take(WalletRows&& rows) {
  if (rows.incarnation != incarnation_) {
    holdings_.clear();
    reservations_.clear();
    incarnation_ = rows.incarnation;
  }
  for (wallet::HoldingRecord& record : rows.holdings) {
    std::pair<std::string, limits::Window> name(record.account, record.window);
    holdings_.insert_or_assign(std::move(name), std::move(record));
  }
  for (wallet::ReservationRecord& record : rows.reservations) {
    const ExchangeId exchange = record.exchange;
    reservations_.insert_or_assign(exchange, std::move(record));
  }
}

WalletRows RowBook::TakeAll() {
  WalletRows rows{incarnation_, {}, {}};
  for (auto& [name, record] : holdings_) rows.holdings.push_back(std::move(record));
  for (auto& [exchange, record] : reservations_) rows.reservations.push_back(std::move(record));
  holdings_.clear();
  reservations_.clear();
  return rows;
}

std::vector<wallet::HoldingRecord> RowBook::Holdings(uint64_t incarnation) const {
  std::vector<wallet::HoldingRecord> found;
  if (incarnation != incarnation_) return found;
  for (const auto& [name, record] : holdings_)
    if (!record.erased) found.push_back(record);
  return found;
}

void RowBook::ForgetErased() {
  std::erase_if(holdings_, [](const auto& entry) { return entry.second.erased; });
  std::erase_if(reservations_, [](const auto& entry) { return entry.second.parts.empty(); });
}

}  // namespace postern::spool
