#include "shared/secrets/body_delta.h"

#include <algorithm>

namespace postern::secrets {
namespace {

// No match is looked for that begins or ends farther from what is new: a private key of 4,096 bits, in PEM,
// takes 3,300 bytes.
constexpr size_t kAround = 8'192;
// Beside what a match can reach: where others end that stand before it.
constexpr size_t kBeside = 128;
// So many bytes of the body are mostly more than what is looked at before what is new.
constexpr size_t kNear = 1'536;

}  // namespace

BodyDelta::BodyDelta(const BodyInput& input, const Known& known, const Literals* literals, Reach reach)
    : body_(input.body),
      scanner_(input.scanner),
      known_(known),
      rules_(input.scanner.identity().get()),
      literals_(literals),
      reach_(reach) {
  if (known_.hash == nullptr) return;
  pieces_ = input.pieces == nullptr ? known_.hash->OfPieces(body_) : input.pieces;
  for (const auto& one : known_.bodies) {
    if (!Counts(*one)) continue;
    calls_ |= one->calls;
    const size_t same = std::min(SamePieces(*pieces_, *one->pieces) * KeyedHash::kPiece, body_.size());
    if (same <= same_) continue;
    same_ = same;
    before_ = one.get();
  }
  if (before_ == nullptr) return;
  for (auto mark = before_->marks.rbegin(); mark != before_->marks.rend() && mark_ == nullptr; ++mark) {
    const size_t before = reach_ == Reach::kNear ? kNear : kAround;
    if (mark->raw + before <= same_ && mark->told_at <= same_) mark_ = &*mark;
  }
}

bool BodyDelta::Counts(const KnownBody& known) const {
  return known.rules.get() == rules_ && known.literals.get() == literals_;
}

bool BodyDelta::IsKnown(uint64_t hash) const {
  return std::any_of(known_.bodies.begin(), known_.bodies.end(),
                     [&](const auto& body) { return Counts(*body) && body->hashes.Has(hash); });
}

void BodyDelta::AddFresh(const Span& span, size_t clean_to) {
  const Span rest{std::max(span.begin, clean_to), span.end};
  if (rest.begin >= rest.end) return;
  if (!fresh_.empty() && fresh_.back().end == rest.begin) {
    fresh_.back().end = rest.end;
  } else {
    fresh_.push_back(rest);
  }
}

// Long strings are told by themselves and the key before them, what stands between two by these two.
void BodyDelta::FindFresh(const MappedText& view, const ViewParts& parts) {
  const std::string_view text = view.text();
  const size_t clean_to = mark_ == nullptr ? 0 : view.FirstFrom(same_);
  if (known_.hash == nullptr) {
    AddFresh({0, text.size()}, clean_to);
    return;
  }
  const auto take = [&](const Span& span, uint64_t hash) {
    if (span.size() > 0) new_parts_.push_back({.hash = hash, .raw_end = view.Raw(span).end});
    if (!IsKnown(hash)) AddFresh(span, clean_to);
  };
  uint64_t neighbours[2] = {0, 0};
  const std::string_view context(reinterpret_cast<const char*>(neighbours), sizeof neighbours);
  size_t at = 0;
  for (const ViewString& string : parts.strings) {
    const uint64_t hash = known_.hash->Of(In(body_, string.key), In(text, string.view));
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

bool BodyDelta::IsFresh(const Span& span) const {
  const auto first = std::partition_point(fresh_.begin(), fresh_.end(),
                                          [&](const Span& fresh) { return fresh.end <= span.begin; });
  return first != fresh_.end() && (first->begin < span.end || first->begin == span.begin);
}

// With the whole of the lines that it begins and ends in, as far as these are in one value: what is allowed
// by its line, and what is encoded, is as it would be in the whole text.
Span BodyDelta::Around(const Span& fresh, const MappedText& view, const Calls& calls) const {
  const std::string_view text = view.text();
  const size_t longest = literals_ == nullptr ? 0 : literals_->longest();
  const Span farthest{fresh.begin - std::min(fresh.begin, kAround),
                      std::min(fresh.end + kAround, text.size())};
  Span reach = scanner_.ReachAround(text, fresh, calls, kAround);
  reach.begin = std::min(reach.begin, fresh.begin - std::min(fresh.begin, longest));
  reach.end = std::max(reach.end, fresh.end + longest);
  reach.begin = std::max(farthest.begin, reach.begin - std::min(reach.begin, kBeside));
  reach.end = std::min(farthest.end, reach.end + kBeside);
  if (const auto value = view.ValueFrom(reach.begin); value && value->begin < reach.begin) {
    const Span before{std::max(farthest.begin, value->begin), reach.begin};
    const size_t newline = In(text, before).rfind('\n');
    reach.begin = newline == std::string_view::npos ? before.begin : before.begin + newline + 1;
  }
  if (const auto value = view.ValueFrom(reach.end); value && value->begin < reach.end) {
    const Span behind{reach.end, std::max(reach.end, std::min(farthest.end, value->end))};
    reach.end += std::min(In(text, behind).find('\n'), behind.size());
  }
  return reach;
}

std::optional<std::vector<Span>> BodyDelta::Regions(const MappedText& view, const Calls& calls) const {
  std::vector<Span> regions;
  for (const Span& fresh : fresh_) {
    const Span region = Around(fresh, view, calls);
    if (reach_ == Reach::kNear && mark_ != nullptr && region.begin == 0) return std::nullopt;
    if (!regions.empty() && region.begin <= regions.back().end) {
      regions.back().end = std::max(regions.back().end, region.end);
    } else {
      regions.push_back(region);
    }
  }
  return regions;
}

}  // namespace postern::secrets
