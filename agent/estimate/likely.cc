#include "agent/estimate/likely.h"

#include <algorithm>

namespace postern::estimate {

int64_t AnswerWithin(int64_t likely, std::optional<int64_t> max_tokens, bool stream) {
  if (!max_tokens) return likely;
  const int64_t most = std::max<int64_t>(*max_tokens, 0);
  return stream ? std::min(likely, most) : most;
}

Result<Likely> EstimateLikely(const Question& question, const History& history, const Prices& prices) {
  Likely likely;
  likely.prompt = history.LikelyPrompt(question.id, question.conversation, question.weight, prices.when);
  // Where the request may search the web it mostly does so once.
  likely.prompt.web_searches = question.web_searches > 0 ? 1 : 0;
  likely.answer = AnswerWithin(history.LikelyAnswer(question.id), question.max_tokens, question.stream);
  pricing::Usage usage = likely.prompt;
  usage.output = likely.answer;
  ASSIGN_OR_RETURN(likely.amounts, AmountsOf(question, usage, prices));
  return likely;
}

}  // namespace postern::estimate
