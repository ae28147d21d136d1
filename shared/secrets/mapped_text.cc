#include <algorithm>

#include "shared/secrets/linear_view.h"

namespace postern::secrets {

size_t MappedText::PieceAt(size_t at) const {
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), at,
                                      [](size_t place, const Piece& piece) { return place < piece.begin; });
  return after == pieces_.begin() ? 0 : static_cast<size_t>(after - pieces_.begin()) - 1;
}

size_t MappedText::EndOf(size_t piece) const {
  return piece + 1 < pieces_.size() ? pieces_[piece + 1].begin : text_.size();
}

Span MappedText::Raw(const Span& span) const {
  if (pieces_.empty()) return {};
  const Piece& first = pieces_[PieceAt(span.begin)];
  const size_t begin = first.copied ? first.raw.begin + (span.begin - first.begin) : first.raw.begin;
  if (span.size() == 0) return {begin, begin};
  const Piece& last = pieces_[PieceAt(span.end - 1)];
  return {begin, last.copied ? last.raw.begin + (span.end - last.begin) : last.raw.end};
}

bool MappedText::IsInOneValue(const Span& span) const {
  if (pieces_.empty() || span.size() == 0 || span.end > text_.size()) return false;
  const uint32_t string = pieces_[PieceAt(span.begin)].string;
  if (string == 0) return false;
  for (size_t i = PieceAt(span.begin); i < pieces_.size() && pieces_[i].begin < span.end; ++i) {
    if (pieces_[i].string != string) return false;
  }
  return true;
}

void MappedText::Copy(std::string_view bytes, size_t raw, uint32_t string) {
  if (bytes.empty()) return;
  const bool goes_on = !pieces_.empty() && pieces_.back().copied && pieces_.back().string == string &&
                       pieces_.back().raw.end == raw;
  if (goes_on) {
    pieces_.back().raw.end += bytes.size();
  } else {
    pieces_.push_back({text_.size(), {raw, raw + bytes.size()}, true, string});
  }
  text_ += bytes;
}

void MappedText::Replace(std::string_view bytes, const Span& raw, uint32_t string) {
  if (bytes.empty()) return;
  pieces_.push_back({text_.size(), raw, false, string});
  text_ += bytes;
}

// Bytes of a text that is mapped itself: their origin is that of the other's.
void MappedText::Append(const MappedText& other, const Span& span, uint32_t string) {
  for (size_t i = other.PieceAt(span.begin); i < other.pieces_.size() && other.pieces_[i].begin < span.end;
       ++i) {
    const Piece& piece = other.pieces_[i];
    const Span cut{std::max(piece.begin, span.begin), std::min(other.EndOf(i), span.end)};
    const std::string_view bytes = In(other.text_, cut);
    if (piece.copied) {
      Copy(bytes, piece.raw.begin + (cut.begin - piece.begin), string);
    } else {
      Replace(bytes, piece.raw, string);
    }
  }
}

void MappedText::CutTo(const Mark& mark) {
  text_.resize(mark.text);
  pieces_.resize(mark.pieces);
  if (!pieces_.empty() && pieces_.back().copied)
    pieces_.back().raw.end = pieces_.back().raw.begin + (text_.size() - pieces_.back().begin);
}

}  // namespace postern::secrets
