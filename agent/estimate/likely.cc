#include "agent/estimate/likely.h"

#include <algorithm>

namespace postern::estimate {

Result<Likely> EstimateLikely(const Question& question, const History& history, const Prices& prices) {
  Likely likely;
  likely.prompt = history.LikelyPrompt(question.id, question.conversation, question.weight, prices.when);
  // Where the request may search the web it mostly does so once.
  likely.prompt.web_searches = question.web_searches > 0 ? 1 : 0;
  likely.answer = history.LikelyAnswer(question.id);
  if (question.max_tokens) {
    const int64_t most = std::max<int64_t>(*question.max_tokens, 0);
    likely.answer = question.stream ? std::min(likely.answer, most) : most;
  }
  pricing::Usage usage = likely.prompt;
  usage.output = likely.answer;
  ASSIGN_OR_RETURN(likely.amounts, AmountsOf(question, usage, prices));
  return likely;
}

}  // namespace postern::estimate
