// What an exchange is likely to cost: what is reserved for limits with `admission: estimated`.
#pragma once

#include <cstdint>
#include <optional>

#include "agent/estimate/bill.h"
#include "agent/estimate/history.h"

namespace postern::estimate {

struct Likely {
  pricing::Usage prompt;    // the input side
  int64_t answer = 0;       // tokens of output
  limits::Amounts amounts;  // of both
};

// Tokens that an answer is reserved for. One that isn't streamed can't be ended: all that it may have.
int64_t AnswerWithin(int64_t likely, std::optional<int64_t> max_tokens, bool stream);

// Of a stream the answer is what recent ones were, of what isn't streamed all that it may be: that can't be
// extended. kNotFound as PriceTable::Price.
Result<Likely> EstimateLikely(const Question& question, const History& history, const Prices& prices);

}  // namespace postern::estimate
