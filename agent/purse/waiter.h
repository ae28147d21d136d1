// Who waits for what it reserves. Only the purse uses this.
#pragma once

#include <algorithm>
#include <optional>

#include "agent/purse/purse.h"

namespace postern::purse {

// On the frame of the coroutine that waits.
struct Purse::Waiter {
  Waiter(Purse& owner, const ExchangeId& id, http::Strand& waits)
      : purse(owner), exchange(id), strand(waits) {
    purse.waiters_.push_back(this);
  }
  Waiter(const Waiter&) = delete;
  // Where nobody has taken the decision, nobody will settle.
  ~Waiter() {
    std::erase(purse.waiters_, this);
    if (!taken) purse.Abandon(exchange);
  }

  Purse& purse;
  const ExchangeId exchange;
  http::Strand& strand;
  std::optional<Decision> decision;
  bool taken = false;
};

}  // namespace postern::purse
