// Rules as they are written: Gitleaks' configuration as plain data, with inheritance already worked out. What
// the fields mean is in README.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace postern::secrets {

// What is no secret although a rule says so.
struct AllowList {
  enum class Condition { kAny, kAll };           // of its checks
  enum class Target { kSecret, kMatch, kLine };  // what its regexes are held against

  std::string where{};  // "secrets.toml:12"
  Condition condition = Condition::kAny;
  Target target = Target::kSecret;
  std::vector<std::string> commits{};
  std::vector<std::string> paths{};    // regular expressions
  std::vector<std::string> regexes{};  // joined into one: a flag at the start of the first is for all
  std::vector<std::string> stopwords{};
};

// Another rule that must have found something near, or a finding doesn't count.
struct RequiredRule {
  std::string id{};
  std::optional<int64_t> within_lines{};
  std::optional<int64_t> within_columns{};
};

enum class Report { kYes, kOnlyForOthers };  // skipReport: it finds for the rules that require it

struct Rule {
  std::string where{};  // "secrets.toml:12"
  std::string id{};
  std::string description{};
  std::string regex{};                  // RE2's syntax; empty: the path alone decides
  std::string path{};                   // a regular expression; empty: any
  int64_t secret_group = 0;             // 0: the first group that isn't empty, or else the whole match
  double entropy = 0;                   // more than this, in bits a character; 0: any
  std::vector<std::string> keywords{};  // small letters; one of them must be somewhere in the text
  std::vector<std::string> tags{};
  std::vector<AllowList> allow_lists{};
  std::vector<RequiredRule> required{};
  Report report = Report::kYes;
  // Ours, which Gitleaks passes over: by these a file of rules proves itself (samples.h).
  std::vector<std::string> true_samples{};
  std::vector<std::string> false_samples{};
};

struct RuleSet {
  std::string title{};
  std::vector<Rule> rules{};             // in the file's order, ids unique
  std::vector<AllowList> allow_lists{};  // for all rules
};

}  // namespace postern::secrets
