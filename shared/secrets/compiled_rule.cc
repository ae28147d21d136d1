#include "shared/secrets/compiled_rule.h"

#include <algorithm>
#include <map>

#include "shared/secrets/utf8.h"

namespace postern::secrets {
namespace {

// A literal as long as this lets Vectorscan pass over most of a text.
constexpr size_t kUsefulLiteral = 3;
// Vectorscan 5.4.9 misses some matches, depending on where the text lies in memory, of expressions that have
// a single character to go by ("<.{3}>", "a.{3}b"): they are left to RE2.
constexpr size_t kBadLiteral = 1;

Error Wrong(const Rule& rule, std::string_view field, std::string_view why) {
  return Error{ErrorCode::kInvalid,
               rule.where + ": " + rule.id + "." + std::string(field) + ": " + std::string(why)};
}

Result<std::vector<AllowMatch>> CompileLists(const std::vector<AllowList>& lists) {
  std::vector<AllowMatch> compiled;
  for (const AllowList& list : lists) {
    ASSIGN_OR_RETURN(AllowMatch match, AllowMatch::Compile(list));
    compiled.push_back(std::move(match));
  }
  return compiled;
}

Result<CompiledRule> CompileRule(const Rule& rule) {
  CompiledRule compiled;
  compiled.rule = &rule;
  compiled.is_generic = Lowered(rule.id).find("generic") != std::string::npos;
  if (!rule.regex.empty()) {
    auto regex = Expression::Compile(rule.regex);
    if (!regex) return Wrong(rule, "regex", regex.error().message);
    if (static_cast<size_t>(rule.secret_group) > regex->groups())
      return Wrong(rule, "secretGroup",
                   "the expression has only " + std::to_string(regex->groups()) + " groups");
    compiled.regex.emplace(*std::move(regex));
    compiled.pattern = Analyse(rule.regex);
  }
  if (!rule.path.empty()) {
    auto path = Expression::Compile(rule.path);
    if (!path) return Wrong(rule, "path", path.error().message);
    compiled.path.emplace(*std::move(path));
  }
  ASSIGN_OR_RETURN(compiled.allow, CompileLists(rule.allow_lists));
  return compiled;
}

}  // namespace

Span SecretIn(const CompiledRule& rule, std::string_view match) {
  const Span whole{0, match.size()};
  if (rule.regex->groups() == 0) return whole;
  const auto groups = rule.regex->Groups(match);
  if (!groups) return whole;
  if (rule.rule->secret_group > 0)
    return (*groups)[static_cast<size_t>(rule.rule->secret_group) - 1].value_or(Span{});
  for (const auto& group : *groups) {
    if (group && group->size() > 0) return *group;
  }
  return whole;
}

size_t WalkBack(const Pattern& pattern, std::string_view text, size_t from, size_t least) {
  if (!pattern.understood || pattern.run.all()) return least;
  if (pattern.run.none()) return from - std::min(from - least, pattern.fixed_bytes);
  size_t others = 0;
  size_t at = from;
  while (at > least) {
    if (!pattern.run[static_cast<unsigned char>(text[at - 1])] && ++others > pattern.fixed_bytes) break;
    --at;
  }
  return at;
}

size_t WalkForward(const Pattern& pattern, std::string_view text, size_t from) {
  if (!pattern.understood || pattern.run.all()) return text.size();
  if (pattern.run.none()) return from + std::min(text.size() - from, pattern.fixed_bytes);
  size_t others = 0;
  size_t at = from;
  while (at < text.size()) {
    if (!pattern.run[static_cast<unsigned char>(text[at])] && ++others > pattern.fixed_bytes) break;
    ++at;
  }
  return at;
}

namespace {

// Hands out bits of Calls.
class Calling {
 public:
  size_t Next() { return std::min(next_++, Calls().size() - 1); }

 private:
  size_t next_ = kArmed + 1;
};

// Whether it matches only in texts that have one of its keywords.
bool NeedsKeyword(const Rule& rule) {
  return !rule.keywords.empty() && std::none_of(rule.keywords.begin(), rule.keywords.end(),
                                                [](const std::string& keyword) { return keyword.empty(); });
}

// Where a rule that has an expression is run, and what its keywords call for. A required rule counts without
// them.
void Place(uint32_t index, bool is_required, Calling& calling, CompiledRules& all) {
  CompiledRule& rule = all.rules[index];
  const Pattern& pattern = rule.pattern;
  const bool needs_keyword = NeedsKeyword(*rule.rule);
  StageEntry entry{.rule = index, .expression = pattern.for_vectorscan, .beyond_ascii = pattern.beyond_ascii};
  rule.in_first_stage = pattern.understood && pattern.literal != kBadLiteral && IsTaken(entry);
  const bool is_short = pattern.understood && pattern.run.none() && pattern.fixed_bytes <= kShort;
  std::optional<size_t> call;
  if (needs_keyword && !(rule.in_first_stage && is_short)) {
    call = calling.Next();
    entry.calls.push_back(*call);
  }
  if (rule.in_first_stage && pattern.literal < kUsefulLiteral && needs_keyword && !is_required) {
    entry.runs = Runs::kWhenArmed;
    entry.calls.push_back(kArmed);
  }
  if (!entry.calls.empty()) entry.keywords = rule.rule->keywords;
  if (!is_short) all.long_ones.push_back({index, call});
  if (!rule.in_first_stage) {
    all.beside.push_back({index, call});
    entry.runs = Runs::kElsewhere;
  }
  if (rule.in_first_stage || call) all.entries.push_back(std::move(entry));
}

}  // namespace

Result<CompiledRules> CompileRules(const RuleSet& set) {
  CompiledRules all;
  std::map<std::string_view, uint32_t> places;
  for (size_t i = 0; i < set.rules.size(); ++i) places.emplace(set.rules[i].id, static_cast<uint32_t>(i));
  std::vector<bool> is_required(set.rules.size());
  for (const Rule& rule : set.rules) {
    ASSIGN_OR_RETURN(CompiledRule compiled, CompileRule(rule));
    for (const RequiredRule& required : rule.required) {
      const uint32_t place = places.at(required.id);
      compiled.required.push_back(place);
      is_required[place] = true;
    }
    all.rules.push_back(std::move(compiled));
  }
  Calling calling;
  for (uint32_t i = 0; i < all.rules.size(); ++i) {
    if (!all.rules[i].regex) {
      all.by_path.push_back(i);
    } else {
      Place(i, is_required[i], calling, all);
    }
    all.has_companions |= !all.rules[i].required.empty();
  }
  ASSIGN_OR_RETURN(all.allow, CompileLists(set.allow_lists));
  return all;
}

}  // namespace postern::secrets
