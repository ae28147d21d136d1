#include "agent/gate/spending.h"

#include <algorithm>

#include "agent/dialect/splice.h"
#include "agent/gate/cap_headers.h"

namespace postern::gate {
namespace {

using estimate::Metering;
using limits::Admission;
using limits::Limit;
using limits::Unit;

// An answer of a strict limit's last dollars is shortened by steps of four, down to this.
constexpr int64_t kShortestAnswer = 1'024;
constexpr int kShortenings = 4;
constexpr int64_t kShortenBy = 4;

bool CountsCost(const Limit& limit) { return limit.unit == Unit::kUsd || limit.unit == Unit::kTokens; }

// What people think of as money, rather than as a pace.
bool IsBudget(const Limit& limit) { return CountsCost(limit) && limit.span != limits::Span::kMinute; }

bool Thinks(const dialect::RequestFacts& request) {
  // Newer models think though nobody asks them to; only a request that forbids it doesn't.
  return request.thinking != "disabled";
}

}  // namespace

Spending::~Spending() {
  if (reserved_ && !has_intent_) purse_->Abandon(facts_.id);
}

http::Task<std::optional<Refusal>> Spending::Reserve(const SpendingGrounds& grounds,
                                                     dialect::JsonCursor& json) {
  if (purse_ == nullptr) {
    co_return Refusal{Reason::kNoPolicy,
                      "This host's policy has limits, and nothing here keeps count of them; tell your "
                      "administrator."};
  }
  grounds_.emplace(grounds);
  Match();
  if (met_.empty()) co_return std::nullopt;
  if (auto refusal = Estimate(json)) co_return std::move(refusal);
  for (int shortened = 0;; ++shortened) {
    const purse::Decision decision = co_await purse_->Reserve(strand_, facts_.id, met_, estimate_);
    if (decision.verdict == purse::Verdict::kCancelled) co_return std::nullopt;
    if (decision.verdict == purse::Verdict::kAdmitted) {
      reserved_ = true;
      StartMetering();
      co_return std::nullopt;
    }
    if (shortened < kShortenings && LowerMaxTokens(decision)) continue;
    co_return MoneyRefusal(decision, grounds_->money);
  }
}

void Spending::Match() {
  const identity::Identity& identity = facts_.identity;
  const limits::Facts facts{.teams = grounds_->teams,
                            .user = identity.principal.user,
                            .key = identity.key ? std::string_view(identity.key->value) : "",
                            .provider = grounds_->provider,
                            .model = grounds_->model};
  grounds_->terms.table.Match(facts, met_);
  counts_cost_ = std::any_of(met_.begin(), met_.end(),
                             [](const limits::Match& match) { return CountsCost(*match.limit); });
}

const Limit* Spending::StrictLimit() const {
  for (const limits::Match& match : met_) {
    if (CountsCost(*match.limit) && match.limit->admission == Admission::kStrict) return match.limit;
  }
  return nullptr;
}

// Requests and slots are one each, whatever is in the request: only dollars and tokens need a look at it.
std::optional<Refusal> Spending::Estimate(dialect::JsonCursor& json) {
  for (limits::Amounts* const amounts : {&estimate_.likely, &estimate_.worst}) {
    (*amounts)[Unit::kRequests] = Amount(1);
    (*amounts)[Unit::kConcurrent] = Amount(1);
  }
  return counts_cost_ ? EstimateTokens(json) : std::nullopt;
}

std::optional<Refusal> Spending::EstimateTokens(dialect::JsonCursor& json) {
  const dialect::RequestFacts& request = facts_.request;
  question_ = {.model = request.model,
               .id = grounds_->model,
               .conversation = grounds_->conversation,
               .weight = dialect::WeighRequest(grounds_->body, json),
               .max_tokens = grounds_->max_tokens,
               .stream = request.stream,
               .thinks = Thinks(request),
               .web_searches = estimate::ExtrasOf(request).searches,
               .place = {pricing::Endpoint::kUnsaid, request.speed, request.inference_geo}};
  auto likely = estimate::EstimateLikely(question_, history_, grounds_->prices);
  // It had a price a moment ago.
  if (!likely) return Refusal{Reason::kUnknownModel, likely.error().message};
  likely_ = *std::move(likely);
  estimate_.likely = likely_->amounts;
  return EstimateStrict();
}

std::optional<Refusal> Spending::EstimateStrict() {
  const Limit* const strict = StrictLimit();
  if (strict == nullptr) return std::nullopt;
  const membership::LimitTerms& terms = grounds_->terms;
  auto worst = estimate::EstimateWorst(question_, estimate::ExtrasOf(facts_.request),
                                       {terms.web_searches, terms.file_tokens}, grounds_->prices);
  if (!worst) return UnboundedRefusal(*strict, worst.error().message, grounds_->money);
  estimate_.worst = *worst;
  return std::nullopt;
}

// A strict limit counts the whole of max_tokens: with shorter answers the last of it can be used too.
bool Spending::LowerMaxTokens(const purse::Decision& decision) {
  if (decision.verdict != purse::Verdict::kExhausted || !question_.max_tokens) return false;
  const Limit* const limit = grounds_->terms.table.Find(limits::LimitOf(decision.account));
  if (limit == nullptr || !CountsCost(*limit) || limit->admission != Admission::kStrict) return false;
  int64_t least = kShortestAnswer;
  const dialect::RequestFacts& request = facts_.request;
  // Thinking has to fit below it.
  if (request.thinking == "enabled" && request.thinking_budget)
    least = std::max(least, dialect::kLeastThinkingBudget + 1);
  const int64_t lowered = std::max(*question_.max_tokens / kShortenBy, least);
  if (lowered >= *question_.max_tokens) return false;
  question_.max_tokens = lowered_ = lowered;
  auto likely = estimate::EstimateLikely(question_, history_, grounds_->prices);
  if (!likely || EstimateStrict()) return false;
  likely_ = *std::move(likely);
  estimate_.likely = likely_->amounts;
  return true;
}

// Only what is streamed can be ended, and only what isn't reserved at its worst need be extended.
void Spending::StartMetering() {
  if (!likely_ || !question_.stream) return;
  Metering::Counts counts;
  for (const limits::Match& match : met_) {
    if (match.limit->admission == Admission::kStrict) continue;
    counts.usd = counts.usd || match.limit->unit == Unit::kUsd;
    counts.tokens = counts.tokens || match.limit->unit == Unit::kTokens;
  }
  if (!counts.usd && !counts.tokens) return;
  metering_.emplace(question_, *likely_, counts, history_.BilledPerThousandSeen(question_.id),
                    grounds_->prices);
}

void Spending::See(const dialect::AnswerFacts& answer) {
  if (!metering_) return;
  metering_->See(answer);
  if (metering_->wants_more() && asking_ == Asking::kNothing && !step_refused_) Ask(Metering::Stride::kStep);
}

http::Task<bool> Spending::MayGoOn() {
  while (metering_ && metering_->is_used_up() && !refused_) {
    if (asking_ == Asking::kNothing) Ask(step_refused_ ? Metering::Stride::kLeast : Metering::Stride::kStep);
    if (asking_ == Asking::kNothing) break;  // it could not be asked
    const http::Wake wake = co_await strand_.Wait();
    if (wake == http::Wake::kCancelled) co_return true;
    // The purse answers within its own patience; the deadline that ran was of something else.
    if (wake == http::Wake::kDeadline) strand_.ClearDeadline();
  }
  if (!metering_ || !metering_->is_used_up()) co_return true;
  if (!refused_) refused_.emplace(purse::Decision{.verdict = purse::Verdict::kUnavailable});
  refusal_ = CutRefusal(*refused_, grounds_->money);
  co_return false;
}

void Spending::Ask(Metering::Stride stride) {
  const limits::Amounts in_all = metering_->InAll(stride);
  asking_ = stride == Metering::Stride::kStep ? Asking::kStep : Asking::kLeast;
  const Status asked = purse_->Extend(
      facts_.id, in_all, [this, in_all](const purse::Decision& decision) { OnExtended(decision, in_all); });
  if (!asked) asking_ = Asking::kNothing;
}

void Spending::OnExtended(const purse::Decision& decision, const limits::Amounts& in_all) {
  const Asking asked = std::exchange(asking_, Asking::kNothing);
  metrics_.CountExtension(decision, metering_->GrowthTo(in_all));
  if (decision.verdict == purse::Verdict::kAdmitted) {
    metering_->Extended(in_all);
    ++extensions_;
    // Others may have given back meanwhile.
    step_refused_ = false;
  } else if (asked == Asking::kStep) {
    step_refused_ = true;
  } else {
    refused_ = decision;
  }
  strand_.Notify();
}

bool Spending::has_budget() const {
  return reserved_ && std::any_of(met_.begin(), met_.end(),
                                  [](const limits::Match& match) { return IsBudget(*match.limit); });
}

std::vector<OwnedHeader> Spending::Warnings() const {
  if (!has_budget()) return {};
  // A rate limit that is nearly reached must not hide it.
  std::optional<purse::Fullness> fullest;
  for (const limits::Match& match : met_) {
    if (!IsBudget(*match.limit)) continue;
    auto one = purse_->Fullest(std::span(&match, 1));
    if (one && (!fullest || one->permille > fullest->permille)) fullest = std::move(one);
  }
  return fullest ? WarningHeaders(*fullest) : std::vector<OwnedHeader>();
}

// As it would be estimated, where no limit counts what it costs.
int64_t Spending::LikelyAnswer() const {
  if (likely_) return likely_->answer;
  const dialect::RequestFacts& request = facts_.request;
  const auto max_tokens =
      facts_.ruling.max_tokens > 0 ? std::optional<int64_t>(facts_.ruling.max_tokens) : request.max_tokens;
  return estimate::AnswerWithin(history_.LikelyAnswer(question_.id), max_tokens, request.stream);
}

// In all, by the dearest of its limits.
limits::Amounts Spending::Reserved() const {
  limits::Amounts all = metering_ ? metering_->reserved() : estimate_.likely;
  if (StrictLimit() == nullptr) return all;
  for (size_t i = 0; i < limits::kUnits; ++i) all.of[i] = std::max(all.of[i], estimate_.worst.of[i]);
  return all;
}

Expected Spending::ExpectedOf(uint64_t body_bytes) const {
  Expected expected;
  expected.answer = LikelyAnswer();
  if (likely_) {
    expected.prompt = likely_->prompt;
    expected.prompt.web_searches = 0;
    expected.billed_permille = history_.BilledPerThousandSeen(question_.id);
    expected.reserved = Reserved();
  } else {
    dialect::RequestWeight weight;
    weight.text_bytes = body_bytes;
    expected.prompt.input = estimate::PlainTokens(weight);
  }
  return expected;
}

Result<spool::Ticket> Spending::Settle(const limits::Amounts& spent, wire::Event&& outcome) {
  wire::Outcome& record = *outcome.mutable_outcome();
  if (counts_cost_) record.set_admission(StrictLimit() != nullptr ? "strict" : "estimated");
  if (!counts_cost_ && !met_.empty()) record.set_admission("estimated");
  record.set_extensions(extensions_);
  if (refusal_ && refused_) record.set_refused_extension(refused_->account);
  return purse_->Settle(facts_.id, spent, std::move(outcome));
}

void Spending::Learn(const pricing::Usage& usage, uint64_t content_bytes) {
  if (!likely_) return;
  history_.Learn(question_.id, question_.conversation,
                 {question_.weight, usage, estimate::SeenTokens(content_bytes)}, grounds_->prices.when);
}

}  // namespace postern::gate
