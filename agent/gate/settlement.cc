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

// What is billed is said together with why the answer stopped: whatever becomes of the connection afterwards,
// that is the bill.
bool HasSaidAll(const dialect::AnswerFacts& answer) {
  return !answer.stop_reason.empty() && answer.usage_told && answer.prompt_told && answer.unreadable == 0;
}

// An error in place of an answer, whatever status it came with.
bool FailedBeforeItBegan(const dialect::AnswerFacts& answer) {
  return !answer.error_type.empty() && !answer.begun && !answer.usage_seen && answer.content_bytes == 0 &&
         answer.unreadable == 0 && !answer.undecoded;
}

// The provider's bill was in it, or would have come, and nobody here can know what it says.
bool IsUnread(const dialect::AnswerFacts& answer) {
  if (answer.undecoded) return !HasSaidAll(answer);
  return answer.ended && answer.came && !answer.begun && !answer.usage_seen;
}

// The input side as it was expected, where nothing was said of it.
void ExpectPrompt(pricing::Usage& usage, const pricing::Usage& expected) {
  usage.input = expected.input;
  usage.cache_read = expected.cache_read;
  usage.cache_write_5m = expected.cache_write_5m;
  usage.cache_write_1h = expected.cache_write_1h;
}

void RaiseToReserved(Settlement& settlement, const limits::Amounts& reserved) {
  settlement.cost.nano_dollars = std::max(settlement.cost.nano_dollars, reserved[limits::Unit::kUsd]);
  settlement.tokens = std::max(settlement.tokens, reserved[limits::Unit::kTokens]);
}

// So that no product overflows.
constexpr int64_t kMostSeen = 1'000'000'000;

}  // namespace

Settlement SettleAnswer(const dialect::AnswerFacts& answer, uint32_t status, wire::Call call,
                        std::string_view model, const pricing::Place& place,
                        const pricing::PriceTable& prices, WallTime now, const Expected& expected) {
  Settlement settlement;
  if (call != wire::CALL_MESSAGES || status / 100 != 2 || FailedBeforeItBegan(answer)) return settlement;
  settlement.usage = answer.usage;
  if (!HasSaidAll(answer)) {
    settlement.estimated = true;
    const bool has_come = answer.came || answer.events > 0 || answer.complete || answer.content_bytes > 0 ||
                          answer.unreadable > 0 || answer.undecoded;
    if (!answer.prompt_told && has_come) ExpectPrompt(settlement.usage, expected.prompt);
    const int64_t seen = std::min(estimate::SeenTokens(answer.content_bytes), kMostSeen);
    settlement.usage.output =
        std::max(settlement.usage.output, (seen * expected.billed_permille + 999) / 1'000);
    settlement.unread = IsUnread(answer);
    if (settlement.unread) settlement.usage.output = std::max(settlement.usage.output, expected.answer);
  }
  // The request's model has been priced before it left, so it can be priced now; the answer's own name is
  // only recorded.
  if (auto cost = prices.Price(model, settlement.usage, now, place)) {
    settlement.cost = *std::move(cost);
    settlement.tokens = Amount(estimate::TokensOf(settlement.usage));
    settlement.billed = true;
    if (settlement.unread) RaiseToReserved(settlement, expected.reserved);
  }
  return settlement;
}

limits::Amounts SpentOf(const Settlement& settlement, Sent sent) {
  limits::Amounts spent;
  spent[limits::Unit::kRequests] = Amount(sent == Sent::kYes ? 1 : 0);
  if (!settlement.billed) return spent;
  spent[limits::Unit::kUsd] = settlement.cost.nano_dollars;
  spent[limits::Unit::kTokens] = settlement.tokens;
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
