#include "shared/secrets/allow_match.h"

#include <algorithm>

#include "shared/secrets/utf8.h"

namespace postern::secrets {
namespace {

constexpr size_t kBeginning = 3;

uint32_t BeginningOf(const char* at) {
  return static_cast<uint32_t>(static_cast<unsigned char>(at[0])) |
         static_cast<uint32_t>(static_cast<unsigned char>(at[1])) << 8 |
         static_cast<uint32_t>(static_cast<unsigned char>(at[2])) << 16;
}

// Each must be an expression of its own, though they are used as one.
Result<std::optional<Expression>> Joined(const std::vector<std::string>& patterns, const std::string& where) {
  if (patterns.empty()) return std::optional<Expression>();
  std::string all = "(?:";
  for (const std::string& pattern : patterns) {
    const auto alone = Expression::Compile(pattern);
    if (!alone)
      return Error{ErrorCode::kInvalid, where + ": an allow-list's expression: " + alone.error().message};
    if (all.size() > 3) all += '|';
    all += pattern;
  }
  auto joined = Expression::Compile(all + ")");
  if (!joined)
    return Error{ErrorCode::kInvalid, where + ": an allow-list's expressions: " + joined.error().message};
  return std::optional<Expression>(*std::move(joined));
}

}  // namespace

StopWords::StopWords(const std::vector<std::string>& words) {
  for (const std::string& written : words) {
    std::string word = Lowered(written);
    if (word.size() < kBeginning) {
      short_.push_back(std::move(word));
    } else {
      by_beginning_[BeginningOf(word.data())].push_back(std::move(word));
    }
  }
}

bool StopWords::AreIn(std::string_view secret) const {
  const std::string text = Lowered(secret);
  for (const std::string& word : short_) {
    if (text.find(word) != std::string::npos) return true;
  }
  for (size_t at = 0; at + kBeginning <= text.size(); ++at) {
    const auto words = by_beginning_.find(BeginningOf(text.data() + at));
    if (words == by_beginning_.end()) continue;
    for (const std::string& word : words->second) {
      if (text.compare(at, word.size(), word) == 0) return true;
    }
  }
  return false;
}

AllowMatch::AllowMatch(const AllowList& list)
    : condition_(list.condition), target_(list.target), commits_(list.commits) {
  for (std::string& commit : commits_) {
    const size_t begin = commit.find_first_not_of(" \t");
    const size_t end = commit.find_last_not_of(" \t");
    commit = begin == std::string::npos ? "" : Lowered(commit.substr(begin, end - begin + 1));
  }
  if (!list.stopwords.empty()) stopwords_.emplace(list.stopwords);
}

Result<AllowMatch> AllowMatch::Compile(const AllowList& list) {
  AllowMatch match(list);
  ASSIGN_OR_RETURN(match.paths_, Joined(list.paths, list.where));
  ASSIGN_OR_RETURN(match.regexes_, Joined(list.regexes, list.where));
  return match;
}

bool AllowMatch::PathMatches(std::string_view path) const {
  return paths_ && !path.empty() && paths_->Matches(path);
}

bool AllowMatch::IsOneOfCommits(std::string_view commit) const {
  return !commit.empty() && std::find(commits_.begin(), commits_.end(), Lowered(commit)) != commits_.end();
}

bool AllowMatch::AllowsPlace(std::string_view path, std::string_view commit) const {
  if (condition_ == AllowList::Condition::kAny) return PathMatches(path) || IsOneOfCommits(commit);
  if (regexes_ || stopwords_) return false;
  return (!paths_ || PathMatches(path)) && (commits_.empty() || IsOneOfCommits(commit));
}

bool AllowMatch::Allows(const Candidate& candidate) const {
  const std::string_view target = target_ == AllowList::Target::kSecret  ? candidate.secret
                                  : target_ == AllowList::Target::kMatch ? candidate.match
                                                                         : candidate.line;
  // Nothing is not what an expression speaks of, even if it takes it.
  const bool by_regex = regexes_ && !target.empty() && regexes_->Matches(target);
  if (condition_ == AllowList::Condition::kAny) {
    return AllowsPlace(candidate.path, candidate.commit) || by_regex ||
           (stopwords_ && stopwords_->AreIn(candidate.secret));
  }
  return (!paths_ || PathMatches(candidate.path)) && (commits_.empty() || IsOneOfCommits(candidate.commit)) &&
         (!regexes_ || by_regex) && (!stopwords_ || stopwords_->AreIn(candidate.secret));
}

}  // namespace postern::secrets
