#include "agent/gate/settlement.h"

#include <algorithm>

#include "agent/estimate/bill.h"
#include "agent/estimate/history.h"

namespace postern::gate {
namespace {

uint64_t Count(int64_t tokens) { return static_cast<uint64_t>(std::max<int64_t>(tokens, 0)); }

void FillUsage(wire::Usage& to, const pricing::Usage& from) {
  to.set_input(Count(from.input));
  to.set_output(Count(from.output));
  to.set_cache_read(Count(from.cache_read));
  to.set_cache_write_5m(Count(from.cache_write_5m));
  to.set_cache_write_1h(Count(from.cache_write_1h));
  to.set_thinking(Count(from.thinking));
  to.set_web_searches(Count(from.web_searches));
  to.set_web_fetches(Count(from.web_fetches));
  to.set_service_tier(from.service_tier);
  to.set_speed(from.speed);
  to.set_inference_geo(from.inference_geo);
}

// So that no product overflows.
constexpr int64_t kMostSeen = 1'000'000'000;

}  // namespace

Settlement SettleAnswer(const dialect::AnswerFacts& answer, wire::Ending ending, uint32_t status,
                        wire::Call call, std::string_view model, const pricing::Place& place,
                        const pricing::PriceTable& prices, WallTime now, const Expected& expected) {
  Settlement settlement;
  if (call != wire::CALL_MESSAGES || status / 100 != 2) return settlement;
  settlement.usage = answer.usage;
  const bool whole =
      ending == wire::ENDING_COMPLETE && answer.complete && answer.usage_seen && answer.unreadable == 0;
  if (!whole) {
    settlement.estimated = true;
    const bool has_come = answer.events > 0 || answer.content_bytes > 0 || answer.unreadable > 0;
    if (!answer.usage_seen && has_come) settlement.usage = expected.prompt;
    const int64_t seen = std::min(estimate::SeenTokens(answer.content_bytes), kMostSeen);
    settlement.usage.output =
        std::max(settlement.usage.output, (seen * expected.billed_permille + 999) / 1'000);
  }
  // The request's model has been priced before it left, so it can be priced now; the answer's own name is
  // only recorded.
  if (auto cost = prices.Price(model, settlement.usage, now, place)) {
    settlement.cost = *std::move(cost);
    settlement.billed = true;
  }
  return settlement;
}

limits::Amounts SpentOf(const Settlement& settlement, Sent sent) {
  limits::Amounts spent;
  spent[limits::Unit::kRequests] = Amount(sent == Sent::kYes ? 1 : 0);
  if (!settlement.billed) return spent;
  spent[limits::Unit::kUsd] = settlement.cost.nano_dollars;
  spent[limits::Unit::kTokens] = Amount(estimate::TokensOf(settlement.usage));
  return spent;
}

void FillOutcome(wire::Outcome& outcome, const Settlement& settlement, const dialect::AnswerFacts& answer) {
  outcome.set_upstream_model(answer.model);
  outcome.set_upstream_message_id(answer.message_id);
  outcome.set_stop_reason(answer.stop_reason);
  outcome.set_error_type(answer.error_type);
  for (const dialect::AnswerBlock& block : answer.blocks) {
    if (block.IsToolUse()) outcome.add_tool_uses(block.name);
  }
  if (!settlement.billed) return;
  FillUsage(*outcome.mutable_usage(), settlement.usage);
  outcome.set_cost_nano_dollars(settlement.cost.nano_dollars.units());
  outcome.set_price_version(settlement.cost.price_version);
  outcome.set_estimated(settlement.estimated);
}

}  // namespace postern::gate
