#include "agent/dialect/splice.h"

#include <algorithm>
#include <cstring>

#include "shared/base/check.h"

namespace postern::dialect {

void Splice::CutTools(std::span<const uint32_t> places) {
  const size_t all = facts_.places.tools.size();
  for (size_t i = 0; i < places.size();) {
    const size_t first = places[i];
    size_t behind = first;
    while (i < places.size() && places[i] == behind) ++i, ++behind;
    CHECK(behind > first && behind <= all);
    CutRun(first, behind);
  }
  const BodyRange choice = facts_.places.tool_choice;
  if (all > 0 && places.size() == all && !choice.empty()) edits_.push_back({choice, ""});
}

// Cuts the tools from `first` to before `behind`; the one before `first` stays.
void Splice::CutRun(size_t first, size_t behind) {
  const std::vector<ToolPlace>& tools = facts_.places.tools;
  BodyRange range{tools[first].whole.begin, tools[behind - 1].whole.end};
  const bool stays_one_before = first > 0;
  if (behind < tools.size()) {
    range.end = tools[behind].whole.begin;
  } else if (stays_one_before) {
    range.begin = tools[first - 1].whole.end;
  }
  BodyRange mark;
  for (size_t i = first; i < behind; ++i) {
    if (!tools[i].cache_mark.empty()) mark = tools[i].cache_mark;
  }
  if (mark.empty() || !stays_one_before) return edits_.push_back({range, ""});
  const ToolPlace& before = tools[first - 1];
  if (!before.cache_mark.empty() || before.deferred) return edits_.push_back({range, ""});
  // From the bracket of the tool that stays: the mark goes in front of it.
  const BodyRange kept{before.whole.end - 1, range.begin};
  const size_t inside = before.whole.begin + 1;
  const bool is_empty =
      body_.substr(inside, kept.begin - inside).find_first_not_of(" \t\r\n") == std::string_view::npos;
  std::string text = is_empty ? R"("cache_control":)" : R"(,"cache_control":)";
  text += TextOf(mark);
  text += TextOf(kept);
  edits_.push_back({{kept.begin, range.end}, std::move(text)});
}

Status Splice::LowerMaxTokens(int64_t most) {
  CHECK(most > 0);
  if (!facts_.max_tokens || *facts_.max_tokens <= most) return Ok{};
  const bool has_budget = facts_.thinking == "enabled" && facts_.thinking_budget;
  if (has_budget && *facts_.thinking_budget >= most) {
    if (most <= kLeastThinkingBudget)
      return Error{ErrorCode::kInvalid, "so few tokens leave no room for thinking"};
    edits_.push_back({facts_.places.thinking_budget, std::to_string(most - 1)});
  }
  edits_.push_back({facts_.places.max_tokens, std::to_string(most)});
  return Ok{};
}

size_t Splice::Apply(std::span<char> body) {
  CHECK(body.size() == body_.size());
  std::sort(edits_.begin(), edits_.end(),
            [](const Edit& a, const Edit& b) { return a.range.begin < b.range.begin; });
  size_t read = 0;
  size_t written = 0;
  const auto move_up_to = [&](size_t end) {
    if (written != read) std::memmove(body.data() + written, body.data() + read, end - read);
    written += end - read;
    read = end;
  };
  for (const Edit& edit : edits_) {
    CHECK(edit.range.begin >= read && edit.text.size() <= edit.range.size());
    move_up_to(edit.range.begin);
    std::memcpy(body.data() + written, edit.text.data(), edit.text.size());
    written += edit.text.size();
    read = edit.range.end;
  }
  move_up_to(body.size());
  return written;
}

}  // namespace postern::dialect
