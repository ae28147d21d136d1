#include "shared/secrets/remembered.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace postern::secrets {
namespace {

// Stretches of a text, and which others lie within one of them.
class Stretches {
 public:
  explicit Stretches(const std::vector<Finding>& findings) {
    for (const Finding& one : findings) {
      spans_.push_back(one.secret_span);
      by_rule_.emplace_back(one.secret_span.begin, one.secret_span.end, one.rule);
    }
    std::sort(by_rule_.begin(), by_rule_.end());
    std::sort(spans_.begin(), spans_.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
    for (size_t i = 1; i < spans_.size(); ++i) spans_[i].end = std::max(spans_[i].end, spans_[i - 1].end);
  }
  // One that begins no later and ends no earlier.
  bool Hold(const Span& span) const {
    const auto after = std::upper_bound(spans_.begin(), spans_.end(), span.begin,
                                        [](size_t at, const Span& one) { return at < one.begin; });
    return after != spans_.begin() && std::prev(after)->end >= span.end;
  }
  // This very one, found by this rule.
  bool Has(const Span& span, uint32_t rule) const {
    return std::binary_search(by_rule_.begin(), by_rule_.end(), std::tuple(span.begin, span.end, rule));
  }

 private:
  std::vector<Span> spans_;  // by their beginnings; each ends where the furthest up to it does
  std::vector<std::tuple<size_t, size_t, uint32_t>> by_rule_;
};

}  // namespace

void Remembered::LookIn(std::string_view text, const Decoded* decoded) {
  if (literals_ == nullptr) return;
  if (decoded == nullptr) {
    for (const Literals::Found& one : literals_->Find(text, {0, text.size()})) Add(text, one, nullptr);
    return;
  }
  for (const Span& region : decoded->FreshRegions(literals_->longest())) {
    for (const Literals::Found& one : literals_->Find(text, region)) {
      // What only stands beside something decoded was found where it stands.
      if (decoded->IsFresh(one.span) && decoded->encodings(one.span) != 0) Add(text, one, decoded);
    }
  }
}

void Remembered::Add(std::string_view text, const Literals::Found& one, const Decoded* decoded) {
  const auto rule = std::find_if(rules_.rules.begin(), rules_.rules.end(),
                                 [&](const Rule& known) { return known.id == literals_->rule(one.literal); });
  if (rule == rules_.rules.end()) return;
  Finding& finding = found_.emplace_back();
  finding.rule = static_cast<uint32_t>(rule - rules_.rules.begin());
  finding.match = finding.secret_span = decoded == nullptr ? one.span : decoded->Origin(one.span);
  finding.text = In(text, one.span);
  finding.secret = literals_->secret(one.literal);
  finding.remembered = true;
  if (decoded == nullptr) return;
  finding.encodings = decoded->encodings(one.span);
  finding.depth = decoded->depth(one.span);
}

void Remembered::AddTo(std::vector<Finding>& findings) {
  if (found_.empty()) return;
  const Stretches by_rules(findings);
  for (Finding& one : found_) {
    if (by_rules.Has(one.secret_span, one.rule)) continue;
    one.covered = by_rules.Hold(one.secret_span);
    findings.push_back(std::move(one));
  }
  found_.clear();
}

}  // namespace postern::secrets
