// A program to be killed: exchanges that are paid for, by a collector that always has more, and says on
// standard output what was promised.
//
//   purse_writer <state directory> [--hold-unsynced]
//
//   x <exchange> <amount>   the exchange may cost that much: its extension is written
//   o <exchange> <amount>   it was settled at that, and this is synced
//   b <amount>              so much was said to be given back
// With --hold-unsynced a kill is a power cut.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <unistd.h>

#include "agent/purse/purse.h"
#include "shared/kv/faults.h"
#include "shared/limits/wire_form.h"
#include "tests/agent/purse/ports.h"
#include "tests/agent/purse/writing.h"
#include "tests/agent/spool/events.h"

namespace postern::purse {
namespace {

using limits::Unit;

// One write(2) each: what has reached the pipe was promised before the kill.
void Say(char what, uint64_t number, int64_t amount) {
  char line[64];
  const int size = std::snprintf(line, sizeof(line), "%c %llu %lld\n", what,
                                 static_cast<unsigned long long>(number), static_cast<long long>(amount));
  if (write(STDOUT_FILENO, line, static_cast<size_t>(size)) != size) std::_Exit(1);
}

limits::Amounts Dollars(int64_t amount) {
  limits::Amounts amounts;
  amounts[Unit::kUsd] = Amount(amount);
  return amounts;
}

class Writer {
 public:
  Writer(const std::string& directory, std::shared_ptr<kv::Faults> faults) {
    options_.journal.directory = directory;
    options_.journal.faults = std::move(faults);
    options_.lazy_sync = std::chrono::milliseconds(2);
    options_.seal_at_least = std::chrono::milliseconds(5);
    options_.on_progress = [this] { loop_->Post([this] { OnProgress(); }); };
  }

  int Run() {
    auto spool = spool::Spool::Open(options_);
    if (!spool) {
      std::fprintf(stderr, "%s\n", spool.error().message.c_str());
      return 1;
    }
    spool_ = *std::move(spool);
    purse_.emplace(*loop_, clock_, MakePorts(), wallet::Options(), spool_->wallet_rows());
    Say('r', 0, 0);  // ready
    for (int i = 0; i < 16; ++i) loop_->Spawn(Spend());
    loop_->Run();
    return 0;
  }

 private:
  Ports MakePorts() {
    Ports ports = PortsOf(*loop_, *spool_, [this](const wire::FromAgent& message) {
      if (message.has_demand()) Give(limits::FromWire(message.demand()));
      for (const wire::Holding& holding : message.returned().holdings()) Say('b', 0, holding.returned());
    });
    ports.takes_intents = [] { return true; };
    return ports;
  }

  void OnProgress() {
    purse_->OnProgress();
    std::erase_if(unsynced_, [&](const Settled& one) {
      if (spool_->synced() < one.ticket) return false;
      Say('o', one.exchange, one.amount);
      return true;
    });
    for (http::Strand* strand : waiting_) strand->Notify();
  }

  // All that was asked for, a little more, and now and then everything back.
  void Give(const limits::Demand& demand) {
    limits::Answer answer{.number = demand.number, .heard = demand.at};
    for (const limits::Claim& claim : demand.claims) {
      const Amount need = std::max(claim.amount - claim.spare, Amount()) + Amount(100);
      answer.standings.push_back({claim.account, kWindow, claim.granted + need, claim.returned, {}, {}});
    }
    Post(answer);
    if (++gifts_ % 16 != 0) return;
    answer.word = limits::Word::kRecall;
    answer.number = gifts_;
    Post(answer);
  }

  void Post(const limits::Answer& answer) {
    loop_->Post([this, grant = limits::ToWire(answer, spool_->incarnation())] { purse_->Receive(grant); });
  }

  http::Task<void> UntilWritten(http::Strand& strand, spool::Ticket ticket) {
    waiting_.push_back(&strand);
    while (spool_->written() < ticket) co_await strand.Wait();
    std::erase(waiting_, &strand);
  }

  http::Task<void> Spend() {
    http::Strand strand(*loop_);
    const limits::Match match{&limit_, "team"};
    for (;;) {
      const uint64_t number = next_++;
      const ExchangeId exchange = spool::Exchange(number);
      const int64_t first = 1 + static_cast<int64_t>(random_() % 100);
      const Estimate estimate{Dollars(first), Dollars(first)};
      const Decision decision = co_await purse_->Reserve(strand, exchange, std::span(&match, 1), estimate);
      if (decision.verdict != Verdict::kAdmitted) continue;
      if (random_() % 20 == 0) {
        purse_->Abandon(exchange);
        continue;
      }
      const auto intent = spool_->Append(spool::Intent(number));
      co_await UntilWritten(strand, *intent);
      int64_t reserved = first;
      for (int i = static_cast<int>(random_() % 3); i > 0; --i) {
        reserved += 50;
        bool done = false;
        const auto on_done = [&, reserved](const Decision& made) {
          done = true;
          if (made.verdict == Verdict::kAdmitted) Say('x', number, reserved);
          strand.Notify();
        };
        CHECK(purse_->Extend(exchange, Dollars(reserved), on_done).has_value());
        while (!done) co_await strand.Wait();
      }
      const int64_t spent = static_cast<int64_t>(random_() % static_cast<uint64_t>(reserved + 20));
      const auto settled = purse_->Settle(exchange, Dollars(spent), spool::Outcome(number));
      unsynced_.push_back({*settled, number, spent});
    }
  }

  struct Settled {
    spool::Ticket ticket;
    uint64_t exchange;
    int64_t amount;
  };
  spool::Options options_;
  std::unique_ptr<http::Loop> loop_ = *http::Loop::Make();
  AgentClock clock_{WallNow(), BootClock::now()};
  std::unique_ptr<spool::Spool> spool_;
  std::optional<Purse> purse_;
  const limits::Limit limit_{
      .id = "team", .subject = "", .within = "", .amount = {}, .span = limits::Span::kYear, .raise = {}};
  std::vector<http::Strand*> waiting_;
  std::vector<Settled> unsynced_;
  std::mt19937_64 random_{static_cast<uint64_t>(getpid())};
  uint64_t gifts_ = 0;
  uint64_t next_ = static_cast<uint64_t>(getpid()) << 32;  // numbers of this life
};

}  // namespace
}  // namespace postern::purse

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const bool hold = argc > 2 && std::string_view(argv[2]) == "--hold-unsynced";
  return postern::purse::Writer(argv[1], hold ? std::make_shared<postern::kv::Faults>(true) : nullptr).Run();
}
