// What a host asks its wallet for: exchanges that are admitted, stream, are extended and end.
#include <algorithm>

#include "tests/model/simulation.h"

namespace postern::model {

using limits::Unit;
using std::chrono::milliseconds;
using wallet::Purpose;
using wallet::Verdict;

void Simulation::Request(Host& host) {
  const uint64_t number = ++made_;
  Exchange& exchange = host.exchanges[number];
  exchange.number = number;
  const Amount estimate(random_.Between(2'000, 12'000));
  // What it comes to: most estimates are too high, some are too low.
  const Amount true_cost(std::max<int64_t>(1, estimate.units() * random_.Between(20, 160) / 100));
  exchange.target = is_strict_ ? std::min(true_cost, estimate) : true_cost;
  exchange.reserved = estimate;
  std::vector<wallet::Part> parts;
  for (const auto& [account, unit] : host.accounts) {
    const Amount amount = unit == Unit::kUsd      ? estimate
                          : unit == Unit::kTokens ? Amount(estimate.units() / kPerToken + 1)
                                                  : Amount(1);
    parts.push_back({account, unit, amount, SpanOf(account)});
  }
  wallet::Output output;
  if (!host.wallet.Reserve(IdOf(number), parts, time_.now(), output)) Violated("a reservation is invalid");
  const bool waits = output.decisions.empty();
  if (waits) WatchReservation(host, number, parts);
  Act(host, output, std::nullopt);
  // Some clients don't wait.
  if (waits && random_.OneIn(40)) {
    host.wallet.Abandon(IdOf(number));
    truth_.End(number);
    host.exchanges.erase(number);
  }
}

void Simulation::Decide(Host& host, const wallet::Decision& decision) {
  const uint64_t number = NumberOf(decision.exchange);
  const std::optional<Watch> watch = truth_.End(number);
  const auto found = host.exchanges.find(number);
  if (found == host.exchanges.end()) return;
  Exchange& exchange = found->second;
  if (decision.verdict == Verdict::kAdmitted) {
    if (decision.purpose == Purpose::kExtend) {
      exchange.reserved = std::max(exchange.reserved, exchange.extending_to);
      exchange.extending_to = Amount();
      return;
    }
    ++result_.admitted;
    CheckSlots();
    exchange.is_running = true;
    AtHost(host, milliseconds(random_.Between(50, 800)),
           [this, &host, life = host.life, number] { Stream(host, life, number); });
    return;
  }
  if (watch) CheckRefusal(host, decision, *watch);
  if (decision.purpose == Purpose::kExtend) {
    ++result_.cut;
    // What has come meanwhile is billed all the same: at most one step and the input's error.
    exchange.spent = std::max(exchange.spent, std::min(exchange.target, exchange.reserved + kStep));
    Finish(host, exchange);
    return;
  }
  ++(decision.verdict == Verdict::kExhausted ? result_.exhausted : result_.unavailable);
  host.exchanges.erase(found);
}

// The answer comes in pieces; each is passed on only while the reservation holds for one step more.
void Simulation::Stream(Host& host, uint64_t life, uint64_t number) {
  const auto found = host.exchanges.find(number);
  if (!host.is_up || host.life != life || found == host.exchanges.end()) return;
  Exchange& exchange = found->second;
  if (exchange.extending_to == Amount()) {
    const Amount next = std::min(exchange.target, exchange.spent + Amount(random_.Between(200, 1'900)));
    if (next <= exchange.reserved) exchange.spent = next;
    // A few break off: the client has gone, the provider has failed.
    if (exchange.spent == exchange.target || random_.OneIn(60)) {
      Finish(host, exchange);
      return;
    }
    if (!is_strict_ && exchange.spent + kStep > exchange.reserved && exchange.target > exchange.reserved) {
      exchange.extending_to = exchange.reserved + kStep;
      limits::Amounts in_all;
      in_all[Unit::kUsd] = exchange.extending_to;
      in_all[Unit::kTokens] = Amount(exchange.extending_to.units() / kPerToken + 1);
      wallet::Output output;
      if (!host.wallet.Extend(IdOf(number), in_all, time_.now(), output)) Violated("an extension is invalid");
      if (output.decisions.empty()) WatchExtension(host, number, in_all);
      Act(host, output, std::nullopt);
      if (!host.exchanges.contains(number)) return;
    }
  }
  AtHost(host, milliseconds(random_.Between(50, 600)),
         [this, &host, life, number] { Stream(host, life, number); });
}

void Simulation::Finish(Host& host, Exchange& exchange) {
  const ExchangeId id = IdOf(exchange.number);
  limits::Amounts spent;
  spent[Unit::kUsd] = exchange.spent;
  spent[Unit::kTokens] = Amount(exchange.spent.units() / kPerToken);
  spent[Unit::kRequests] = Amount(1);
  wallet::Output output;
  if (!host.wallet.Settle(id, spent, time_.now(), output)) {
    Violated("I4 an exchange in flight can't be settled");
    return;
  }
  truth_.End(exchange.number);
  for (const limits::Charge& charge : output.charges) {
    Pool& pool = truth_.At(charge.account, charge.window);
    const Amount excess = std::max(charge.amount - charge.reserved, Amount());
    if (excess > kStep + kInputError) Violated("I1 one exchange overspent more than a step");
    pool.overspent += excess;
  }
  result_.spent += exchange.spent.units();
  result_.overspent += std::max<int64_t>(0, exchange.spent.units() - exchange.reserved.units());
  const uint64_t number = exchange.number;
  host.exchanges.erase(number);
  const Event event = EventOf(host, number, output.charges);
  Act(host, output, event);
  for (const limits::Charge& charge : event.charges) CheckSpent(truth_.At(charge.account, charge.window));
  // The end of a stream may be told twice.
  wallet::Output nothing;
  if (random_.OneIn(50) && host.wallet.Settle(id, spent, time_.now(), nothing))
    Violated("I4 an exchange was settled twice");
}

}  // namespace postern::model
