// What it costs to let an exchange in that five limits have a word about, while the wallet suffices.
#include <chrono>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agent/purse/purse.h"
#include "shared/limits/wire_form.h"
#include "tests/bench/statistics.h"
#include "tests/bench/trial.h"

namespace postern::bench {
namespace {

using limits::Scope;
using limits::Unit;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr int kAtOnce = 64;  // exchanges that are let in before they are settled again
constexpr int kRounds = 200;
constexpr int64_t kPlenty = int64_t{1} << 50;

limits::Limit LimitOf(const std::string& id, Scope scope, const std::string& subject, Unit unit,
                      limits::Span span) {
  return {.id = id,
          .scope = scope,
          .subject = subject,
          .within = "",
          .unit = unit,
          .amount = Amount(kPlenty),
          .span = span,
          .raise = {}};
}

// Five that each exchange meets, and of two hundred teams the budgets that others have.
Result<limits::Table> MakeTable() {
  std::vector<limits::Limit> limits = {
      LimitOf("all-year", Scope::kOrganisation, "", Unit::kUsd, limits::Span::kYear),
      LimitOf("ml-month", Scope::kTeam, "ml", Unit::kUsd, limits::Span::kMonth),
      LimitOf("each-day", Scope::kUser, "", Unit::kUsd, limits::Span::kDay),
      LimitOf("key-rate", Scope::kKey, "", Unit::kRequests, limits::Span::kMinute),
      LimitOf("model-tokens", Scope::kModel, "", Unit::kTokens, limits::Span::kHour)};
  for (int i = 0; i < 200; ++i)
    limits.push_back(LimitOf("team" + std::to_string(i) + "-month", Scope::kTeam, "team" + std::to_string(i),
                             Unit::kUsd, limits::Span::kMonth));
  return limits::Table::Make(std::move(limits), policy::Utc());
}

ExchangeId IdOf(uint64_t number) {
  ExchangeId id;
  for (size_t i = 0; i < 8; ++i) id.bytes[8 + i] = static_cast<uint8_t>(number >> (56 - 8 * i));
  return id;
}

limits::Amounts Cost(int64_t dollars) {
  limits::Amounts amounts;
  amounts[Unit::kUsd] = Amount(dollars);
  amounts[Unit::kTokens] = Amount(dollars / 10'000);
  amounts[Unit::kRequests] = Amount(1);
  return amounts;
}

// A purse with its record on the disk, and nobody to ask.
class Payer {
 public:
  static Result<std::unique_ptr<Payer>> Make(const std::string& directory) {
    std::unique_ptr<Payer> payer(new Payer());
    ASSIGN_OR_RETURN(payer->loop_, http::Loop::Make());
    ASSIGN_OR_RETURN(limits::Table table, MakeTable());
    payer->table_.emplace(std::move(table));
    spool::Options options;
    options.journal.directory = directory;
    ASSIGN_OR_RETURN(payer->spool_, spool::Spool::Open(std::move(options)));
    payer->OpenPurse();
    return payer;
  }

  // Nanoseconds an admission.
  std::optional<double> Run() {
    std::optional<double> result;
    loop_->Spawn(Measure(result));
    loop_->Run();
    return result;
  }

 private:
  Payer() = default;

  void OpenPurse() {
    purse::Ports ports;
    ports.append = [this](wire::Event&& event, spool::WalletRows&& rows) {
      return spool_->AppendQuietly(std::move(event), std::move(rows));
    };
    ports.append_rows = [this](spool::WalletRows&& rows, spool::Haste haste) {
      return last_ = spool_->AppendQuietly(std::move(rows), haste);
    };
    ports.standing = [this](spool::Ticket ticket, spool::Spool::Wanted wanted) {
      return spool_->StandingOf(ticket, wanted, loop_->now());
    };
    ports.takes_intents = [this] { return spool_->TakesIntents(loop_->now()); };
    ports.say = [](wire::FromAgent) {};
    purse_.emplace(*loop_, clock_, std::move(ports), wallet::Options(), spool_->wallet_rows());
  }

  std::vector<limits::Match>& Met() {
    static constexpr std::string_view kTeam = "ml";
    met_.clear();
    table_->Match({.teams = std::span(&kTeam, 1),
                   .user = "grace.hopper",
                   .key = "k7x2m9q4w8ab",
                   .provider = "anthropic",
                   .model = "claude-sonnet-4-5"},
                  met_);
    return met_;
  }

  void Grant() {
    limits::Answer answer{.heard = WallNow()};
    for (const limits::Match& match : Met())
      answer.standings.push_back(
          {match.account, table_->WindowOf(*match.limit, WallNow()), Amount(kPlenty), {}, {}, {}});
    purse_->Receive(limits::ToWire(answer, spool_->incarnation()));
  }

  http::Task<void> Measure(std::optional<double>& result) {
    http::Strand strand(*loop_);
    Grant();
    const purse::Estimate estimate{Cost(40'000'000), Cost(90'000'000)};
    std::chrono::steady_clock::duration spent{};
    uint64_t number = 0;
    bool all = true;
    for (int round = 0; round < kRounds; ++round) {
      const auto begin = std::chrono::steady_clock::now();
      for (int i = 0; i < kAtOnce; ++i) {
        const std::vector<limits::Match>& met = Met();
        const purse::Decision decision = co_await purse_->Reserve(strand, IdOf(++number), met, estimate);
        all = all && decision.verdict == purse::Verdict::kAdmitted && met.size() == 5;
      }
      spent += std::chrono::steady_clock::now() - begin;
      for (uint64_t i = 0; i < kAtOnce; ++i) purse_->Abandon(IdOf(number - i));
      spool_->Wake();
      while (spool_->written() < last_) std::this_thread::yield();
      strand.SetDeadlineIn(std::chrono::milliseconds(1));
      co_await strand.Wait();
      strand.ClearDeadline();
    }
    if (all) result = std::chrono::duration<double, std::nano>(spent).count() / (kRounds * kAtOnce);
    loop_->Stop();
  }

  std::unique_ptr<http::Loop> loop_;
  purse::AgentClock clock_{WallNow(), BootClock::now()};
  std::optional<limits::Table> table_;
  std::unique_ptr<spool::Spool> spool_;
  std::optional<purse::Purse> purse_;
  std::vector<limits::Match> met_;
  spool::Ticket last_{};
};

Result<std::vector<Row>> MeasureAdmission(Arena& arena, const std::string& name) {
  const std::filesystem::path directory = arena.settings().site.directory / "wallet";
  std::vector<double> times;
  for (int repetition = 0; repetition < arena.settings().repetitions; ++repetition) {
    std::filesystem::remove_all(directory);
    ASSIGN_OR_RETURN(const auto payer, Payer::Make(directory.string()));
    const auto time = payer->Run();
    if (!time) return Error{ErrorCode::kInvalid, name + ": an exchange that should be admitted is refused"};
    times.push_back(*time);
  }
  return std::vector{Row{.name = name,
                         .unit = "ns",
                         .ours = Median(times),
                         .reference = kUnknown,
                         .reference_name = "",
                         .ratio = kUnknown,
                         .note = "five limits of 205 found, reserved, and the row handed to the record"}};
}

}  // namespace

std::vector<Trial> WalletTrials() {
  const std::string admission = "wallet/admission-ns";
  return {{.names = {admission}, .load = {}, .run = [=](Arena& arena) {
             return MeasureAdmission(arena, admission);
           }}};
}

}  // namespace postern::bench
