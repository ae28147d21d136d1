#include "tests/shared/secrets/obvious_scanner.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>

#include <re2/re2.h>

#include "shared/base/check.h"

namespace postern::secrets {
namespace {

std::unique_ptr<re2::RE2> Compile(const std::string& pattern) {
  auto compiled = std::make_unique<re2::RE2>(pattern);
  CHECK(compiled->ok());
  return compiled;
}

std::unique_ptr<re2::RE2> Either(const std::vector<std::string>& patterns) {
  if (patterns.empty()) return nullptr;
  std::string all;
  for (const std::string& pattern : patterns) all += (all.empty() ? "" : "|") + pattern;
  return Compile("(?:" + all + ")");
}

std::string Small(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

double BitsACharacter(const std::string& text) {
  std::map<std::string, double> counts;
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
    ++counts[text.substr(at, end - at)];
    at = end;
  }
  double bits = 0;
  for (const auto& [character, count] : counts) {
    const double share = count / static_cast<double>(text.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

}  // namespace

struct ObviousScanner::CompiledList {
  AllowList list;
  std::unique_ptr<re2::RE2> regexes;
};

struct ObviousScanner::CompiledRule {
  Rule rule;
  std::unique_ptr<re2::RE2> regex;
  std::vector<CompiledList> lists;
};

ObviousScanner::~ObviousScanner() = default;

ObviousScanner::ObviousScanner(const RuleSet& rules) {
  const auto lists_of = [](const std::vector<AllowList>& lists) {
    std::vector<CompiledList> compiled;
    for (const AllowList& list : lists) {
      compiled.push_back({list, Either(list.regexes)});
      for (std::string& word : compiled.back().list.stopwords) word = Small(word);
    }
    return compiled;
  };
  for (const Rule& rule : rules.rules) {
    if (!rule.regex.empty() && rule.path.empty())
      rules_.push_back({rule, Compile(rule.regex), lists_of(rule.allow_lists)});
  }
  lists_ = lists_of(rules.allow_lists);
}

bool ObviousScanner::IsAllowed(const std::vector<CompiledList>& lists, const std::string& secret,
                               const std::string& match, const std::string& line) const {
  for (const CompiledList& one : lists) {
    const AllowList& list = one.list;
    const std::string& target = list.target == AllowList::Target::kSecret  ? secret
                                : list.target == AllowList::Target::kMatch ? match
                                                                           : line;
    const bool by_regex = one.regexes != nullptr && re2::RE2::PartialMatch(target, *one.regexes);
    const std::string small = Small(secret);
    const bool by_word =
        std::any_of(list.stopwords.begin(), list.stopwords.end(),
                    [&](const std::string& word) { return small.find(word) != std::string::npos; });
    if (list.condition == AllowList::Condition::kAny) {
      if (by_regex || by_word) return true;
    } else if (list.paths.empty() && list.commits.empty() && (list.regexes.empty() || by_regex) &&
               (list.stopwords.empty() || by_word)) {
      return true;
    }
  }
  return false;
}

void ObviousScanner::ScanRule(const CompiledRule& rule, const std::string& text,
                              std::vector<std::pair<size_t, ObviousFinding>>& found) const {
  re2::StringPiece match;
  for (size_t at = 0;
       at <= text.size() && rule.regex->Match(text, at, text.size(), re2::RE2::UNANCHORED, &match, 1);) {
    size_t begin = static_cast<size_t>(match.data() - text.data());
    size_t end = begin + match.size();
    at = end > begin ? end : end + 1;
    while (begin < end && text[begin] == '\n') ++begin;
    while (begin < end && text[end - 1] == '\n') --end;
    const std::string trimmed = text.substr(begin, end - begin);
    std::vector<re2::StringPiece> groups(static_cast<size_t>(rule.regex->NumberOfCapturingGroups()) + 1);
    std::string secret = trimmed;
    if (rule.regex->Match(trimmed, 0, trimmed.size(), re2::RE2::UNANCHORED, groups.data(),
                          static_cast<int>(groups.size()))) {
      if (rule.rule.secret_group > 0) {
        secret = groups[static_cast<size_t>(rule.rule.secret_group)].as_string();
      } else {
        const auto first = std::find_if(groups.begin() + 1, groups.end(),
                                        [](const re2::StringPiece& group) { return !group.empty(); });
        if (first != groups.end()) secret = first->as_string();
      }
    }
    if (rule.rule.entropy != 0 && BitsACharacter(secret) <= rule.rule.entropy) continue;
    const size_t line_begin = begin == 0 ? 0 : text.rfind('\n', begin - 1) + 1;
    const std::string line =
        text.substr(line_begin, std::min(text.find('\n', end), text.size()) - line_begin);
    if (IsAllowed(lists_, secret, trimmed, line) || IsAllowed(rule.lists, secret, trimmed, line)) continue;
    const auto number =
        static_cast<size_t>(std::count(text.begin(), text.begin() + static_cast<long>(begin), '\n'));
    found.push_back({number, {rule.rule.id, trimmed, secret}});
  }
}

std::vector<ObviousFinding> ObviousScanner::Scan(const std::string& text) const {
  const std::string small = Small(text);
  std::vector<std::pair<size_t, ObviousFinding>> found;  // with their lines
  for (const CompiledRule& rule : rules_) {
    const auto& keywords = rule.rule.keywords;
    const bool runs =
        keywords.empty() || std::any_of(keywords.begin(), keywords.end(), [&](const std::string& word) {
          return small.find(word) != std::string::npos;
        });
    if (runs) ScanRule(rule, text, found);
  }
  std::vector<ObviousFinding> kept;
  const auto is_generic = [](const ObviousFinding& one) {
    return one.rule.find("generic") != std::string::npos;
  };
  for (const auto& [line, one] : found) {
    const bool dropped = is_generic(one) && std::any_of(found.begin(), found.end(), [&](const auto& other) {
                           return other.first == line && !is_generic(other.second) &&
                                  other.second.secret.find(one.secret) != std::string::npos;
                         });
    if (!dropped) kept.push_back(one);
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

}  // namespace postern::secrets
