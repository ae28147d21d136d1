#include "shared/secrets/pattern_part.h"

#include <algorithm>

namespace postern::secrets {
namespace {

constexpr size_t kMost = 1 << 30;  // widths saturate here

size_t Plus(size_t a, size_t b) { return std::min(kMost, a + b); }
size_t Times(size_t a, size_t b) { return b != 0 && a > kMost / b ? kMost : std::min(kMost, a * b); }

}  // namespace

PatternPart PatternPart::OfClass(const ByteSet& set, size_t bytes_of_character) {
  PatternPart part;
  part.all = set;
  part.fixed = bytes_of_character;
  size_t kinds = 0;
  for (unsigned b = 0; b < 256; ++b) {
    if (set[b] && !(b >= 'A' && b <= 'Z')) ++kinds;
  }
  // [-_] or [sS] is as good as a letter.
  if (kinds <= 2) {
    part.exact = part.literal = 1;
  } else {
    part.exact.reset();
  }
  return part;
}

PatternPart PatternPart::Assertion() {
  PatternPart part;
  part.kind = Kind::kAssertion;
  return part;
}

PatternPart PatternPart::Edge() {
  PatternPart part = Assertion();
  part.edge = true;
  return part;
}

void PartSequence::Add(const PatternPart& part) {
  whole_.all |= part.all;
  whole_.run |= part.run;
  whole_.fixed = Plus(whole_.fixed, part.fixed);
  whole_.edge |= part.edge;
  if (part.exact) {
    in_row_ += *part.exact;
  } else {
    is_exact_ = false;
    in_row_ = 0;
  }
  whole_.literal = std::max({whole_.literal, part.literal, in_row_});
}

PatternPart PartSequence::Whole() const {
  PatternPart whole = whole_;
  whole.exact = is_exact_ ? std::optional(in_row_) : std::nullopt;
  return whole;
}

PatternPart Either(const std::vector<PatternPart>& parts) {
  PatternPart either = parts.front();
  const bool takes_quote =
      std::any_of(parts.begin(), parts.end(), [](const PatternPart& part) { return part.all['"']; });
  either.edge = false;
  for (const PatternPart& part : parts) either.edge |= part.edge && !(takes_quote && part.all.none());
  for (size_t i = 1; i < parts.size(); ++i) {
    either.all |= parts[i].all;
    either.run |= parts[i].run;
    either.fixed = std::max(either.fixed, parts[i].fixed);
    either.literal = std::min(either.literal, parts[i].literal);
    either.exact.reset();
  }
  return either;
}

PatternPart Repeated(PatternPart part, const Repetition& times) {
  if (times.most) {
    part.fixed = Times(part.fixed, *times.most);
  } else {
    part.run |= part.all;
    part.fixed = 0;
  }
  const bool is_exact = part.exact && times.most == times.least;
  if (part.exact) part.literal = Times(*part.exact, times.least);
  part.exact = is_exact ? std::optional(part.literal) : std::nullopt;
  const bool is_optional = times.least == 0 || part.kind == PatternPart::Kind::kOptional;
  part.kind = is_optional ? PatternPart::Kind::kOptional : PatternPart::Kind::kText;
  if (times.least == 0) part.literal = 0;
  return part;
}

}  // namespace postern::secrets
