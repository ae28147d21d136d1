#include "shared/secrets/body_scan.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "shared/base/check.h"
#include "shared/secrets/body_cuts.h"
#include "shared/secrets/body_delta.h"
#include "shared/secrets/left_escapes.h"
#include "shared/secrets/redaction.h"

namespace postern::secrets {
namespace {

// Where in the body each rule found something, for looking that up.
class FoundPlaces {
 public:
  FoundPlaces(const std::vector<FoundInBody>& found, size_t first) {
    for (size_t i = first; i < found.size(); ++i)
      places_.emplace_back(found[i].finding.rule, found[i].finding.raw.begin, found[i].finding.raw.end);
    std::sort(places_.begin(), places_.end());
  }
  // All of these, by this rule, whose findings don't overlap.
  bool Cover(uint32_t rule, const Span& raw) const {
    const auto next =
        std::lower_bound(places_.begin(), places_.end(), std::tuple(rule, raw.begin + 1, size_t{0}));
    if (next == places_.begin()) return false;
    const auto& [before_rule, begin, end] = *std::prev(next);
    return before_rule == rule && end >= raw.end;
  }

 private:
  std::vector<std::tuple<uint32_t, size_t, size_t>> places_;
};

// One look at the body, with what is known and the literals that there are.
class Look {
 public:
  Look(const BodyInput& input, const Known& known, const std::shared_ptr<const Literals>& literals,
       Reach reach)
      : in_(input),
        known_(known),
        literals_(literals),
        view_(input.workspace.view()),
        delta_(input, known, literals.get(), reach) {}

  // What it finds besides what is known. Without `fits` it has to be done again without what is known.
  Status Run();
  bool fits() const { return fits_; }
  // Without this it has to be done again with Reach::kFar.
  bool reaches() const { return reaches_; }
  std::vector<FoundInBody>& found() { return found_; }
  BodyScan Finish();

 private:
  std::optional<Span> ValueFrom(const Span& region, size_t at) const;
  Status ScanRegions();
  Status ScanRegion(const Span& region);
  Status ScanLoose(const Span& region, size_t first);
  void Add(const Finding& one, const Span& match, const Span& secret);
  void TakeKnown();
  void KeepFor(BodyScan& scan);
  Status KeepSecrets(const BodyScan& scan, KnownBody& body) const;

  const BodyInput& in_;
  const Known& known_;
  const std::shared_ptr<const Literals> literals_;
  MappedText& view_;

  BodyDelta delta_;
  ViewParts parts_;
  size_t scanned_ = 0;
  Calls calls_;
  bool fits_ = true;
  bool reaches_ = true;
  std::vector<FoundInBody> found_;
  std::vector<BodyCut> cuts_;
};

Status Look::Run() {
  calls_ = delta_.calls();
  RETURN_IF_ERROR(LinearViewFrom(in_.body, delta_.mark(), view_, parts_));
  delta_.FindFresh(view_, parts_);
  RETURN_IF_ERROR(ScanRegions());
  if (!reaches_) return Ok{};
  TakeKnown();
  std::stable_sort(found_.begin(), found_.end(), [](const FoundInBody& a, const FoundInBody& b) {
    return a.finding.raw.begin < b.finding.raw.begin;
  });
  fits_ = MakeCuts(found_, in_.body, view_, delta_.before(), cuts_);
  return Ok{};
}

// A keyword counts wherever it stands: where some call for more than was known, what was looked at is looked
// at again, and more of it. A region that is alone has had its own keywords.
Status Look::ScanRegions() {
  auto regions = delta_.Regions(view_, calls_);
  while (regions) {
    const Calls before = calls_;
    found_.clear();
    for (const Span& region : *regions) {
      scanned_ += region.size();
      RETURN_IF_ERROR(ScanRegion(region));
    }
    if (calls_ == before) return Ok{};
    auto next = delta_.Regions(view_, calls_);
    if (next == regions && next->size() == 1) return Ok{};
    regions = std::move(next);
  }
  reaches_ = false;
  return Ok{};
}

// The value of the view that ends behind this byte of the region, as far as it lies in that.
std::optional<Span> Look::ValueFrom(const Span& region, size_t at) const {
  const auto value = view_.ValueFrom(region.begin + at);
  if (!value || value->begin >= region.end) return std::nullopt;
  return Span{std::max(value->begin, region.begin) - region.begin,
              std::min(value->end, region.end) - region.begin};
}

Status Look::ScanRegion(const Span& region) {
  const std::string_view text = In(view_.text(), region);
  const bool is_whole = delta_.mark() == nullptr && region.size() == view_.text().size();
  const Fragment fragment{.text = text,
                          .around = is_whole ? std::string_view() : in_.body,
                          .calls = calls_,
                          .literals = literals_.get(),
                          .value_from = [&](size_t at) { return ValueFrom(region, at); }};
  ASSIGN_OR_RETURN(const auto findings, in_.scanner.Scan(fragment, in_.workspace, in_.options));
  calls_ |= in_.workspace.calls();
  const size_t first = found_.size();
  for (const Finding& one : findings) {
    const Span match{one.match.begin + region.begin, one.match.end + region.begin};
    const Span secret{one.secret_span.begin + region.begin, one.secret_span.end + region.begin};
    if (delta_.IsFresh(match)) Add(one, match, secret);
  }
  return ScanLoose(region, first);
}

// Where escapes are left in the region, with these undone. What was found as it stands, the places from
// `first` on, isn't told again.
Status Look::ScanLoose(const Span& region, size_t first) {
  const LooseText loose = LooseAround(In(view_.text(), region));
  if (loose.empty()) return Ok{};
  const Fragment fragment{
      .text = loose.text.text(), .around = in_.body, .calls = calls_, .literals = literals_.get()};
  ASSIGN_OR_RETURN(const auto findings, in_.scanner.Scan(fragment, in_.workspace, in_.options));
  const FoundPlaces known(found_, first);
  for (const Finding& one : findings) {
    if (!loose.IsOfOne(one.match)) continue;
    const Span in_match = loose.text.Raw(one.match), in_secret = loose.text.Raw(one.secret_span);
    const Span match{in_match.begin + region.begin, in_match.end + region.begin};
    const Span secret{in_secret.begin + region.begin, in_secret.end + region.begin};
    if (delta_.IsFresh(match) && !known.Cover(one.rule, view_.Raw(secret))) Add(one, match, secret);
  }
  return Ok{};
}

// Spans of the view.
void Look::Add(const Finding& one, const Span& match, const Span& secret) {
  FoundInBody& found = found_.emplace_back();
  found.finding = {.rule = one.rule,
                   .raw = view_.Raw(secret),
                   .secret = one.secret,
                   .encodings = one.encodings,
                   .cut = {},
                   .remembered = one.remembered,
                   .covered = one.covered,
                   .known = false};
  found.match_end = view_.Raw(match).end;
  if (view_.IsInOneValue(secret)) found.in_view = secret;
}

// What was found before in what is the same. What reaches beyond that was found anew.
void Look::TakeKnown() {
  if (delta_.mark() == nullptr) return;
  for (const KnownFinding& one : delta_.before()->findings) {
    if (one.match_end > delta_.same() || one.raw.end > delta_.same()) continue;
    FoundInBody& found = found_.emplace_back();
    found.finding = {.rule = one.rule,
                     .raw = one.raw,
                     .secret = std::string(In(delta_.before()->secrets.view(), one.secret)),
                     .encodings = one.encodings,
                     .cut = one.cut,
                     .remembered = one.remembered,
                     .covered = one.covered,
                     .known = true};
    found.match_end = one.match_end;
    found.asked_for = one.asked_for;
  }
}

BodyScan Look::Finish() {
  BodyScan scan;
  for (FoundInBody& found : found_) scan.findings.push_back(std::move(found.finding));
  scan.cuts = std::move(cuts_);
  scan.scanned = scanned_;
  scan.literals = literals_;
  if (known_.hash != nullptr) KeepFor(scan);
  return scan;
}

void Look::KeepFor(BodyScan& scan) {
  auto body = std::make_shared<KnownBody>();
  body->size = in_.body.size();
  body->pieces = delta_.pieces();
  body->rules = in_.scanner.identity();
  body->literals = literals_;
  body->calls = calls_;
  if (delta_.mark() != nullptr) {
    body->marks.assign(delta_.before()->marks.data(), delta_.mark() + 1);
    for (const KnownPart& part : delta_.before()->parts) {
      if (part.raw_end <= delta_.mark()->raw) body->parts.push_back(part);
    }
  }
  std::move(parts_.marks.begin(), parts_.marks.end(), std::back_inserter(body->marks));
  // What holds a secret is never clean, wherever else it stands.
  size_t begin = delta_.mark() == nullptr ? 0 : delta_.mark()->raw;
  auto finding = scan.findings.begin();
  for (const KnownPart& part : delta_.parts()) {
    while (finding != scan.findings.end() && finding->raw.end <= begin) ++finding;
    if (finding == scan.findings.end() || finding->raw.begin >= part.raw_end) body->parts.push_back(part);
    begin = part.raw_end;
  }
  body->hashes = HashSet(body->parts.size());
  for (const KnownPart& part : body->parts) body->hashes.Add(part.hash);
  for (size_t i = 0; i < scan.findings.size(); ++i) {
    const BodyFinding& one = scan.findings[i];
    body->findings.push_back({.rule = one.rule,
                              .raw = one.raw,
                              .match_end = found_[i].match_end,
                              .secret = {},
                              .encodings = one.encodings,
                              .cut = one.cut,
                              .remembered = one.remembered,
                              .covered = one.covered,
                              .asked_for = found_[i].asked_for});
  }
  for (const BodyCut& cut : scan.cuts) body->cuts.push_back({.raw = cut.raw, .original = {}});
  if (KeepSecrets(scan, *body)) scan.body = std::move(body);
}

// Puts the secrets into locked memory; without it the body can't be kept, and is scanned again as a new one.
Status Look::KeepSecrets(const BodyScan& scan, KnownBody& body) const {
  size_t bytes = 0;
  for (size_t i = 0; i < scan.findings.size(); ++i) {
    const size_t size = scan.findings[i].secret.size();
    body.findings[i].secret = {bytes, bytes + size};
    bytes += size;
  }
  for (size_t i = 0; i < scan.cuts.size(); ++i) {
    const size_t size = scan.cuts[i].original.size();
    body.cuts[i].original = {bytes, bytes + size};
    bytes += size;
  }
  if (bytes == 0) return Ok{};
  ASSIGN_OR_RETURN(body.secrets,
                   crypto::LockedSecret::Make(bytes, [&](std::span<char> out) -> Result<size_t> {
                     char* to = out.data();
                     for (const BodyFinding& one : scan.findings)
                       to = std::copy(one.secret.begin(), one.secret.end(), to);
                     for (const BodyCut& cut : scan.cuts)
                       to = std::copy(cut.original.begin(), cut.original.end(), to);
                     return bytes;
                   }));
  return Ok{};
}

// The literals with those that are to be remembered of what was found; of what is known those that weren't to
// be when it was found. One that was a literal and had to go for others doesn't come back by being known.
Result<std::shared_ptr<const Literals>> Remembered(const BodyInput& input, std::vector<FoundInBody>& found,
                                                   std::shared_ptr<const Literals> literals) {
  if (!input.remembers) return literals;
  for (FoundInBody& one : found) {
    if (one.asked_for || one.finding.remembered || !IsWorthRemembering(one.finding.secret)) continue;
    one.asked_for =
        (literals != nullptr && literals->Holds(one.finding.secret)) || input.remembers(one.finding);
    if (!one.asked_for) continue;
    ASSIGN_OR_RETURN(literals, Literals::With(std::move(literals), one.finding.secret,
                                              input.scanner.rules().rules[one.finding.rule].id));
  }
  return literals;
}

}  // namespace

Result<BodyScan> ScanBody(const BodyInput& input) {
  Known known = input.known;
  Reach reach = Reach::kNear;
  for (int round = 0;; ++round) {
    Look look(input, known, known.literals, reach);
    RETURN_IF_ERROR(look.Run());
    if (!look.reaches()) {
      reach = Reach::kFar;
      --round;
      continue;
    }
    ASSIGN_OR_RETURN(const auto literals, Remembered(input, look.found(), known.literals));
    // A literal that is new may stand anywhere. A second one can't come of that, but where the oldest ones
    // go.
    if ((literals == known.literals && look.fits()) || round == 2) return look.Finish();
    known.literals = literals;
    known.bodies.clear();
  }
}

std::string RedactBody(std::string_view body, const BodyScan& scan, const std::vector<size_t>& cuts,
                       std::string_view host_key) {
  std::string redacted;
  redacted.reserve(body.size());
  size_t copied = 0;
  for (const size_t i : cuts) {
    const BodyCut& cut = scan.cuts[i];
    redacted += body.substr(copied, cut.raw.begin - copied);
    redacted += PlaceholderFor(host_key, cut.original);
    copied = cut.raw.end;
  }
  redacted += body.substr(copied);
  return redacted;
}

}  // namespace postern::secrets
