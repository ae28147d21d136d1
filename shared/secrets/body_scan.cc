#include "shared/secrets/body_scan.h"

#include <algorithm>
#include <cstring>

#include "shared/base/check.h"
#include "shared/secrets/redaction.h"

namespace postern::secrets {
namespace {

// So far around what is new a match may begin or end that touches it: a private key of 4,096 bits, in PEM,
// takes 3,300 bytes.
constexpr size_t kAround = 8'192;

// What a scan is about while it runs: a finding, and where it stands in the view.
struct Found {
  BodyFinding finding;
  size_t match_end = 0;         // of the body
  std::optional<Span> in_view;  // of the secret, if it can be taken out
};

// One look at the body, with what is known and the literals that there are.
class Look {
 public:
  Look(const BodyInput& input, const Known& known, const std::shared_ptr<const Literals>& literals)
      : in_(input), known_(known), literals_(literals), view_(input.workspace.view()) {}

  // What it finds besides what is known. Without `fits` it has to be done again without what is known.
  Status Run();
  bool fits() const { return fits_; }
  std::vector<Found>& found() { return found_; }
  BodyScan Finish();

 private:
  void ChooseBefore();
  void FindFresh();
  bool IsKnown(uint64_t hash) const;
  bool IsFresh(const Span& span) const;
  std::vector<Span> Regions() const;
  std::optional<Span> ValueFrom(const Span& region, size_t at) const;
  Status ScanRegion(const Span& region);
  void TakeKnown();
  void MakeCuts();
  bool AddCut(BodyCut cut, const std::vector<size_t>& findings);
  void KeepFor(BodyScan& scan);
  Status KeepSecrets(const BodyScan& scan, KnownBody& body) const;

  const BodyInput& in_;
  const Known& known_;
  const std::shared_ptr<const Literals> literals_;
  MappedText& view_;

  std::vector<PieceHash> pieces_;
  const KnownBody* before_ = nullptr;  // the one that begins as this one does
  size_t same_ = 0;                    // bytes that are the same
  const ViewMark* mark_ = nullptr;     // where the view begins
  ViewParts parts_;
  std::vector<KnownPart> new_parts_;
  std::vector<Span> fresh_;  // of the view: what isn't known
  size_t scanned_ = 0;
  bool armed_ = false;
  bool fits_ = true;
  std::vector<Found> found_;
  std::vector<BodyCut> cuts_;
};

void Look::ChooseBefore() {
  if (known_.hash == nullptr) return;
  pieces_ = known_.hash->OfPieces(in_.body);
  for (const auto& body : known_.bodies) {
    if (body->literals != literals_) continue;
    armed_ = armed_ || body->armed;
    const auto [end, other] =
        std::mismatch(pieces_.begin(), pieces_.end(), body->pieces.begin(), body->pieces.end());
    const size_t same =
        std::min(static_cast<size_t>(end - pieces_.begin()) * KeyedHash::kPiece, in_.body.size());
    if (same <= same_) continue;
    same_ = same;
    before_ = body.get();
  }
  if (before_ == nullptr) return;
  for (auto mark = before_->marks.rbegin(); mark != before_->marks.rend() && mark_ == nullptr; ++mark) {
    if (mark->raw + kAround <= same_ && mark->told_at <= same_) mark_ = &*mark;
  }
}

bool Look::IsKnown(uint64_t hash) const {
  return std::any_of(known_.bodies.begin(), known_.bodies.end(),
                     [&](const auto& body) { return body->literals == literals_ && body->hashes.Has(hash); });
}

// Long strings are told by themselves and the key before them, what stands between two by these two.
void Look::FindFresh() {
  const std::string_view text = view_.text();
  const size_t clean_to = mark_ == nullptr ? 0 : view_.FirstFrom(same_);
  const auto add = [&](const Span& span) {
    const Span rest{std::max(span.begin, clean_to), span.end};
    if (rest.begin >= rest.end) return;
    if (!fresh_.empty() && fresh_.back().end == rest.begin) {
      fresh_.back().end = rest.end;
    } else {
      fresh_.push_back(rest);
    }
  };
  if (known_.hash == nullptr) {
    add({0, text.size()});
    return;
  }
  const auto take = [&](const Span& span, uint64_t hash) {
    if (span.size() > 0) new_parts_.push_back({.hash = hash, .raw_end = view_.Raw(span).end});
    if (!IsKnown(hash)) add(span);
  };
  uint64_t neighbours[2] = {0, 0};
  const std::string_view context(reinterpret_cast<const char*>(neighbours), sizeof neighbours);
  size_t at = 0;
  for (const ViewString& string : parts_.strings) {
    const uint64_t hash = known_.hash->Of(In(in_.body, string.key), In(text, string.view));
    neighbours[1] = hash;
    const Span between{at, string.view.begin};
    take(between, known_.hash->Of(context, In(text, between)));
    take(string.view, hash);
    neighbours[0] = hash;
    at = string.view.end;
  }
  neighbours[1] = 0;
  const Span rest{at, text.size()};
  take(rest, known_.hash->Of(context, In(text, rest)));
}

bool Look::IsFresh(const Span& span) const {
  const auto first = std::partition_point(fresh_.begin(), fresh_.end(),
                                          [&](const Span& fresh) { return fresh.end <= span.begin; });
  return first != fresh_.end() && (first->begin < span.end || first->begin == span.begin);
}

std::vector<Span> Look::Regions() const {
  std::vector<Span> regions;
  for (const Span& fresh : fresh_) {
    const Span region{fresh.begin - std::min(fresh.begin, kAround),
                      std::min(fresh.end + kAround, view_.text().size())};
    if (!regions.empty() && region.begin <= regions.back().end) {
      regions.back().end = region.end;
    } else {
      regions.push_back(region);
    }
  }
  return regions;
}

Status Look::Run() {
  ChooseBefore();
  RETURN_IF_ERROR(LinearViewFrom(in_.body, mark_, view_, parts_));
  FindFresh();
  for (const Span& region : Regions()) {
    scanned_ += region.size();
    RETURN_IF_ERROR(ScanRegion(region));
  }
  TakeKnown();
  std::stable_sort(found_.begin(), found_.end(),
                   [](const Found& a, const Found& b) { return a.finding.raw.begin < b.finding.raw.begin; });
  MakeCuts();
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
  const bool is_whole = mark_ == nullptr && region.size() == view_.text().size();
  const Fragment fragment{.text = text,
                          .around = is_whole ? std::string_view() : in_.body,
                          .armed = armed_,
                          .literals = literals_.get(),
                          .value_from = [&](size_t at) { return ValueFrom(region, at); }};
  ASSIGN_OR_RETURN(const auto findings, in_.scanner.Scan(fragment, in_.workspace, in_.options));
  armed_ = armed_ || in_.workspace.was_armed();
  for (const Finding& one : findings) {
    const Span match{one.match.begin + region.begin, one.match.end + region.begin};
    const Span secret{one.secret_span.begin + region.begin, one.secret_span.end + region.begin};
    if (!IsFresh(match)) continue;
    Found& found = found_.emplace_back();
    found.finding = {.rule = one.rule,
                     .raw = view_.Raw(secret),
                     .secret = one.secret,
                     .encodings = one.encodings,
                     .cut = {},
                     .remembered = one.remembered,
                     .known = false};
    found.match_end = view_.Raw(match).end;
    if (view_.IsInOneValue(secret)) found.in_view = secret;
  }
  return Ok{};
}

// What was found before in what is the same. What reaches beyond that was found anew.
void Look::TakeKnown() {
  if (mark_ == nullptr) return;
  for (const KnownFinding& one : before_->findings) {
    if (one.match_end > same_ || one.raw.end > same_) continue;
    Found& found = found_.emplace_back();
    found.finding = {.rule = one.rule,
                     .raw = one.raw,
                     .secret = std::string(In(before_->secrets.view(), one.secret)),
                     .encodings = one.encodings,
                     .cut = one.cut,
                     .remembered = one.remembered,
                     .known = true};
    found.match_end = one.match_end;
  }
}

// Cuts that overlap are one. Those that are known are taken over as they are: where a new one overlaps a
// known one in part, what is known doesn't fit.
void Look::MakeCuts() {
  std::vector<size_t> in_order;
  for (size_t i = 0; i < found_.size(); ++i) {
    if (found_[i].in_view) in_order.push_back(i);
  }
  std::sort(in_order.begin(), in_order.end(), [&](size_t a, size_t b) {
    return std::pair(found_[a].in_view->begin, found_[a].in_view->end) <
           std::pair(found_[b].in_view->begin, found_[b].in_view->end);
  });
  std::vector<std::pair<Span, std::vector<size_t>>> merged;
  for (const size_t i : in_order) {
    const Span& span = *found_[i].in_view;
    if (!merged.empty() && span.begin < merged.back().first.end) {
      merged.back().first.end = std::max(merged.back().first.end, span.end);
      merged.back().second.push_back(i);
    } else {
      merged.push_back({span, {i}});
    }
  }
  std::vector<std::pair<BodyCut, std::vector<size_t>>> all;
  for (auto& [span, findings] : merged)
    all.emplace_back(BodyCut{.raw = view_.Raw(span), .original = std::string(In(view_.text(), span))},
                     std::move(findings));
  std::vector<std::vector<size_t>> of_known(before_ == nullptr ? 0 : before_->cuts.size());
  for (size_t i = 0; i < found_.size(); ++i) {
    if (found_[i].finding.known && found_[i].finding.cut) of_known[*found_[i].finding.cut].push_back(i);
  }
  for (size_t i = 0; i < of_known.size(); ++i) {
    const KnownCut& cut = before_->cuts[i];
    if (!of_known[i].empty())
      all.push_back({{.raw = cut.raw, .original = std::string(In(before_->secrets.view(), cut.original))},
                     of_known[i]});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.raw.begin, b.first.raw.end) < std::pair(b.first.raw.begin, a.first.raw.end);
  });
  for (auto& [cut, findings] : all) fits_ = AddCut(std::move(cut), findings) && fits_;
}

// Cuts come by their beginnings, of two that begin in one place the longer one first.
bool Look::AddCut(BodyCut cut, const std::vector<size_t>& findings) {
  const bool meets = !cuts_.empty() && cut.raw.begin < cuts_.back().raw.end;
  if (meets && cut.raw.end > cuts_.back().raw.end) return false;
  if (!meets) cuts_.push_back(std::move(cut));
  for (const size_t i : findings) found_[i].finding.cut = cuts_.size() - 1;
  return true;
}

BodyScan Look::Finish() {
  BodyScan scan;
  for (Found& found : found_) scan.findings.push_back(std::move(found.finding));
  scan.cuts = std::move(cuts_);
  scan.scanned = scanned_;
  scan.literals = literals_;
  if (known_.hash != nullptr) KeepFor(scan);
  return scan;
}

void Look::KeepFor(BodyScan& scan) {
  auto body = std::make_shared<KnownBody>();
  body->size = in_.body.size();
  body->pieces = std::move(pieces_);
  body->literals = literals_;
  body->armed = armed_;
  if (mark_ != nullptr) {
    body->marks.assign(before_->marks.data(), mark_ + 1);
    for (const KnownPart& part : before_->parts) {
      if (part.raw_end <= mark_->raw) body->parts.push_back(part);
    }
  }
  std::move(parts_.marks.begin(), parts_.marks.end(), std::back_inserter(body->marks));
  // What holds a secret is never clean, wherever else it stands.
  size_t begin = mark_ == nullptr ? 0 : mark_->raw;
  auto finding = scan.findings.begin();
  for (const KnownPart& part : new_parts_) {
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
                              .remembered = one.remembered});
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

// The literals with those that are to be remembered of what was found.
Result<std::shared_ptr<const Literals>> Remembered(const BodyInput& input, const std::vector<Found>& found,
                                                   std::shared_ptr<const Literals> literals) {
  if (!input.remembers) return literals;
  for (const Found& one : found) {
    if (one.finding.known || one.finding.remembered || !IsWorthRemembering(one.finding.secret)) continue;
    if (literals != nullptr && literals->Holds(one.finding.secret)) continue;
    if (!input.remembers(one.finding)) continue;
    ASSIGN_OR_RETURN(literals, Literals::With(std::move(literals), one.finding.secret,
                                              input.scanner.rules().rules[one.finding.rule].id));
  }
  return literals;
}

}  // namespace

Result<BodyScan> ScanBody(const BodyInput& input) {
  Known known = input.known;
  for (int round = 0;; ++round) {
    Look look(input, known, known.literals);
    RETURN_IF_ERROR(look.Run());
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
