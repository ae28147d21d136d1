// What an answer has cost so far, held against what is reserved for it while it streams.
//
//            base (prompt)            seen × what is billed for it
//   ├──────────────────────────────┼─────────────────┼───── ahead ─────┼
//                                                     ▲ now             ▲ when less than this is reserved,
//                                                                         a step more is asked for
//
// Until the answer begins the prompt is the estimate's; from message_start on it is what the provider
// reports. Of the output what has passed is seen; what is billed and not seen (thinking) is allowed for by
// the model's ratio, and by asking further ahead where the request thinks. The answer stops only where all
// that is reserved is used up. Pure.
#pragma once

#include <cstdint>

#include "agent/dialect/answer_meter.h"
#include "agent/estimate/bill.h"
#include "agent/estimate/likely.h"

namespace postern::estimate {

// Of one answer that streams. Borrows the question's texts and the prices. Thread-compatible.
class Metering {
 public:
  // `counts`: for each unit whether a limit that may be extended counts it; of those only usd and tokens
  // matter. `billed_permille` as History has it.
  struct Counts {
    bool usd = false;
    bool tokens = false;
  };
  Metering(const Question& question, const Likely& reserved, Counts counts, int64_t billed_permille,
           const Prices& prices);

  // What has passed so far. To be called as often as one likes: nearly always it compares two numbers.
  void See(const dialect::AnswerFacts& facts);

  bool wants_more() const { return wants_more_; }
  bool is_used_up() const { return is_used_up_; }

  // How much should be reserved in all: a whole step ahead, or just enough to go on for a moment, where a
  // step can't be had. Never more than max_tokens allow.
  enum class Stride : uint8_t { kStep, kLeast };
  limits::Amounts InAll(Stride stride) const;

  // By how much that is more than what is reserved, in each unit that counts.
  limits::Amounts GrowthTo(const limits::Amounts& in_all) const;

  void Extended(const limits::Amounts& in_all);
  const limits::Amounts& reserved() const { return reserved_; }

  int64_t step() const { return step_; }  // tokens of output
  // What has been billed of it by now, as far as one can tell.
  int64_t output() const { return output_; }

 private:
  limits::Amounts At(int64_t output) const;
  bool Lacks(const limits::Amounts& amounts) const;
  void SetPrompt(const pricing::Usage& prompt);
  void Judge();

  const Question question_;
  const Prices prices_;
  const Counts counts_;
  const int64_t billed_permille_;
  int64_t most_output_;  // nothing beyond it will come
  int64_t step_ = 0;
  limits::Amounts reserved_;
  limits::Amounts base_;  // of the prompt alone
  Amount token_price_;    // of one of output, rounded up
  bool begun_ = false;
  uint64_t seen_bytes_ = 0;
  uint64_t look_at_bytes_ = 0;  // before so many have passed, nothing changes
  int64_t output_ = 0;
  bool wants_more_ = false;
  bool is_used_up_ = false;
};

}  // namespace postern::estimate
