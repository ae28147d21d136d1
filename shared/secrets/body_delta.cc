#include "shared/secrets/body_delta.h"

#include <algorithm>

namespace postern::secrets {
namespace {

// So far around what is new a match may begin or end that touches it: a private key of 4,096 bits, in PEM,
// takes 3,300 bytes.
constexpr size_t kAround = 8'192;

}  // namespace

BodyDelta::BodyDelta(const BodyInput& input, const Known& known, const Literals* literals)
    : body_(input.body), known_(known), rules_(input.scanner.identity().get()), literals_(literals) {
  if (known_.hash == nullptr) return;
  pieces_ = input.pieces.empty() ? known_.hash->OfPieces(body_) : input.pieces;
  for (const auto& one : known_.bodies) {
    if (!Counts(*one)) continue;
    calls_ |= one->calls;
    const auto [end, other] =
        std::mismatch(pieces_.begin(), pieces_.end(), one->pieces.begin(), one->pieces.end());
    const size_t same =
        std::min(static_cast<size_t>(end - pieces_.begin()) * KeyedHash::kPiece, body_.size());
    if (same <= same_) continue;
    same_ = same;
    before_ = one.get();
  }
  if (before_ == nullptr) return;
  for (auto mark = before_->marks.rbegin(); mark != before_->marks.rend() && mark_ == nullptr; ++mark) {
    if (mark->raw + kAround <= same_ && mark->told_at <= same_) mark_ = &*mark;
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

std::vector<Span> BodyDelta::Regions(size_t view_size) const {
  std::vector<Span> regions;
  for (const Span& fresh : fresh_) {
    const Span region{fresh.begin - std::min(fresh.begin, kAround), std::min(fresh.end + kAround, view_size)};
    if (!regions.empty() && region.begin <= regions.back().end) {
      regions.back().end = region.end;
    } else {
      regions.push_back(region);
    }
  }
  return regions;
}

}  // namespace postern::secrets
