// What an exchange is billed, from what was seen of its answer. Pure.
#pragma once

#include <string>
#include <string_view>

#include "agent/dialect/answer_meter.h"
#include "shared/limits/limit.h"
#include "shared/pricing/price_table.h"
#include "shared/wire/event.h"

namespace postern::gate {

struct Settlement {
  bool billed = false;     // an answer that costs something
  bool estimated = false;  // the provider did not report all of it
  bool unread = false;     // what it reports can't be read, if it does
  pricing::Usage usage;
  pricing::Cost cost;
  Amount tokens;  // of every class
};

// What counts where the provider didn't come to say it.
struct Expected {
  pricing::Usage prompt{};          // the input side
  int64_t billed_permille = 1'000;  // for a thousand tokens of output that are seen
  // What counts at least where an answer came that can't be read.
  int64_t answer = 0;          // tokens of output
  limits::Amounts reserved{};  // with what the answer was extended by; nothing where no limit has a word
};

// An answer to /v1/messages with status 2xx costs its usage; count_tokens and errors cost nothing, with
// status 200 too where one comes before the answer has begun, nor does an answer of which nothing came. Where
// it broke off before the provider had said what it bills, its output is at least what was seen of it
// (estimate::SeenTokens) and what goes unseen with that; where it had not even said how long the prompt was,
// that is what was expected. An answer that came and can't be read costs what was reserved for it, or what
// was seen of it if that is more: one in a coding that can't be read, or not to its end, and one that came to
// its end without a word of a message. The bill then says that it is estimated.
Settlement SettleAnswer(const dialect::AnswerFacts& answer, uint32_t status, wire::Call call,
                        std::string_view model, const pricing::Place& place,
                        const pricing::PriceTable& prices, WallTime now, const Expected& expected = {});

// What it comes to in each unit. A request counts once it was sent.
enum class Sent : uint8_t { kNo, kYes };
limits::Amounts SpentOf(const Settlement& settlement, Sent sent);

void FillOutcome(wire::Outcome& outcome, const Settlement& settlement, const dialect::AnswerFacts& answer);

}  // namespace postern::gate
