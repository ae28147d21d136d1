#include "collector/treasury/bookkeeper.h"

#include <algorithm>
#include <utility>

#include "collector/treasury/claims.h"

namespace postern::treasury {

using ledger::Trouble;

Bookkeeper::Bookkeeper(const ledger::Options& options, ledger::Ledger::Limits limits, Rows rows, WallTime now)
    : ledger_(ledger::Ledger::Restore(options, std::move(limits), rows.pools, rows.holdings,
                                      rows.epoch ? rows.epoch->recovered : WallTime::min(), now)),
      epoch_(rows.epoch.value_or(EpochRow())),
      met_(std::move(rows.met)),
      version_(rows.version),
      now_(now) {}

void Bookkeeper::Begin(uint64_t epoch, WallTime now, store::Change& change) {
  BeginTurn(now);
  if (epoch_.epoch >= epoch) return;
  ledger::Output output;
  const bool is_backup = epoch_.epoch != 0;
  epoch_.epoch = epoch;
  if (is_backup) {
    epoch_.recovered = now_;
    met_.clear();
    ledger_.Recover(now_, output);
  }
  more_.push_back(ToRow(epoch_));
  AddRows(output, change);
}

void Bookkeeper::BeginTurn(WallTime now) { now_ = std::max(now_, now); }

std::optional<std::string> Bookkeeper::Doubt(const Holder& said, limits::Return report, WallTime now) const {
  if (is_recovered() && !met_.contains(said)) return std::nullopt;  // it knows better than the backup
  const WallTime present = std::max(now, now_);
  switch (Judge(ledger_, said, report, present)) {
    case Verdict::kAbsurd: return "it says that it holds money of a time that can't be";
    case Verdict::kBeyond: return "it says that it holds more than it was ever granted";
    case Verdict::kGood:
    case Verdict::kLate: break;
  }
  if (ledger_.IsOlder(said, report, present))
    return "its wallet has forgotten what it once said: this state is older than that, or was forfeited";
  return std::nullopt;
}

void Bookkeeper::Take(const Greeting& greeting, WallTime arrived, ledger::Output& output) {
  const Holder said{greeting.holder.agent, greeting.said};
  if (is_recovered()) {
    Meet(said, &greeting.report, output);
    if (said != greeting.holder) Meet(greeting.holder, nullptr, output);
  }
  ledger_.Heard(greeting.holder, greeting.at, arrived);
  if (said != greeting.holder) return;
  limits::Return report = greeting.report;
  report.recall = 0;
  if (Judge(ledger_, said, report, now_) == Verdict::kGood) ledger_.Receive(said, report, now_, output);
  ledger_.Resend(said, greeting.report, now_, output);
}

void Bookkeeper::Meet(const Holder& holder, const limits::Return* report, ledger::Output& output) {
  if (!met_.insert(holder).second) return;
  more_.push_back(MetRow(holder, epoch_.epoch));
  if (report == nullptr) return;
  limits::Return sound = *report;
  std::erase_if(sound.held, [&](const limits::Held& held) {
    return !IsSound(held.window) || ledger_.IsForgotten(held.window, now_);
  });
  ledger_.Merge(holder, sound, now_, output);
}

bool Bookkeeper::Take(Letter& letter, ledger::Output& output) {
  auto* demand = std::get_if<limits::Demand>(&letter.body);
  auto* returned = std::get_if<limits::Return>(&letter.body);
  const Verdict verdict = demand != nullptr ? Judge(ledger_, letter.holder, *demand, now_)
                                            : Judge(ledger_, letter.holder, *returned, now_);
  switch (verdict) {
    case Verdict::kLate: return true;
    case Verdict::kAbsurd:
      Raise(letter.holder, Trouble::kUnsound, "an agent speaks of money of a time that can't be", output);
      return true;
    case Verdict::kBeyond:
      Raise(letter.holder, Trouble::kRestored, "an agent says that it holds more than it was ever granted",
            output);
      return false;
    case Verdict::kGood: break;
  }
  if (returned != nullptr) {
    ledger_.Receive(letter.holder, *returned, now_, output);
    return true;
  }
  const uint64_t left = LeftToOpen(letter.holder.agent);
  if (left < demand->claims.size()) return true;  // the wallet says that there was no answer
  const size_t before = output.pools.size();
  ledger_.Receive(letter.holder, *demand, now_, output);
  quotas_[letter.holder.agent].left = left - std::min<uint64_t>(left, output.pools.size() - before);
  return true;
}

uint64_t Bookkeeper::LeftToOpen(const std::string& agent) {
  Quota& quota = quotas_[agent];
  const auto gained = static_cast<uint64_t>((now_ - std::min(quota.refilled, now_)) / kRefill);
  if (gained > 0) quota.refilled = now_;
  quota.left = std::min(kMostOpened, quota.left + std::min(gained, kMostOpened));
  return quota.left;
}

void Bookkeeper::Settle(Settlement& settlement, ledger::Output& output) {
  if (!Screen(ledger_, settlement.charges, now_))
    Raise(settlement.holder, Trouble::kUnsound, "an event's charges are of a time that can't be", output);
  ledger_.Apply(settlement.holder, settlement.charges, now_, output);
}

void Bookkeeper::Raise(const Holder& holder, Trouble trouble, std::string sentence,
                       ledger::Output& output) const {
  output.alarms.push_back({trouble, holder, "", std::move(sentence)});
}

// The last of each row counts.
void Bookkeeper::AddRows(const ledger::Output& output, store::Change& change) {
  std::vector<store::LedgerRow> rows = std::exchange(more_, {});
  rows.reserve(rows.size() + output.pools.size() + output.holdings.size());
  for (const ledger::PoolRecord& record : output.pools) rows.push_back(ToRow(record));
  for (const ledger::HoldingRecord& record : output.holdings) rows.push_back(ToRow(record));
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  change.ledger.clear();
  for (store::LedgerRow& row : rows) {
    if (!change.ledger.empty() && change.ledger.back().key == row.key) {
      change.ledger.back() = std::move(row);
    } else {
      change.ledger.push_back(std::move(row));
    }
  }
  change.ledger_expected = version_;
  rows_ = change.ledger.size();
}

size_t Bookkeeper::Committed(uint64_t version) {
  if (rows_ > 0) version_ = version;
  return std::exchange(rows_, 0);
}

}  // namespace postern::treasury
