#include "collector/treasury/claims.h"

#include <algorithm>

namespace postern::treasury {
namespace {

using std::chrono::days;

constexpr WallTime kEarliest{days(0)};        // 1970
constexpr WallTime kLatest{days(365 * 230)};  // 2199
constexpr days kLongest{367};                 // a leap year, and a day of a change of zones
constexpr days kFarthest{400};  // that an agent's clock may be off and still be asked of a calendar

}  // namespace

bool IsSound(const limits::Window& window) {
  if (window == limits::kAlways) return true;
  return kEarliest <= window.begin && window.begin < window.end && window.end <= kLatest &&
         window.end - window.begin <= kLongest;
}

Verdict Judge(const ledger::Ledger& ledger, const ledger::Holder& holder, limits::Demand& demand,
              WallTime now) {
  demand.at = std::clamp(demand.at, now - kFarthest, now + kFarthest);
  for (const limits::Claim& claim : demand.claims) {
    if (!claim.window) continue;
    if (!IsSound(*claim.window)) return Verdict::kAbsurd;
    if (ledger.IsForgotten(*claim.window, now)) return Verdict::kLate;
    if (ledger.IsBeyond(holder, claim.account, *claim.window, claim.granted, now)) return Verdict::kBeyond;
  }
  return Verdict::kGood;
}

Verdict Judge(const ledger::Ledger& ledger, const ledger::Holder& holder, limits::Return& returned,
              WallTime now) {
  for (const limits::Held& held : returned.held) {
    if (!IsSound(held.window)) return Verdict::kAbsurd;
    if (ledger.IsBeyond(holder, held.account, held.window, held.counters.granted, now))
      return Verdict::kBeyond;
  }
  std::erase_if(returned.held, [&](const limits::Held& held) {
    return ledger.IsForgotten(held.window, now) || !ledger.IsKnown(held.account, held.window);
  });
  return Verdict::kGood;
}

bool Screen(const ledger::Ledger& ledger, std::vector<limits::Charge>& charges, WallTime now) {
  const size_t absurd =
      std::erase_if(charges, [](const limits::Charge& charge) { return !IsSound(charge.window); });
  std::erase_if(charges, [&](const limits::Charge& charge) {
    return ledger.IsForgotten(charge.window, now) && !ledger.IsKnown(charge.account, charge.window);
  });
  return absurd == 0;
}

}  // namespace postern::treasury
