// Edits of a request's body: a tool that a policy denies is cut out of `tools`, `max_tokens` is lowered.
//
//   "tools": [{"name":"Read",…}, {"name":"Bash",…}, {"name":"Grep",…}]      Bash is denied
//   "tools": [{"name":"Read",…}, {"name":"Grep",…}]
//
// Every other byte stays, and the same request with the same edits has the same bytes: the provider's prompt
// cache is a prefix match, and thinking blocks are signed. With what is cut goes the separator after it, or
// at the end of the list the one before it. Three things follow an edit:
//   - A cache mark (`cache_control`) on a tool that is cut moves to the tool before it that stays, unless
//     that one bears a mark or is deferred: without it a client that marks its last tool would pay for all of
//     them anew with every request.
//   - Where no tool stays, the list stays and is empty, as Claude Code itself sends it with count_tokens; and
//     `tool_choice`, which the API takes only together with tools, goes.
//   - `thinking.budget_tokens` stays below `max_tokens`.
//
// An edit never makes the body longer, so it is made where the body lies. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dialect/messages_request.h"
#include "shared/base/result.h"

namespace postern::dialect {

// The least that the API takes for thinking.budget_tokens.
inline constexpr int64_t kLeastThinkingBudget = 1024;

// What is to be done to one body. Thread-compatible.
class Splice {
 public:
  // `facts` are those of `body`; both must stay as they are until Apply.
  Splice(std::string_view body, const RequestFacts& facts) : body_(body), facts_(facts) {}

  // Cuts these out: places in facts.tools, ascending, each once. To be called at most once.
  void CutTools(std::span<const uint32_t> places);

  // Lowers max_tokens to `most` (at least 1) where it is more. kInvalid where the thinking that was asked for
  // doesn't fit below that; then nothing is to be done. To be called at most once.
  Status LowerMaxTokens(int64_t most);

  bool empty() const { return edits_.empty(); }

  // Makes the edits in `body`, the same bytes, and returns how many are left.
  size_t Apply(std::span<char> body);

 private:
  struct Edit {
    BodyRange range;
    std::string text;  // what stands there afterwards; not longer
  };

  void CutRun(size_t first, size_t behind);
  std::string_view TextOf(BodyRange range) const { return body_.substr(range.begin, range.size()); }

  const std::string_view body_;
  const RequestFacts& facts_;
  std::vector<Edit> edits_;
};

}  // namespace postern::dialect
