#include "shared/secrets/pass.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "shared/secrets/utf8.h"

namespace postern::secrets {
namespace {

constexpr size_t kMatchCost = 256;   // what a match costs besides its bytes
constexpr size_t kCompareCost = 16;  // two findings held against each other
constexpr size_t kShownLine = 1'000;
constexpr size_t kNear = 256;  // a keyword usually stands so near to its match

bool IsNear(const Finding& a, const Finding& b, const RequiredRule& required) {
  const auto apart = [](size_t x, size_t y) { return static_cast<int64_t>(x > y ? x - y : y - x); };
  if (required.within_lines && apart(a.place.start_line, b.place.start_line) > *required.within_lines)
    return false;
  return !required.within_columns ||
         apart(a.place.start_column, b.place.start_column) <= *required.within_columns;
}

// What of the match is secret: the rule's group; or the first that isn't empty; or all.
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

}  // namespace

Error BudgetSpent() {
  return Error{ErrorCode::kExhausted,
               "looking closely at this text would take too long: it is not known to be clean"};
}

std::pair<size_t, size_t> Lines::LineAndColumn(size_t at) {
  if (begins_.empty()) {
    begins_.push_back(0);
    const char* const begin = text_.data();
    const char* const end = begin + text_.size();
    for (const char* p = begin; p < end;) {
      const void* newline = std::memchr(p, '\n', static_cast<size_t>(end - p));
      if (newline == nullptr) break;
      p = static_cast<const char*>(newline) + 1;
      begins_.push_back(static_cast<size_t>(p - begin));
    }
  }
  const auto after = std::upper_bound(begins_.begin(), begins_.end(), at);
  return {static_cast<size_t>(after - begins_.begin()), at - *(after - 1) + 1};
}

Place Lines::Of(const Span& span) {
  const auto [start_line, start_column] = LineAndColumn(span.begin);
  const auto [end_line, end_column] = LineAndColumn(span.end > span.begin ? span.end - 1 : span.begin);
  return {
      .start_line = start_line, .end_line = end_line, .start_column = start_column, .end_column = end_column};
}

std::string ShownLine(std::string_view text, const Span& span) {
  size_t begin = span.begin;
  while (begin > 0 && span.begin - begin < kShownLine / 2 && text[begin - 1] != '\n') --begin;
  const std::string_view shown = text.substr(begin, kShownLine);
  return std::string(shown.substr(0, shown.find('\n', std::min(span.end - begin, shown.size()))));
}

std::string_view LinesAround(std::string_view text, const Span& span) {
  const size_t before = span.begin == 0 ? std::string_view::npos : text.rfind('\n', span.begin - 1);
  const size_t begin = before == std::string_view::npos ? 0 : before + 1;
  const size_t end = std::min(text.find('\n', span.end), text.size());
  return text.substr(begin, end - begin);
}

Status Pass::Run(std::vector<Finding>& findings) {
  if (in_.decoded == nullptr) {
    for (const uint32_t index : in_.rules.by_path) AddByPath(index, findings);
  }
  if (in_.hits.rules().empty() && in_.rules.beside.empty()) return Ok{};
  // In the order of the rules, whichever stage they are in.
  std::vector<uint32_t> due(in_.hits.rules());
  due.insert(due.end(), in_.rules.beside.begin(), in_.rules.beside.end());
  std::sort(due.begin(), due.end());
  due.erase(std::unique(due.begin(), due.end()), due.end());
  for (const uint32_t index : due) RETURN_IF_ERROR(RunRule(index, findings));
  return Ok{};
}

void Pass::AddByPath(uint32_t index, std::vector<Finding>& findings) {
  const CompiledRule& rule = in_.rules.rules[index];
  if (rule.regex || !PlaceCounts(rule) || rule.rule->report != Report::kYes) return;
  Finding& finding = findings.emplace_back();
  finding.rule = index;
  finding.text = "file detected: " + std::string(in_.fragment.path);
}

bool Pass::PlaceCounts(const CompiledRule& rule) const {
  if (rule.path && !rule.path->Matches(in_.fragment.path)) return false;
  return std::none_of(rule.allow.begin(), rule.allow.end(), [&](const AllowMatch& list) {
    return list.AllowsPlace(in_.fragment.path, in_.fragment.commit);
  });
}

Status Pass::RunRule(uint32_t index, std::vector<Finding>& findings) {
  const CompiledRule& rule = in_.rules.rules[index];
  if (rule.rule->report != Report::kYes || !PlaceCounts(rule)) return Ok{};
  std::vector<Ends> everywhere;
  if (!rule.in_first_stage) everywhere.push_back({0, in_.text.size()});
  const std::vector<Ends>& ends = rule.in_first_stage ? in_.hits.of(index) : everywhere;
  if (!HasKeyword(rule, ends)) return Ok{};
  std::vector<Finding> found;
  RETURN_IF_ERROR(Confirm(index, ends, Count::kFreshOnly, found));
  if (!rule.required.empty() && !found.empty()) RETURN_IF_ERROR(KeepWithCompanions(rule, found));
  std::move(found.begin(), found.end(), std::back_inserter(findings));
  return Ok{};
}

bool Pass::HasKeyword(const CompiledRule& rule, const std::vector<Ends>& ends) {
  const auto& keywords = rule.rule->keywords;
  if (keywords.empty()) return true;
  const size_t end = std::min(ends.front().first, in_.text.size());
  const size_t begin = end > kNear ? end - kNear : 0;
  const std::string near = Lowered(in_.text.substr(begin, end - begin));
  const auto is_near = [&](const std::string& keyword) { return near.find(keyword) != std::string::npos; };
  return std::any_of(keywords.begin(), keywords.end(), is_near) ||
         std::any_of(keywords.begin(), keywords.end(),
                     [this](const std::string& keyword) { return HasKeyword(keyword); });
}

bool Pass::HasKeyword(const std::string& keyword) {
  const auto [known, is_new] = keywords_.emplace(keyword, false);
  if (is_new) {
    if (!lowered_) lowered_ = Lowered(in_.text) + "\n" + Lowered(in_.fragment.around);
    known->second = lowered_->find(keyword) != std::string::npos;
  }
  return known->second;
}

// All leftmost matches that don't overlap, as a search through the whole text would find them. An end that
// the first stage reported belongs to a match that begins no earlier than WalkBack says; so does every match
// that begins before that end, as its own end was reported too, later.
Status Pass::Confirm(uint32_t index, const std::vector<Ends>& ends, Count count,
                     std::vector<Finding>& findings) {
  const CompiledRule& rule = in_.rules.rules[index];
  size_t at = 0;            // what is before is settled
  size_t nothing_upto = 0;  // no match lies between `at` and here
  for (const Ends& cluster : ends) {
    if (cluster.last < at || (cluster.last == at && at > 0)) continue;
    const size_t reach = WalkForward(rule.pattern, in_.text, cluster.last);
    if (reach <= nothing_upto) continue;
    size_t from = WalkBack(rule.pattern, in_.text, std::max(cluster.first, at), at);
    while (from <= cluster.last) {
      const auto match = rule.regex->Find(in_.text, {from, reach});
      if (!in_.budget.Spend((match ? match->end : reach) - from + kMatchCost)) return BudgetSpent();
      if (!match) nothing_upto = reach;
      if (!match || match->begin > cluster.last) break;
      RETURN_IF_ERROR(TakeMatch(index, *match, count, findings));
      from = match->size() > 0 ? match->end : match->end + 1;
    }
    at = std::max(from, cluster.last);
  }
  return Ok{};
}

Status Pass::TakeMatch(uint32_t index, Span match, Count count, std::vector<Finding>& findings) {
  const CompiledRule& rule = in_.rules.rules[index];
  if (in_.decoded != nullptr && count == Count::kFreshOnly && !in_.decoded->IsFresh(match)) return Ok{};
  while (match.size() > 0 && in_.text[match.begin] == '\n') ++match.begin;
  while (match.size() > 0 && in_.text[match.end - 1] == '\n') --match.end;
  const Span secret = SecretIn(rule, In(in_.text, match));
  const Span here{match.begin + secret.begin, match.begin + secret.end};

  Finding finding;
  finding.rule = index;
  finding.text = In(in_.shown, match);
  finding.secret = In(in_.shown, here);
  finding.entropy = Entropy(finding.secret);
  if (rule.rule->entropy != 0 && finding.entropy <= rule.rule->entropy) return Ok{};
  ASSIGN_OR_RETURN(const bool allowed, IsAllowed(rule, finding, match));
  if (allowed) return Ok{};

  finding.line = ShownLine(in_.text, match);
  finding.match = in_.decoded == nullptr ? match : in_.decoded->Origin(match);
  finding.secret_span = in_.decoded == nullptr ? here : in_.decoded->Origin(here);
  finding.encodings = in_.decoded == nullptr ? uint8_t{0} : in_.decoded->encodings(match);
  finding.depth = in_.decoded == nullptr ? 0 : in_.decoded->depth(match);
  finding.place = in_.lines.Of(finding.match);
  findings.push_back(std::move(finding));
  return Ok{};
}

Result<bool> Pass::IsAllowed(const CompiledRule& rule, const Finding& finding, const Span& match) {
  Candidate candidate{.path = in_.fragment.path,
                      .commit = in_.fragment.commit,
                      .secret = finding.secret,
                      .match = finding.text};
  for (const std::vector<AllowMatch>* lists : {&in_.rules.allow, &rule.allow}) {
    for (const AllowMatch& list : *lists) {
      if (list.reads_line() && candidate.line.empty()) {
        candidate.line = LinesAround(in_.text, match);
        if (!in_.budget.Spend(candidate.line.size())) return BudgetSpent();
      }
      if (list.Allows(candidate)) return true;
    }
  }
  return false;
}

// What a required rule finds in this text, whatever its keywords.
Result<const std::vector<Finding>*> Pass::CompanionsOf(uint32_t index) {
  const auto [known, is_new] = companions_.emplace(index, std::vector<Finding>{});
  const CompiledRule& rule = in_.rules.rules[index];
  if (is_new && rule.regex && PlaceCounts(rule)) {
    // Of decoded text the first stage saw only what is near a decoded piece.
    const std::vector<Ends> everywhere = {{0, in_.text.size()}};
    const bool has_ends = rule.in_first_stage && in_.decoded == nullptr;
    RETURN_IF_ERROR(Confirm(index, has_ends ? in_.hits.of(index) : everywhere, Count::kAll, known->second));
  }
  return &known->second;
}

Status Pass::KeepWithCompanions(const CompiledRule& rule, std::vector<Finding>& findings) {
  for (size_t i = 0; i < rule.required.size(); ++i) {
    ASSIGN_OR_RETURN(const std::vector<Finding>* companions, CompanionsOf(rule.required[i]));
    const RequiredRule& required = rule.rule->required[i];
    if (!in_.budget.Spend(findings.size() * companions->size() * kCompareCost)) return BudgetSpent();
    std::erase_if(findings, [&](Finding& finding) {
      const bool has = std::any_of(companions->begin(), companions->end(), [&](const Finding& companion) {
        return IsNear(finding, companion, required);
      });
      if (has) finding.companions.push_back(required.id);
      return !has;
    });
  }
  return Ok{};
}

Status DropGeneric(const CompiledRules& rules, Budget& budget, std::vector<Finding>& findings) {
  std::unordered_map<size_t, std::vector<const Finding*>> by_line;
  std::vector<const Finding*> special;
  for (const Finding& finding : findings) {
    if (rules.rules[finding.rule].is_generic) continue;
    by_line[finding.place.start_line].push_back(&finding);
    special.push_back(&finding);
  }
  const auto holds = [&budget](const std::vector<const Finding*>& others, const auto& has) -> Result<bool> {
    if (!budget.Spend(others.size() * kCompareCost)) return BudgetSpent();
    return std::any_of(others.begin(), others.end(), has);
  };
  std::vector<bool> dropped(findings.size());
  for (size_t i = 0; i < findings.size(); ++i) {
    const Finding& finding = findings[i];
    if (!rules.rules[finding.rule].is_generic) continue;
    if (const auto others = by_line.find(finding.place.start_line); others != by_line.end()) {
      ASSIGN_OR_RETURN(dropped[i], holds(others->second, [&](const Finding* other) {
                         return other->secret.find(finding.secret) != std::string::npos;
                       }));
    }
    // The same in its encoded form: what it was decoded from is the other's secret.
    if (!dropped[i] && finding.encodings != 0) {
      ASSIGN_OR_RETURN(dropped[i], holds(special, [&](const Finding* other) {
                         return other->secret_span.begin <= finding.secret_span.begin &&
                                finding.secret_span.end <= other->secret_span.end;
                       }));
    }
  }
  std::vector<Finding> kept;
  for (size_t i = 0; i < findings.size(); ++i) {
    if (!dropped[i]) kept.push_back(std::move(findings[i]));
  }
  findings = std::move(kept);
  return Ok{};
}

}  // namespace postern::secrets
