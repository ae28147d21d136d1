// The same decisions, made in the obvious way: each rule's expression through the whole text, keywords by a
// search each, and nothing shared with the fast scanner but the rules as data and the decoder. Slow, and easy
// to believe.
#pragma once

#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "shared/secrets/rules.h"

namespace postern::secrets {

struct ObviousFinding {
  std::string rule;
  std::string match;
  std::string secret;

  friend auto operator<=>(const ObviousFinding&, const ObviousFinding&) = default;
};

class ObviousScanner {
 public:
  explicit ObviousScanner(const RuleSet& rules);
  ObviousScanner(const ObviousScanner&) = delete;
  ObviousScanner& operator=(const ObviousScanner&) = delete;
  ~ObviousScanner();

  // Of a text that is UTF-8, sorted. No paths, no decoding, no required rules.
  std::vector<ObviousFinding> Scan(const std::string& text) const;

 private:
  struct CompiledRule;
  struct CompiledList;
  bool IsAllowed(const std::vector<CompiledList>& lists, const std::string& secret, const std::string& match,
                 const std::string& line) const;
  void ScanRule(const CompiledRule& rule, const std::string& text,
                std::vector<std::pair<size_t, ObviousFinding>>& found) const;

  std::vector<CompiledRule> rules_;
  std::vector<CompiledList> lists_;
};

}  // namespace postern::secrets
