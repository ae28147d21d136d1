// What an exchange is billed, from what was seen of its answer. Pure.
#pragma once

#include <string>
#include <string_view>

#include "agent/dialect/answer_meter.h"
#include "shared/pricing/price_table.h"
#include "shared/wire/event.h"

namespace postern::gate {

struct Settlement {
  bool billed = false;     // an answer that costs something
  bool estimated = false;  // the provider did not report all of it
  pricing::Usage usage;
  pricing::Cost cost;
};

// An answer to /v1/messages with status 2xx costs its usage; count_tokens and errors cost nothing. Where the
// answer broke off, its output is at least what was seen of it, at kBytesPerToken; the bill then says that it
// is estimated.
Settlement SettleAnswer(const dialect::AnswerFacts& answer, wire::Ending ending, uint32_t status,
                        wire::Call call, std::string_view model, const pricing::Place& place,
                        const pricing::PriceTable& prices, WallTime now);

// Few bytes a token, so that an estimate is rather too high than too low: JSON-escaped English has about
// four.
constexpr int64_t kBytesPerToken = 3;

void FillOutcome(wire::Outcome& outcome, const Settlement& settlement, const dialect::AnswerFacts& answer);

}  // namespace postern::gate
