#include "agent/estimate/metering.h"

#include <algorithm>

namespace postern::estimate {
namespace {

using limits::Amounts;
using limits::Unit;

constexpr int64_t kLeastStep = 512;
constexpr int64_t kLeastThinkingStep = 2'048;  // some twenty seconds of thinking that isn't seen
constexpr int64_t kMostStep = 4'096;
constexpr int64_t kMoment = 64;  // tokens, where a step can't be had
constexpr int64_t kManyTokens = 1'000'000;
// What a provider reports is bounded, so that no product overflows.
constexpr int64_t kMostTokens = 1'000'000'000;

}  // namespace

Metering::Metering(const Question& question, const Likely& reserved, Counts counts, int64_t billed_permille,
                   const Prices& prices)
    : question_(question),
      prices_(prices),
      counts_(counts),
      billed_permille_(billed_permille),
      most_output_(std::clamp<int64_t>(question.max_tokens.value_or(kMostTokens), 0, kMostTokens)),
      reserved_(reserved.amounts) {
  step_ = std::clamp(reserved.answer / 4, question.thinks ? kLeastThinkingStep : kLeastStep, kMostStep);
  SetPrompt(reserved.prompt);
}

// The question has been priced, so its parts can be.
void Metering::SetPrompt(const pricing::Usage& prompt) {
  pricing::Usage usage = prompt;
  usage.output = 0;
  const auto base = AmountsOf(question_, usage, prices_);
  usage.output = kManyTokens;
  const auto with_output = AmountsOf(question_, usage, prices_);
  if (!base || !with_output) return;
  base_ = *base;
  const Amount many = (*with_output)[Unit::kUsd] - base_[Unit::kUsd];
  token_price_ = Amount(std::min(many.units() / kManyTokens + 1, pricing::kMostRate));
}

void Metering::See(const dialect::AnswerFacts& facts) {
  const bool begins = facts.begun && !begun_;
  const bool reports = std::min(facts.usage.output, kMostTokens) > output_;
  if (!begins && !reports && facts.content_bytes < look_at_bytes_) return;
  if (begins) {
    begun_ = true;
    if (facts.usage_seen) SetPrompt(facts.usage);
  }
  seen_bytes_ = facts.content_bytes;
  const int64_t seen = std::min(SeenTokens(seen_bytes_), kMostTokens) * billed_permille_;
  output_ = std::clamp(std::max(facts.usage.output, (seen + 999) / 1'000), output_, kMostTokens);
  // Where it has been said why it stopped, nothing more will come.
  if (!facts.stop_reason.empty()) most_output_ = std::min(most_output_, output_);
  Judge();
}

void Metering::Judge() {
  const int64_t ahead = std::min(output_ + step_ / 2, std::max(most_output_, output_));
  is_used_up_ = Lacks(At(output_));
  wants_more_ = is_used_up_ || Lacks(At(ahead));
  // The next look is due when an eighth of a step more has passed.
  const int64_t tokens = std::max<int64_t>(step_ / 8 * 1'000 / billed_permille_, 1);
  look_at_bytes_ = seen_bytes_ + static_cast<uint64_t>(wants_more_ ? 1 : tokens);
}

Amounts Metering::At(int64_t output) const {
  Amounts amounts = base_;
  const Amount price(output * token_price_.units());
  amounts[Unit::kUsd] = Amount::SaturatingAdd(amounts[Unit::kUsd], price);
  amounts[Unit::kTokens] = Amount::SaturatingAdd(amounts[Unit::kTokens], Amount(output));
  return amounts;
}

bool Metering::Lacks(const Amounts& amounts) const {
  return (counts_.usd && amounts[Unit::kUsd] > reserved_[Unit::kUsd]) ||
         (counts_.tokens && amounts[Unit::kTokens] > reserved_[Unit::kTokens]);
}

Amounts Metering::InAll(Stride stride) const {
  const int64_t more = stride == Stride::kStep ? step_ / 2 + step_ : kMoment;
  Amounts amounts = At(std::min(output_ + more, std::max(most_output_, output_)));
  for (size_t i = 0; i < limits::kUnits; ++i) amounts.of[i] = std::max(amounts.of[i], reserved_.of[i]);
  return amounts;
}

Amounts Metering::GrowthTo(const Amounts& in_all) const {
  Amounts growth;
  const auto grow = [&](Unit unit) {
    growth[unit] = std::max(in_all[unit], reserved_[unit]) - reserved_[unit];
  };
  if (counts_.usd) grow(Unit::kUsd);
  if (counts_.tokens) grow(Unit::kTokens);
  return growth;
}

void Metering::Extended(const Amounts& in_all) {
  for (size_t i = 0; i < limits::kUnits; ++i) reserved_.of[i] = std::max(reserved_.of[i], in_all.of[i]);
  Judge();
}

}  // namespace postern::estimate
