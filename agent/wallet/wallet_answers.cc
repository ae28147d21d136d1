// What becomes of the ledger's answers: grants, denials, recalls.
#include <algorithm>

#include "agent/wallet/wallet.h"

namespace postern::wallet {

using limits::Answer;

void Wallet::Receive(const Answer& answer, WallTime now, Output& output) {
  Heard(answer.heard, now, output);
  for (const limits::Standing& standing : answer.standings) Merge(standing, now, output);
  switch (answer.word) {
    case limits::Word::kGranted: Granted(answer, now, output); break;
    case limits::Word::kDenied: Denied(answer, now, output); break;
    case limits::Word::kRecall: Recalled(answer, now, output); break;
  }
}

void Wallet::Merge(const limits::Standing& standing, WallTime now, Output& output) {
  Account& account = AccountOf(standing.account);
  Holding* holding = HoldingOf(account, standing.window);
  if (holding == nullptr) {
    if (standing.window.end <= now) return;  // nothing can be admitted in it any more
    holding = &Open(account, standing.window);
  }
  const limits::Counters before = holding->counters;
  holding->counters.Merge({standing.granted, standing.used, standing.returned});
  holding->left = standing.left;
  if (holding->counters != before) Record(account, *holding, output);
}

void Wallet::Granted(const Answer& answer, WallTime now, Output& output) {
  TryAllWaiting(now, output);
  // Others of this agent may have been quicker.
  for (Waiting& waiting : waiting_)
    if (waiting.number == answer.number) Ask(waiting, now, output);
}

void Wallet::Denied(const Answer& answer, WallTime now, Output& output) {
  TryAllWaiting(now, output);
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Waiting& waiting) { return waiting.number == answer.number; });
  if (found == waiting_.end()) return;
  // What has become free here since the demand, with what is left there, may suffice by now. Of other
  // accounts, and of a window that has begun since, nothing was proven.
  const limits::Claim lacked = ClaimOn(*found, answer.lacking, now);
  const Amount missing = std::max(lacked.amount - lacked.spare, Amount());
  const auto standing =
      std::find_if(answer.standings.begin(), answer.standings.end(),
                   [&](const limits::Standing& one) { return one.account == answer.lacking; });
  const bool is_over =
      standing != answer.standings.end() && standing->window.end <= now && lacked.window != standing->window;
  if (standing == answer.standings.end() || is_over || missing <= standing->left) {
    Ask(*found, now, output);
    return;
  }
  const Waiting waiting = std::move(*found);
  waiting_.erase(found);
  Refuse(waiting, Verdict::kExhausted, answer.lacking, now, output);
  Decision& decision = output.decisions.back();
  decision.demand = answer.number;
  decision.wanted = lacked.amount;
  decision.missing = missing;
  decision.left = standing->left;
}

// What it asks of that account; nothing where it doesn't.
limits::Claim Wallet::ClaimOn(const Waiting& waiting, std::string_view account, WallTime now) {
  for (limits::Claim& claim : ClaimsOf(waiting, now))
    if (claim.account == account) return std::move(claim);
  return {};
}

void Wallet::Recalled(const Answer& answer, WallTime now, Output& output) {
  TryAllWaiting(now, output);  // a grant may have come with it
  limits::Return back{.recall = answer.number, .held = {}};
  for (const limits::Standing& standing : answer.standings) {
    Account& account = AccountOf(standing.account);
    Holding* holding = HoldingOf(account, standing.window);
    if (holding == nullptr) {
      back.held.push_back({standing.account, standing.window, {}});
      continue;
    }
    holding->standing_until = now + options_.standing;
    if (!GiveBack(account, *holding, back, output))
      back.held.push_back({account.name, holding->window, holding->counters});
  }
  output.returns.push_back(std::move(back));
}

bool Wallet::GiveBack(const Account& account, Holding& holding, limits::Return& back, Output& output) {
  if (holding.spare() <= Amount()) return false;
  holding.counters.returned += holding.spare();
  Record(account, holding, output);
  back.held.push_back({account.name, holding.window, holding.counters});
  return true;
}

void Wallet::GiveBack(Output& output) {
  limits::Return back;
  for (auto& [name, account] : accounts_)
    for (const auto& holding : account.holdings) GiveBack(account, *holding, back, output);
  if (!back.held.empty()) output.returns.push_back(std::move(back));
}

void Wallet::Refuse(const Waiting& waiting, Verdict verdict, std::string_view account, WallTime now,
                    Output& output) {
  Decision decision{.exchange = waiting.exchange, .purpose = waiting.purpose, .verdict = verdict};
  if (!account.empty()) {
    decision.account = account;
    const Holding* holding = Current(AccountOf(account), now);
    if (holding != nullptr) decision.resets = holding->window.end;
  }
  output.decisions.push_back(std::move(decision));
}

}  // namespace postern::wallet
