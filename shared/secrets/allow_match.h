// An allow-list made ready: what is no secret although a rule says so. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "shared/base/result.h"
#include "shared/secrets/expression.h"
#include "shared/secrets/rules.h"

namespace postern::secrets {

// Words that may be anywhere in a secret. Most lists are short, and one has 1,446 words: they are found by
// their first three characters. Thread-safe.
class StopWords {
 public:
  explicit StopWords(const std::vector<std::string>& words);
  bool AreIn(std::string_view secret) const;  // in any case of letters

 private:
  std::vector<std::string> short_;  // of fewer than three characters
  std::unordered_map<uint32_t, std::vector<std::string>> by_beginning_;
};

// What an allow-list is asked about.
struct Candidate {
  std::string_view path{};
  std::string_view commit{};
  std::string_view secret{};
  std::string_view match{};
  std::string_view line{};
};

// Thread-safe.
class AllowMatch {
 public:
  // kInvalid, with the list's place.
  static Result<AllowMatch> Compile(const AllowList& list);

  // Whether the place alone decides: nothing in this file, or of this commit, counts.
  bool AllowsPlace(std::string_view path, std::string_view commit) const;
  bool Allows(const Candidate& candidate) const;
  // Whether it asks for the line at all: lines can be long.
  bool reads_line() const { return target_ == AllowList::Target::kLine && regexes_; }

 private:
  explicit AllowMatch(const AllowList& list);
  bool PathMatches(std::string_view path) const;
  bool IsOneOfCommits(std::string_view commit) const;

  AllowList::Condition condition_;
  AllowList::Target target_;
  std::vector<std::string> commits_;
  std::optional<Expression> paths_;
  std::optional<Expression> regexes_;
  std::optional<StopWords> stopwords_;
};

}  // namespace postern::secrets
