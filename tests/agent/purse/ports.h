// How a purse under test reaches a record of its own, and whoever hears what it says.
#pragma once

#include <functional>
#include <utility>

#include "agent/purse/purse.h"

namespace postern::purse {

// All must live longer than the purse.
inline Ports PortsOf(http::Loop& loop, spool::Spool& record, std::function<void(wire::FromAgent)> say) {
  Ports ports;
  ports.append = [&record](wire::Event&& event, spool::WalletRows&& rows) {
    auto ticket = record.AppendQuietly(std::move(event), std::move(rows));
    record.Wake();
    return ticket;
  };
  ports.append_rows = [&record](spool::WalletRows&& rows, spool::Haste haste) {
    const spool::Ticket ticket = record.AppendQuietly(std::move(rows), haste);
    record.Wake();
    return ticket;
  };
  ports.standing = [&loop, &record](spool::Ticket ticket, spool::Spool::Wanted wanted) {
    return record.StandingOf(ticket, wanted, loop.now());
  };
  ports.takes_intents = [&loop, &record] { return record.TakesIntents(loop.now()); };
  ports.say = std::move(say);
  return ports;
}

}  // namespace postern::purse
