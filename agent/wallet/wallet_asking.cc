// What is asked of the ledger: for those who wait, ahead of need, and for the next window.
#include <algorithm>

#include "agent/wallet/wallet.h"

namespace postern::wallet {

using limits::kAlways;
using limits::Unit;
using limits::Window;

void Wallet::Ask(Waiting& waiting, WallTime now, Output& output) {
  waiting.number = ++next_number_;
  SendDemand(waiting, now, output);
}

void Wallet::SendDemand(Waiting& waiting, WallTime now, Output& output) {
  waiting.repeat_at = now + options_.repeat;
  limits::Demand& demand = output.demands.emplace_back();
  demand = {waiting.number, now, ClaimsOf(waiting, now)};
  // What is spare is for those who came before: of the last ones of them that suffices.
  constexpr ptrdiff_t kMostBefore = 64;
  const auto own = std::find_if(waiting_.begin(), waiting_.end(),
                                [&](const Waiting& other) { return other.exchange == waiting.exchange; });
  for (auto other = own - std::min(own - waiting_.begin(), kMostBefore); other != own; ++other)
    for (const limits::Claim& before : ClaimsOf(*other, now))
      for (limits::Claim& claim : demand.claims)
        if (claim.account == before.account && claim.window == before.window) claim.spare -= before.amount;
}

std::vector<limits::Claim> Wallet::ClaimsOf(const Waiting& waiting, WallTime now) {
  std::vector<limits::Claim> claims;
  if (waiting.purpose == Purpose::kReserve) {
    for (const OwnPart& part : waiting.parts) {
      Account& account = AccountOf(part.account);
      claims.push_back(ClaimOf(account, Current(account, now), part.amount, now));
      if (part.unit == Unit::kConcurrent) claims.back().ahead = Amount();
    }
    return claims;
  }
  const auto found = exchanges_.find(waiting.exchange);
  CHECK(found != exchanges_.end());
  for (const Hold& hold : found->second)
    if (GrowsWithTheAnswer(hold.unit) && waiting.in_all[hold.unit] > hold.amount)
      claims.push_back(ClaimOf(*hold.account, hold.holding, waiting.in_all[hold.unit] - hold.amount, now));
  return claims;
}

limits::Claim Wallet::ClaimOf(Account& account, const Holding* holding, Amount amount, WallTime now) {
  limits::Claim claim{.account = account.name, .amount = amount, .ahead = account.pace.Likely(now)};
  if (holding == nullptr) return claim;
  claim.window = holding->window;
  claim.spare = Spare(*holding, now);
  claim.granted = holding->counters.granted;
  claim.returned = holding->counters.returned;
  return claim;
}

void Wallet::AskAhead(Account& account, WallTime now, Output& output) {
  if (now < account.asked_ahead + options_.between_asking) return;
  const Holding* holding = Current(account, now);
  if (holding == nullptr || holding->standing_until > now) return;
  const Amount likely = account.pace.Likely(now);
  const Amount spare = holding->spare();
  if (spare.units() >= likely.units() / 2) return;
  account.asked_ahead = now;
  output.demands.push_back({++next_number_, now, {ClaimOf(account, holding, Amount(), now)}});
}

// Shortly before a window's end something of the next one is asked for, so that its beginning needs no
// answer.
void Wallet::AskForNext(Account& account, WallTime now, Output& output) {
  const Holding* holding = Current(account, now);
  if (holding == nullptr || holding->window == kAlways) return;
  const Window& window = holding->window;
  const auto lead = std::min<WallTime::duration>((window.end - window.begin) / 6, std::chrono::minutes(5));
  if (now < window.end - lead || now < account.asked_ahead + lead / 4) return;
  const bool has_next = std::any_of(account.holdings.begin(), account.holdings.end(),
                                    [&](const auto& one) { return one->window.begin >= window.end; });
  const Amount likely = account.pace.Likely(now);
  if (has_next || likely == Amount()) return;
  account.asked_ahead = now;
  limits::Claim claim{.account = account.name, .ahead = likely};
  output.demands.push_back({++next_number_, window.end, {std::move(claim)}});
}

}  // namespace postern::wallet
