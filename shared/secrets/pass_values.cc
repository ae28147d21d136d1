// Where a text is made of values (a view of JSON): what a value, a key or a list of strings has.
#include <algorithm>

#include "shared/secrets/pass.h"

namespace postern::secrets {
namespace {

constexpr size_t kLinesBytes = 8'192;  // of a list of strings so much is looked at as lines at a time

// Whether this stands between two strings of a list.
bool IsBetweenElements(std::string_view structure) {
  if (structure.size() < 3 || !structure.starts_with('"') || !structure.ends_with('"')) return false;
  const std::string_view inner = structure.substr(1, structure.size() - 2);
  const size_t comma = inner.find_first_not_of(" \t\r\n");
  return comma != std::string_view::npos && inner[comma] == ',' &&
         inner.find_first_not_of(" \t\r\n", comma + 1) == std::string_view::npos;
}

}  // namespace

// What begins or ends where a text does may do so where a value does: each value in which something ends is
// searched alone.
Status Pass::ConfirmInValues(uint32_t index, const std::vector<Ends>& ends, Count count,
                             std::vector<Finding>& findings) {
  size_t done = 0;
  for (const Ends& cluster : ends) {
    const Span near = Origin({cluster.first - std::min<size_t>(cluster.first, 1), cluster.last});
    for (auto value = ValueFrom(std::max(done, near.begin)); value && value->begin < near.end;
         value = ValueFrom(done)) {
      RETURN_IF_ERROR(SearchValue(index, Here(*value), {0, in_.text.size()}, count, findings));
      done = value->end;
    }
  }
  return Ok{};
}

// The matches in this value, taken for the whole text, that meet `within`. Whether there is one.
Result<bool> Pass::SearchValue(uint32_t index, const Span& value, const Span& within, Count count,
                               std::vector<Finding>& findings) {
  const CompiledRule& rule = in_.rules.rules[index];
  const std::string_view alone = In(in_.text, value);
  bool found = false;
  for (size_t from = 0; from <= alone.size();) {
    const auto match = rule.regex->Find(alone, {from, alone.size()});
    if (!in_.budget.Spend((match ? match->end : alone.size()) - from + kMatchCost)) return BudgetSpent();
    if (!match) break;
    from = match->size() > 0 ? match->end : match->end + 1;
    const Span here{match->begin + value.begin, match->end + value.begin};
    if (!here.Overlaps(within)) continue;
    found = true;
    if (!in_values_.empty() && in_values_.back() == here) continue;
    in_values_.push_back(here);
    RETURN_IF_ERROR(Keep(index, here, value, count, findings));
  }
  return found;
}

// What a key of the text that stands here has alone.
Status Pass::SearchKey(uint32_t index, size_t at, const Span& within, Count count,
                       std::vector<Finding>& findings) {
  const size_t quote = at == 0 ? std::string_view::npos : in_.text.rfind('"', at - 1);
  const size_t end = in_.text.find('"', at);
  if (quote == std::string_view::npos || end == std::string_view::npos || end == at) return Ok{};
  RETURN_IF_ERROR(SearchValue(index, {quote + 1, end}, within, count, findings));
  return Ok{};
}

// This value and those behind it in the same list of strings.
std::vector<Span> Pass::ListFrom(const Span& value) {
  std::vector<Span> values = {value};
  while (values.back().end < value.end + kLinesBytes) {
    const auto next = ValueFrom(values.back().end);
    if (!next) break;
    const Span gap{Here(values.back()).end, Here(*next).begin};
    if (gap.end <= gap.begin || !IsBetweenElements(In(in_.text, gap))) break;
    values.push_back(*next);
  }
  return values;
}

// A list of strings is lines of a text, as a private key may be written in JSON: what its elements have
// together counts. Strings that only stand behind each other in the text have nothing together: between a
// "-----BEGIN" of one message and a "KEY-----" of another a rule would take everything for a key.
Status Pass::SearchLists(uint32_t index, const Span& match, Count count, std::vector<Finding>& findings) {
  const Span near = Origin(match);
  for (auto value = ValueFrom(std::max(near.begin, in_lists_)); value && value->begin < near.end;) {
    const std::vector<Span> values = ListFrom(*value);
    if (values.size() > 1) RETURN_IF_ERROR(SearchLines(index, values, count, findings));
    // Of a longer list the second half may hold the beginning of what goes on behind.
    const bool is_cut = values.back().end >= value->end + kLinesBytes;
    in_lists_ = is_cut ? values[values.size() / 2].begin : values.back().end;
    value = ValueFrom(std::max(in_lists_, value->end));
  }
  return Ok{};
}

Status Pass::SearchLines(uint32_t index, const std::vector<Span>& values, Count count,
                         std::vector<Finding>& findings) {
  std::string lines;
  std::vector<size_t> begins;
  for (const Span& value : values) {
    begins.push_back(lines.size());
    (lines += In(in_.text, Here(value))) += '\n';
  }
  const auto place = [&](size_t at) {
    const auto line =
        static_cast<size_t>(std::upper_bound(begins.begin(), begins.end(), at) - begins.begin()) - 1;
    return std::pair(line, Here(values[line]).begin + (at - begins[line]));
  };
  const CompiledRule& rule = in_.rules.rules[index];
  for (size_t from = 0; from < lines.size();) {
    const auto match = rule.regex->Find(lines, {from, lines.size()});
    if (!in_.budget.Spend((match ? match->end : lines.size()) - from + kMatchCost)) return BudgetSpent();
    if (!match || match->size() == 0) break;
    from = match->end;
    const auto [first, begin] = place(match->begin);
    const auto [last, end] = place(match->end - 1);
    if (first != last) RETURN_IF_ERROR(Keep(index, {begin, end + 1}, {0, in_.text.size()}, count, findings));
  }
  return Ok{};
}

// Where what is secret isn't within one value, the match is not the one that the value alone would have:
// "key=(\S+)" goes on behind the closing quote. Each value that it touches is searched alone; if nothing is
// there either, it may be a secret over the elements of a list.
Status Pass::TakeMatch(uint32_t index, const Span& match, Count count, std::vector<Finding>& findings) {
  const Span whole{0, in_.text.size()};
  if (!in_.fragment.value_from) return Keep(index, match, whole, count, findings);
  const auto taken = std::partition_point(in_values_.begin(), in_values_.end(),
                                          [&](const Span& one) { return one.end <= match.begin; });
  if (taken != in_values_.end() && taken->begin < match.end) return Ok{};
  const Span trimmed = Trimmed(match);
  const Span secret = SecretIn(in_.rules.rules[index], In(in_.text, trimmed));
  if (!LeavesItsValue(Origin({trimmed.begin + secret.begin, trimmed.begin + secret.end}))) {
    // Lines are those of the value, unless the match goes over more of the text.
    const Span origin = Origin(match);
    const bool is_within = !LeavesItsValue(origin) && origin.size() > 0;
    return Keep(index, match, is_within ? Here(*value_) : whole, count, findings);
  }
  const Span near = Origin(match);
  bool found = false;
  for (auto value = ValueFrom(near.begin); value && value->begin < near.end; value = ValueFrom(value->end)) {
    ASSIGN_OR_RETURN(const bool here, SearchValue(index, Here(*value), match, count, findings));
    found = found || here;
  }
  if (found) return Ok{};
  const Span here{trimmed.begin + secret.begin, trimmed.begin + secret.end};
  if (In(in_.text, here).find_first_not_of("[]{},: \t\r\n") == std::string_view::npos) return Ok{};
  // Without a quote in it, it stands in a key, or it is a number.
  if (In(in_.text, here).find('"') == std::string_view::npos)
    return Keep(index, match, whole, count, findings);
  RETURN_IF_ERROR(SearchKey(index, here.begin, match, count, findings));
  return SearchLists(index, match, count, findings);
}

std::optional<Span> Pass::ValueFrom(size_t at) {
  if (!value_ || at < value_->begin || at >= value_->end) value_ = in_.fragment.value_from(at);
  return value_;
}

bool Pass::LeavesItsValue(const Span& secret) {
  if (secret.size() == 0) return false;
  const auto value = ValueFrom(secret.begin);
  return !value || secret.begin < value->begin || value->end < secret.end;
}

}  // namespace postern::secrets
