// The wallet's rows in the journal: with the events they belong to, and what becomes of them when it is
// opened.
#include <algorithm>
#include <map>
#include <utility>

#include "agent/spool/journal.h"
#include "agent/wallet/wallet.h"

namespace postern::spool {
namespace {

// Behind the last name that a row may have.
constexpr std::string_view kEndOfRows = "\xff\xff\xff\xff\xff\xff\xff\xff\xff";

Amount DollarsOf(const wallet::ReservationRecord& record) {
  Amount most;
  for (const wallet::ReservedPart& part : record.parts)
    if (part.unit == limits::Unit::kUsd) most = std::max(most, part.amount);
  return most;
}

}  // namespace

void Journal::Stage(wire::Event& event, WalletRows&& rows) {
  // What was spent under another incarnation counts there, and that one's record has ended.
  if (event.has_outcome() && rows.incarnation != incarnation_) event.mutable_outcome()->clear_charges();
  Stage(event);
  Stage(std::move(rows));
}

void Journal::Stage(WalletRows&& rows) {
  if (rows.incarnation != incarnation_) return;
  for (wallet::HoldingRecord& record : rows.holdings) {
    const std::string key = HoldingKey(incarnation_, record);
    if (record.erased) {
      staged_.Delete(kWallet, key);
    } else {
      staged_.Put(kWallet, key, HoldingValue(record));
    }
    staged_holdings_.push_back(std::move(record));
  }
  for (const wallet::ReservationRecord& record : rows.reservations) {
    const std::string key = ReservationKey(incarnation_, record.exchange);
    if (record.parts.empty()) {
      staged_.Delete(kWallet, key);
    } else {
      staged_.Put(kWallet, key, ReservationValue(record));
    }
  }
}

WalletRows Journal::TakeSyncedHoldings() { return {incarnation_, std::exchange(synced_holdings_, {}), {}}; }

Status Journal::RecoverWallet() {
  wallet_rows_.incarnation = incarnation_;
  kv::Cursor cursor = store_->NewCursor(kWallet);
  for (cursor.SeekToFirst(); cursor.valid(); cursor.Next())
    RETURN_IF_ERROR(DecodeRow(cursor.key(), cursor.value(), wallet_rows_));
  return cursor.status();
}

// What the last life left behind in this incarnation: whose intent is there is settled at what was reserved;
// whose intent was never written has sent nothing, and costs nothing.
void Journal::SettleInterrupted() {
  wallet::Wallet wallet = wallet::Wallet::Restore({}, wallet_rows_.holdings, wallet_rows_.reservations);
  std::map<ExchangeId, Amount> dollars;
  for (const wallet::ReservationRecord& record : wallet_rows_.reservations)
    dollars[record.exchange] = DollarsOf(record);
  wallet::Output output;
  for (const ExchangeId& exchange : open_.All()) {
    wire::Event settled;
    wire::Outcome& outcome = *settled.mutable_outcome();
    outcome.set_exchange(std::string(exchange.raw()));
    outcome.set_ending(wire::ENDING_INTERRUPTED);
    outcome.set_estimated(true);
    output.Clear();
    if (wallet.SettleAsReserved(exchange, WallTime{}, output)) {
      FillCharges(output.charges, outcome);
      outcome.set_cost_nano_dollars(dollars[exchange].units());
    }
    Stage(settled, {incarnation_, std::move(output.holdings), std::move(output.reservations)});
  }
  for (const ExchangeId& exchange : wallet.InFlight()) {
    output.Clear();
    CHECK(wallet.Settle(exchange, limits::Amounts(), WallTime{}, output).has_value());
    Stage({incarnation_, std::move(output.holdings), std::move(output.reservations)});
  }
  wallet_rows_ = {incarnation_, {}, {}};
  for (limits::Held& held : wallet.Report().held)
    wallet_rows_.holdings.push_back({std::move(held.account), held.window, held.counters});
  staged_holdings_ = wallet_rows_.holdings;
}

void Journal::EraseRows() {
  staged_.DeleteRange(kWallet, "", kEndOfRows);
  staged_holdings_.clear();
  unsynced_holdings_.clear();
  synced_holdings_.clear();
  wallet_rows_ = {incarnation_, {}, {}};
}

}  // namespace postern::spool
