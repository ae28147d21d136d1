#include "collector/treasury/rows.h"

#include <map>
#include <utility>

#include "collector/store/coding.h"

namespace postern::treasury {
namespace {

using store::Decoder;
using store::LedgerRow;

constexpr char kEpochTag = 'e';
constexpr char kHoldingTag = 'h';
constexpr char kMetTag = 'm';
constexpr char kPoolTag = 'p';

// A read begins anew where rows are written meanwhile; only one thread writes them.
constexpr int kMostAttempts = 100;

std::string Key(char tag, const std::string& account, const limits::Window& window) {
  std::string key(1, tag);
  key.reserve(account.size() + 48);
  store::PutText(key, account);
  store::PutTime(key, window.begin);
  store::PutTime(key, window.end);
  return key;
}

limits::Window ReadWindow(Decoder& decoder) {
  limits::Window window;
  window.begin = decoder.Time();
  window.end = decoder.Time();
  return window;
}

Amount ReadAmount(Decoder& decoder) { return Amount(decoder.Signed()); }

ledger::Holder ReadHolder(Decoder& decoder) {
  ledger::Holder holder;
  holder.agent = decoder.Text();
  holder.incarnation = decoder.Number();
  return holder;
}

bool ReadPool(Decoder& key, Decoder& value, Rows& rows) {
  ledger::PoolRecord& pool = rows.pools.emplace_back();
  pool.account = key.Text();
  pool.window = ReadWindow(key);
  pool.forgiven = ReadAmount(value);
  pool.unreported = ReadAmount(value);
  return true;
}

bool ReadHolding(Decoder& key, Decoder& value, Rows& rows) {
  ledger::HoldingRecord& holding = rows.holdings.emplace_back();
  holding.account = key.Text();
  holding.window = ReadWindow(key);
  holding.holder = ReadHolder(key);
  holding.counters.granted = ReadAmount(value);
  holding.counters.used = ReadAmount(value);
  holding.counters.returned = ReadAmount(value);
  holding.overspent = ReadAmount(value);
  return holding.counters.is_sound() && holding.overspent >= Amount();
}

// The epoch's row is the first: its tag is the least.
bool ReadMet(Decoder& key, Decoder& value, Rows& rows) {
  const ledger::Holder holder = ReadHolder(key);
  if (value.Number() == (rows.epoch ? rows.epoch->epoch : 0)) rows.met.insert(holder);
  return true;
}

bool ReadEpoch(Decoder& value, Rows& rows) {
  EpochRow& epoch = rows.epoch.emplace();
  epoch.epoch = value.Number();
  epoch.recovered = value.Time();
  return true;
}

Status ReadRow(const LedgerRow& row, Rows& rows) {
  Decoder key(std::string_view(row.key).substr(1));
  Decoder value(row.value);
  bool is_good = false;
  switch (row.key.front()) {
    case kEpochTag: is_good = ReadEpoch(value, rows); break;
    case kHoldingTag: is_good = ReadHolding(key, value, rows); break;
    case kMetTag: is_good = ReadMet(key, value, rows); break;
    case kPoolTag: is_good = ReadPool(key, value, rows); break;
    default: break;
  }
  if (is_good && key.complete() && value.complete()) return Ok{};
  return store::Damaged("a row of the ledger");
}

}  // namespace

LedgerRow ToRow(const EpochRow& epoch) {
  LedgerRow row{.key = std::string(1, kEpochTag)};
  store::PutNumber(row.value, epoch.epoch);
  store::PutTime(row.value, epoch.recovered);
  return row;
}

LedgerRow ToRow(const ledger::PoolRecord& record) {
  LedgerRow row{.key = Key(kPoolTag, record.account, record.window), .erased = record.erased};
  if (record.erased) return row;
  store::PutSigned(row.value, record.forgiven.units());
  store::PutSigned(row.value, record.unreported.units());
  return row;
}

LedgerRow ToRow(const ledger::HoldingRecord& record) {
  LedgerRow row{.key = Key(kHoldingTag, record.account, record.window), .erased = record.erased};
  store::PutText(row.key, record.holder.agent);
  store::PutNumber(row.key, record.holder.incarnation);
  if (record.erased) return row;
  for (const Amount amount :
       {record.counters.granted, record.counters.used, record.counters.returned, record.overspent})
    store::PutSigned(row.value, amount.units());
  return row;
}

LedgerRow MetRow(const ledger::Holder& holder, uint64_t epoch) {
  LedgerRow row{.key = std::string(1, kMetTag)};
  store::PutText(row.key, holder.agent);
  store::PutNumber(row.key, holder.incarnation);
  store::PutNumber(row.value, epoch);
  return row;
}

Result<Rows> ReadRows(store::Store& store) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    Rows rows;
    std::optional<store::Cursor> cursor;
    bool is_torn = false;
    do {
      ASSIGN_OR_RETURN(const store::LedgerPage page, store.ListLedger(cursor, store::Store::kMaxPage));
      is_torn = cursor && page.version != rows.version;
      rows.version = page.version;
      for (const LedgerRow& row : page.rows) RETURN_IF_ERROR(ReadRow(row, rows));
      cursor = page.next;
    } while (cursor && !is_torn);
    if (!is_torn) return rows;
  }
  return Error{ErrorCode::kUnavailable, "the ledger's rows change faster than they can be read"};
}

Result<std::vector<std::string>> CheckRows(store::Store& store) {
  std::vector<std::string> problems;
  const auto rows = ReadRows(store);
  if (!rows && rows.error().code == ErrorCode::kCorrupt) {
    problems.push_back("the ledger can't be read: " + rows.error().message);
    return problems;
  }
  if (!rows) return rows.error();
  std::set<std::pair<std::string, limits::Window>> pools;
  for (const ledger::PoolRecord& pool : rows->pools) pools.emplace(pool.account, pool.window);
  uint64_t lost = 0;
  for (const ledger::HoldingRecord& holding : rows->holdings)
    if (!pools.contains({holding.account, holding.window})) ++lost;
  if (lost > 0)
    problems.push_back(std::to_string(lost) + " holdings of the ledger belong to no window that it has");
  return problems;
}

Status NoteEpoch(store::Store& store, uint64_t epoch) {
  ASSIGN_OR_RETURN(const Rows rows, ReadRows(store));
  if (rows.epoch) return Ok{};
  store::Change change;
  change.ledger.push_back(ToRow(EpochRow{.epoch = epoch}));
  change.ledger_expected = rows.version;
  ASSIGN_OR_RETURN(const store::Receipt written, store.Commit(change));
  static_cast<void>(written);
  return Ok{};
}

}  // namespace postern::treasury
