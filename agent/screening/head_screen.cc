#include "agent/screening/head_screen.h"

#include <algorithm>
#include <utility>

#include "agent/dialect/plain_text.h"
#include "shared/secrets/redaction.h"

namespace postern::screening {
namespace {

using Outcome = Screened::Outcome;
using secrets::In;
using secrets::Span;

constexpr size_t kMostName = 64;
// No rule lets this pass between a name and its value.
constexpr std::string_view kApart = "\n\x01\n";

// The parts as one text, and where in it their values stand.
struct HeadText {
  std::string text;
  std::vector<Span> values;

  explicit HeadText(std::span<const HeadPart> parts) {
    size_t size = 0;
    for (const HeadPart& part : parts) size += part.name.size() + 2 + part.value.size() + kApart.size();
    text.reserve(size);
    values.reserve(parts.size());
    for (const HeadPart& part : parts) {
      if (!part.name.empty()) text.append(part.name).append(": ");
      values.push_back({text.size(), text.size() + part.value.size()});
      text.append(part.value).append(kApart);
    }
  }
  // The first whose line ends behind this byte.
  size_t PartAt(size_t at) const {
    const auto part = std::partition_point(
        values.begin(), values.end(), [at](const Span& value) { return value.end + kApart.size() <= at; });
    return std::min(static_cast<size_t>(part - values.begin()), values.size() - 1);
  }
  bool IsInValue(const Span& span, size_t part) const {
    return span.begin >= values[part].begin && span.end <= values[part].end;
  }
};

Found Decide(const secrets::Finding& finding, const HeadPart& part, bool can_go, const Terms& terms) {
  Found found;
  found.rule = terms.scanner->rules().rules[finding.rule].id;
  found.fingerprint = FingerprintOf(terms.fingerprint_key(), finding.secret);
  found.length = static_cast<uint32_t>(finding.secret.size());
  found.place.part = part.name.empty() ? "target" : "header";
  if (can_go) found.place.tool = dialect::MadePlain(part.name, kMostName);
  if (terms.policy != nullptr && !terms.policy->AllowsSecret(found.fingerprint, terms.now).empty()) {
    found.action = wire::SECRET_ACTION_OFF;
    return found;
  }
  const policy::SecretVerdict verdict = terms.orders.Judge(found.rule, "");
  found.action = verdict.action;
  found.policy_rule = verdict.rule;
  if (found.action == wire::SECRET_ACTION_REDACT && !can_go) found.action = wire::SECRET_ACTION_BLOCK;
  return found;
}

// The value of one part without the cuts in it, which are in order and may overlap.
std::string Without(const HeadText& head, size_t part, const std::vector<Span>& cuts, const Terms& terms) {
  const Span& value = head.values[part];
  std::string out;
  size_t copied = value.begin;
  for (size_t i = 0; i < cuts.size();) {
    Span cut = cuts[i];
    for (++i; i < cuts.size() && cuts[i].begin < cut.end; ++i) cut.end = std::max(cut.end, cuts[i].end);
    if (!head.IsInValue(cut, part)) continue;
    out += In(head.text, {copied, cut.begin});
    out += secrets::PlaceholderFor(terms.keys->placeholder.view(), In(head.text, cut));
    copied = cut.end;
  }
  out += In(head.text, {copied, value.end});
  return out;
}

}  // namespace

ScreenedHead ScreenHead(std::span<const HeadPart> parts, const Terms& terms, secrets::Workspace& workspace,
                        const KnownHead& known) {
  ScreenedHead screened;
  const HeadText head(parts);
  secrets::Pieces pieces = known.hash.OfPieces(head.text);
  if (known.clean.Is(*terms.scanner, pieces)) {
    screened.outcome = Outcome::kClean;
    screened.was_known = true;
    return screened;
  }
  const auto findings = terms.scanner->Scan({.text = head.text}, workspace, {});
  if (!findings) {
    if (findings.error().code == ErrorCode::kUnavailable) screened.outcome = Outcome::kNoMemory;
    return screened;
  }
  screened.outcome = Outcome::kClean;
  if (findings->empty()) {
    known.clean.Keep(*terms.scanner, std::move(pieces));
    return screened;
  }
  std::vector<Span> cuts;
  for (const secrets::Finding& finding : *findings) {
    const size_t part = head.PartAt(finding.secret_span.begin);
    Found found = Decide(finding, parts[part], head.IsInValue(finding.secret_span, part), terms);
    if (found.action == wire::SECRET_ACTION_OFF) continue;
    if (found.action == wire::SECRET_ACTION_REDACT) cuts.push_back(finding.secret_span);
    if (found.action == wire::SECRET_ACTION_BLOCK && screened.outcome != Outcome::kBlocked) {
      screened.outcome = Outcome::kBlocked;
      screened.blocked_by = screened.found.size();
    }
    screened.found.push_back(std::move(found));
    if (screened.found.size() == kMostFound) break;
  }
  if (screened.found.size() == kMostFound) {
    screened.outcome = Outcome::kTooMuch;
    return screened;
  }
  if (screened.outcome == Outcome::kBlocked || cuts.empty()) return screened;
  std::sort(cuts.begin(), cuts.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  for (size_t part = 0; part < parts.size(); ++part)
    screened.values.push_back(Without(head, part, cuts, terms));
  screened.outcome = Outcome::kRedacted;
  return screened;
}

}  // namespace postern::screening
