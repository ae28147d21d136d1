#include "shared/secrets/pass.h"

#include <algorithm>

#include "shared/secrets/utf8.h"

namespace postern::secrets {
namespace {

constexpr size_t kCompareCost = 16;  // two findings held against each other
constexpr size_t kNear = 256;        // a keyword usually stands so near to its match

bool IsNear(const Finding& a, const Finding& b, const RequiredRule& required) {
  const auto apart = [](size_t x, size_t y) { return static_cast<int64_t>(x > y ? x - y : y - x); };
  if (required.within_lines && apart(a.place.start_line, b.place.start_line) > *required.within_lines)
    return false;
  return !required.within_columns ||
         apart(a.place.start_column, b.place.start_column) <= *required.within_columns;
}

}  // namespace

Status Pass::Run(std::vector<Finding>& findings) {
  // What has no name is no file.
  if (in_.decoded == nullptr && !in_.fragment.path.empty()) {
    for (const uint32_t index : in_.rules.by_path) AddByPath(index, findings);
  }
  // In the order of the rules, whichever stage they are in.
  std::vector<uint32_t> due(in_.hits.rules());
  for (const CompiledRules::OnCall& beside : in_.rules.beside) {
    if (beside.IsDue(in_.hits.calls())) due.push_back(beside.rule);
  }
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
  finding.place = {.start_line = 0, .end_line = 0, .start_column = 0, .end_column = 0};
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
  return AddNew(found, findings);
}

// What has nothing decoded in it but stands beside it may have been found already.
Status Pass::AddNew(std::vector<Finding>& found, std::vector<Finding>& findings) {
  const size_t before = findings.size();
  for (Finding& one : found) {
    if (in_.decoded != nullptr && one.encodings == 0) {
      if (!in_.budget.Spend(before * kCompareCost)) return BudgetSpent();
      const auto is_known = [&](const Finding& other) {
        return other.rule == one.rule && other.match == one.match;
      };
      if (std::any_of(findings.begin(), findings.begin() + static_cast<std::ptrdiff_t>(before), is_known))
        continue;
    }
    findings.push_back(std::move(one));
  }
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
    known->second = HoldsLowered(in_.text, keyword) || HoldsLowered(in_.fragment.around, keyword);
  }
  return known->second;
}

// All leftmost matches that don't overlap, as a search through the whole text would find them. An end that
// the first stage reported belongs to a match that begins no earlier than WalkBack says; so does every match
// that begins before that end, as its own end was reported too, later.
Status Pass::Confirm(uint32_t index, const std::vector<Ends>& ends, Count count,
                     std::vector<Finding>& findings) {
  const CompiledRule& rule = in_.rules.rules[index];
  in_values_.clear();
  in_lists_ = 0;
  if (rule.pattern.edges && in_.fragment.value_from)
    RETURN_IF_ERROR(ConfirmInValues(index, ends, count, findings));
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

Span Pass::Trimmed(Span match) const {
  while (match.size() > 0 && in_.text[match.begin] == '\n') ++match.begin;
  while (match.size() > 0 && in_.text[match.end - 1] == '\n') --match.end;
  return match;
}

// A match in `text_within`, which is all of the text or a value that is taken for it.
Status Pass::Keep(uint32_t index, const Span& untrimmed, const Span& text_within, Count count,
                  std::vector<Finding>& findings) {
  const CompiledRule& rule = in_.rules.rules[index];
  if (in_.decoded != nullptr && count == Count::kFreshOnly && !in_.decoded->IsFresh(untrimmed)) return Ok{};
  const Span match = Trimmed(untrimmed);
  const Span secret = SecretIn(rule, In(in_.text, match));
  const Span here{match.begin + secret.begin, match.begin + secret.end};

  Finding finding;
  finding.rule = index;
  finding.text = In(in_.shown, match);
  finding.secret = In(in_.shown, here);
  finding.entropy = Entropy(finding.secret);
  if (rule.rule->entropy != 0 && finding.entropy <= rule.rule->entropy) return Ok{};
  ASSIGN_OR_RETURN(const bool allowed, IsAllowed(rule, finding, match, text_within));
  if (allowed) return Ok{};

  finding.line = ShownLine(in_.text, match);
  finding.match = Origin(match);
  finding.secret_span = Origin(here);
  finding.encodings = in_.decoded == nullptr ? uint8_t{0} : in_.decoded->encodings(match);
  finding.depth = in_.decoded == nullptr ? 0 : in_.decoded->depth(match);
  finding.place = in_.lines.Of(finding.match);
  findings.push_back(std::move(finding));
  return Ok{};
}

Result<bool> Pass::IsAllowed(const CompiledRule& rule, const Finding& finding, const Span& match,
                             const Span& text_within) {
  Candidate candidate{.path = in_.fragment.path,
                      .commit = in_.fragment.commit,
                      .secret = finding.secret,
                      .match = finding.text};
  for (const std::vector<AllowMatch>* lists : {&in_.rules.allow, &rule.allow}) {
    for (const AllowMatch& list : *lists) {
      if (list.reads_line() && candidate.line.empty()) {
        candidate.line = LinesAround(In(in_.text, text_within),
                                     {match.begin - text_within.begin, match.end - text_within.begin});
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

// Of several that are required of one rule, one is enough.
Status Pass::KeepWithCompanions(const CompiledRule& rule, std::vector<Finding>& findings) {
  for (size_t i = 0; i < rule.required.size(); ++i) {
    const auto is_same = [&](uint32_t other) { return other == rule.required[i]; };
    if (std::any_of(rule.required.begin(), rule.required.begin() + static_cast<std::ptrdiff_t>(i), is_same))
      continue;
    ASSIGN_OR_RETURN(const std::vector<Finding>* companions, CompanionsOf(rule.required[i]));
    const auto& all = rule.rule->required;
    if (!in_.budget.Spend(findings.size() * companions->size() * all.size() * kCompareCost))
      return BudgetSpent();
    std::erase_if(findings, [&](Finding& finding) {
      const bool has =
          std::any_of(all.begin() + static_cast<std::ptrdiff_t>(i), all.end(), [&](const RequiredRule& one) {
            return one.id == all[i].id &&
                   std::any_of(companions->begin(), companions->end(),
                               [&](const Finding& companion) { return IsNear(finding, companion, one); });
          });
      if (has) finding.companions.push_back(all[i].id);
      return !has;
    });
  }
  return Ok{};
}

}  // namespace postern::secrets
