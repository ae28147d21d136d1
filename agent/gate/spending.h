// What one exchange may spend: reserved before it leaves, extended while its answer streams, settled with its
// outcome.
//
//   Reserve ─▶ (refusal) or admitted ─▶ See, MayGoOn … ─▶ Settle
//
// A policy without limits, and a host without a collector, cost nothing here but a look. Fails closed: what
// can't be estimated or had is refused. An exchange that was admitted and has no intent gives everything back
// when this goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dialect/json_cursor.h"
#include "agent/estimate/history.h"
#include "agent/estimate/metering.h"
#include "agent/estimate/worst.h"
#include "agent/gate/exchange_events.h"
#include "agent/gate/metrics.h"
#include "agent/gate/money_refusals.h"
#include "agent/gate/settlement.h"
#include "agent/purse/purse.h"
#include "shared/http/loop.h"
#include "shared/limits/table.h"

namespace postern::gate {

// Whom and what an exchange is for, as limits see it, and by which prices. Borrowed for the life of the
// Spending.
struct SpendingGrounds {
  const membership::LimitTerms& terms;
  std::vector<std::string_view> teams;
  std::string_view provider;
  std::string_view model;             // as the price table calls it
  std::string_view conversation;      // the same text in each turn of it
  std::string_view body;              // of the request
  std::optional<int64_t> max_tokens;  // as it will be sent
  estimate::Prices prices;
  MoneyGrounds money;
};

// Lives with its exchange. Owned by the loop thread.
class Spending {
 public:
  // All must live longer. `purse`: null on a host that has none.
  Spending(http::Strand& strand, purse::Purse* purse, estimate::History& history, Metrics& metrics,
           const ExchangeFacts& facts)
      : strand_(strand), purse_(purse), history_(history), metrics_(metrics), facts_(facts) {}
  Spending(const Spending&) = delete;
  ~Spending();

  // Reserves, or says why not. Waits for the collector where what is held here doesn't suffice. Nothing of a
  // refusal where the strand was cancelled: then nothing is reserved. After it has admitted, the intent is to
  // be appended without waiting for anything. Once.
  http::Task<std::optional<Refusal>> Reserve(const SpendingGrounds& grounds, dialect::JsonCursor& json);

  // What max_tokens has to be lowered to, so that a strict limit admits it; nothing: it stays.
  std::optional<int64_t> lowered_max_tokens() const { return lowered_; }

  // The intent is in the record: from here on Settle is called.
  void Begun() { has_intent_ = true; }

  // What has passed of the answer. Asks for more where that is near its end; waits for nothing.
  void See(const dialect::AnswerFacts& answer);
  bool must_wait() const { return metering_ && metering_->is_used_up(); }
  // Waits until the answer may go on. False: it is to be ended, and refusal() says why. True also where the
  // strand was cancelled.
  http::Task<bool> MayGoOn();
  // Why the answer was ended.
  const std::optional<Refusal>& refusal() const { return refusal_; }

  // A budget is kept for whoever asks: then nothing passes that the provider says of its own limits.
  bool has_budget() const;
  // To be sent with an answer that is let through: how much of the fullest budget is gone.
  std::vector<OwnedHeader> Warnings() const;

  // What is expected to be billed beyond what is seen, for an answer that breaks off or can't be read.
  Expected ExpectedOf(uint64_t body_bytes) const;

  // Appends the outcome with the charges. Errors as Recorder::Append.
  Result<spool::Ticket> Settle(const limits::Amounts& spent, wire::Event&& outcome);
  bool has_limits() const { return !met_.empty(); }

  // An answer came whole and is a lesson for the next estimates.
  void Learn(const pricing::Usage& usage, uint64_t content_bytes);

 private:
  enum class Asking { kNothing, kStep, kLeast };

  void Match();
  std::optional<Refusal> Estimate(dialect::JsonCursor& json);
  std::optional<Refusal> EstimateTokens(dialect::JsonCursor& json);
  std::optional<Refusal> EstimateStrict();
  const limits::Limit* StrictLimit() const;
  bool LowerMaxTokens(const purse::Decision& decision);
  void StartMetering();
  int64_t LikelyAnswer() const;
  limits::Amounts Reserved() const;
  void Ask(estimate::Metering::Stride stride);
  void OnExtended(const purse::Decision& decision, const limits::Amounts& in_all);

  http::Strand& strand_;
  purse::Purse* const purse_;
  estimate::History& history_;
  Metrics& metrics_;
  const ExchangeFacts& facts_;
  std::optional<SpendingGrounds> grounds_;
  std::vector<limits::Match> met_;
  bool counts_cost_ = false;  // a limit counts dollars or tokens
  estimate::Question question_;
  std::optional<estimate::Likely> likely_;
  purse::Estimate estimate_;
  std::optional<int64_t> lowered_;
  bool reserved_ = false;
  bool has_intent_ = false;
  std::optional<estimate::Metering> metering_;
  Asking asking_ = Asking::kNothing;
  bool step_refused_ = false;
  uint32_t extensions_ = 0;
  std::optional<purse::Decision> refused_;  // the last word: not even a moment more
  std::optional<Refusal> refusal_;
};

}  // namespace postern::gate
