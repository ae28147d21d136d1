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
  size_t others = 0;
  size_t at = from;
  while (at < text.size()) {
    if (!pattern.run[static_cast<unsigned char>(text[at])] && ++others > pattern.fixed_bytes) break;
    ++at;
  }
  return at;
}

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
  for (size_t i = 0; i < all.rules.size(); ++i) {
    CompiledRule& rule = all.rules[i];
    if (!rule.regex) {
      all.by_path.push_back(static_cast<uint32_t>(i));
      continue;
    }
    StageEntry entry{.rule = static_cast<uint32_t>(i),
                     .expression = rule.pattern.for_vectorscan,
                     .beyond_ascii = rule.pattern.beyond_ascii,
                     .runs = Runs::kAlways};
    // A required rule counts without its keywords.
    if (rule.pattern.literal < kUsefulLiteral && !rule.rule->keywords.empty() && !is_required[i]) {
      entry.runs = Runs::kWhenArmed;
      entry.keywords = rule.rule->keywords;
    }
    const bool has_empty = std::any_of(rule.rule->keywords.begin(), rule.rule->keywords.end(),
                                       [](const std::string& keyword) { return keyword.empty(); });
    rule.in_first_stage = rule.pattern.understood && rule.pattern.literal != kBadLiteral && IsTaken(entry) &&
                          (entry.keywords.empty() || !has_empty);
    if (!rule.in_first_stage) {
      auto& beside = all.beside.emplace_back(CompiledRules::Beside{static_cast<uint32_t>(i), std::nullopt});
      if (rule.rule->keywords.empty() || has_empty) continue;
      entry.runs = Runs::kElsewhere;
      entry.keywords = rule.rule->keywords;
      entry.call = std::min(all.beside.size(), Calls().size() - 1);  // the first is the armed database's
      beside.call = entry.call;
    }
    all.entries.push_back(std::move(entry));
  }
  ASSIGN_OR_RETURN(all.allow, CompileLists(set.allow_lists));
  return all;
}

}  // namespace postern::secrets
