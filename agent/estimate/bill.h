// What an exchange is about to ask of a model, and what tokens come to in every unit that a limit counts.
// Pure, as all of agent/estimate; README.md has the reasoning.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/dialect/request_weight.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/limits/limit.h"
#include "shared/pricing/price_table.h"

namespace postern::estimate {

// What is known before it is answered. Borrowed.
struct Question {
  std::string_view model;         // as the client wrote it
  std::string_view id;            // as the price table calls it
  std::string_view conversation;  // whose turn it is: the same text in each turn of it; empty: not known
  dialect::RequestWeight weight;
  std::optional<int64_t> max_tokens;  // as it will be sent
  bool stream = false;
  bool thinks = false;        // thinking is asked for, or can't be told
  uint32_t web_searches = 0;  // that many of its tools search the web
  pricing::Place place;       // what it asks for
};

// By which prices, and when: the time at which the exchange came, for all of it.
struct Prices {
  const pricing::PriceTable& table;
  WallTime when{};
};

// Of every class together; what the `tokens` of a limit count.
int64_t TokensOf(const pricing::Usage& usage);

// One request, one slot, and what the usage comes to in tokens and nano-dollars. kNotFound as
// PriceTable::Price.
Result<limits::Amounts> AmountsOf(const Question& question, const pricing::Usage& usage,
                                  const Prices& prices);

}  // namespace postern::estimate
