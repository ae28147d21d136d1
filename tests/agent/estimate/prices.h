// The prices that the product comes with, and a time in the year that they are of.
#pragma once

#include "agent/estimate/bill.h"
#include "shared/config/node.h"
#include "shared/pricing/price_file.h"
#include "tests/support/paths.h"

namespace postern::estimate {

inline const pricing::PriceTable& Published() {
  static const pricing::PriceTable table =
      *pricing::LoadPriceTable(*config::ParseFile(support::InSource("config/models.yaml")));
  return table;
}

inline constexpr WallTime kNoon{std::chrono::seconds(1'795'435'200)};

inline Prices PricesAtNoon() { return {Published(), kNoon}; }

// Of a model at 5 dollars a million in, 25 out, 6.25 and 10 written, 0.50 read.
inline Question OpusAsks(uint64_t text_bytes) {
  Question question;
  question.model = question.id = "claude-opus-5";
  question.weight.text_bytes = text_bytes;
  question.max_tokens = 32'000;
  question.stream = true;
  return question;
}

}  // namespace postern::estimate
