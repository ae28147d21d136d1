#include "agent/member_purse.h"

#include <utility>
#include <vector>

#include "shared/limits/wire_form.h"

namespace postern::agent {

purse::Ports PortsOf(http::Loop& loop, spool::Spool& spool, gate::Recorder& recorder,
                     std::function<void(wire::FromAgent)> say) {
  purse::Ports ports;
  ports.append = [&](wire::Event&& event, spool::WalletRows&& rows) {
    return recorder.Append(std::move(event), std::move(rows));
  };
  ports.append_rows = [&](spool::WalletRows&& rows, spool::Haste haste) {
    return recorder.Append(std::move(rows), haste);
  };
  ports.standing = [&](spool::Ticket ticket, spool::Spool::Wanted wanted) {
    return spool.StandingOf(ticket, wanted, loop.now());
  };
  ports.takes_intents = [&] { return spool.TakesIntents(loop.now()); };
  ports.say = std::move(say);
  return ports;
}

uplink::Money MoneyOf(http::Loop& loop, spool::Spool& spool, const purse::AgentClock& clock,
                      purse::Purse& purse) {
  uplink::Money money;
  money.clock = [&](BootTime time) { return clock.is_set() ? clock.At(time) : WallTime{}; };
  money.holdings = [&](uint64_t incarnation) {
    std::vector<wire::Holding> holdings;
    for (wallet::HoldingRecord& record : spool.SyncedHoldings(incarnation))
      holdings.push_back(
          limits::ToWire(limits::Held{std::move(record.account), record.window, record.counters}));
    return holdings;
  };
  money.take_grant = [&](const wire::Grant& grant) { loop.Post([&purse, grant] { purse.Receive(grant); }); };
  money.take_time = [&](const uplink::Clocked& time) {
    loop.Post([&purse, time] { purse.OnHeard({time.sent, time.arrived, time.collector, time.renews}); });
  };
  money.begin = [&](uint64_t incarnation) { loop.Post([&purse, incarnation] { purse.Begin(incarnation); }); };
  return money;
}

}  // namespace postern::agent
