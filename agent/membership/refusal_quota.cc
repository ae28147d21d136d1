#include "agent/membership/refusal_quota.h"

#include <algorithm>

namespace postern::membership {

bool RefusalQuota::Take(const std::string& what, BootTime now) {
  if (what == last_) return false;
  const BootTime free_at = std::max(free_at_, now) + kEvery;
  if (free_at > now + kAtOnce * kEvery) return false;
  free_at_ = free_at;
  last_ = what;
  return true;
}

}  // namespace postern::membership
