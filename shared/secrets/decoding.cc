#include "shared/secrets/decoding.h"

#include <algorithm>
#include <optional>

#include "shared/secrets/encoded_pieces.h"

namespace postern::secrets {

size_t Decoded::PieceAt(size_t at) const {
  const auto after =
      std::upper_bound(pieces_.begin(), pieces_.end(), at,
                       [](size_t place, const Piece& piece) { return place < piece.here.begin; });
  return after == pieces_.begin() ? 0 : static_cast<size_t>(after - pieces_.begin()) - 1;
}

bool Decoded::IsFresh(const Span& span) const {
  size_t i = PieceAt(span.begin);
  if (i > 0 && pieces_[i].here.begin == span.begin) --i;
  for (; i < pieces_.size() && pieces_[i].here.begin <= span.end; ++i) {
    if (pieces_[i].fresh && span.begin <= pieces_[i].here.end) return true;
  }
  return false;
}

std::vector<Span> Decoded::FreshRegions(size_t around) const {
  std::vector<Span> regions;
  for (const Piece& piece : pieces_) {
    if (!piece.fresh) continue;
    const Span region{piece.here.begin - std::min(piece.here.begin, around),
                      std::min(piece.here.end + around, text_.size())};
    if (!regions.empty() && region.begin <= regions.back().end) {
      regions.back().end = region.end;
    } else {
      regions.push_back(region);
    }
  }
  return regions;
}

Span Decoded::Origin(const Span& span) const {
  if (pieces_.empty()) return span;
  const Piece& first = pieces_[PieceAt(span.begin)];
  const Piece& last = pieces_[PieceAt(span.end > span.begin ? span.end - 1 : span.end)];
  const size_t begin =
      first.encodings == 0 ? first.origin.begin + (span.begin - first.here.begin) : first.origin.begin;
  const size_t end = last.encodings == 0 ? last.origin.begin + (span.end - last.here.begin) : last.origin.end;
  return {begin, std::max(begin, end)};
}

Span Decoded::Here(const Span& origin) const {
  const auto first = std::partition_point(
      pieces_.begin(), pieces_.end(), [&](const Piece& piece) { return piece.origin.end <= origin.begin; });
  const auto behind = std::partition_point(
      first, pieces_.end(), [&](const Piece& piece) { return piece.origin.begin < origin.end; });
  if (first == behind) {
    const size_t at = first == pieces_.end() ? text_.size() : first->here.begin;
    return {at, at};
  }
  const Piece& last = *(behind - 1);
  const bool cuts_first = first->encodings == 0 && first->origin.begin < origin.begin;
  const bool cuts_last = last.encodings == 0 && origin.end < last.origin.end;
  return {first->here.begin + (cuts_first ? origin.begin - first->origin.begin : 0),
          cuts_last ? last.here.begin + (origin.end - last.origin.begin) : last.here.end};
}

uint8_t Decoded::encodings(const Span& span) const {
  uint8_t all = 0;
  for (size_t i = PieceAt(span.begin); i < pieces_.size() && pieces_[i].here.begin < span.end; ++i)
    all = static_cast<uint8_t>(all | pieces_[i].encodings);
  return all;
}

int Decoded::depth(const Span& span) const {
  int deepest = 0;
  for (size_t i = PieceAt(span.begin); i < pieces_.size() && pieces_[i].here.begin < span.end; ++i)
    deepest = std::max(deepest, pieces_[i].depth);
  return deepest;
}

// Copies bytes of the text before, and what was known of them.
void Decoded::Copy(std::string_view text, const Decoded* before, const Span& span) {
  if (span.size() == 0) return;
  const size_t shift = text_.size();
  text_ += In(text, span);
  if (before == nullptr) {
    pieces_.push_back({.here = {shift, text_.size()}, .origin = span});
    return;
  }
  for (size_t i = before->PieceAt(span.begin);
       i < before->pieces_.size() && before->pieces_[i].here.begin < span.end; ++i) {
    Piece piece = before->pieces_[i];
    const Span cut{std::max(piece.here.begin, span.begin), std::min(piece.here.end, span.end)};
    if (piece.encodings == 0) {
      const size_t begin = piece.origin.begin + (cut.begin - piece.here.begin);
      piece.origin = {begin, begin + cut.size()};
    }
    piece.here = {shift + cut.begin - span.begin, shift + cut.end - span.begin};
    piece.fresh = false;
    pieces_.push_back(piece);
  }
}

bool Decoded::From(std::string_view text, const Decoded* before, Decoded& into, const ValueEnds& ends) {
  EncodedPieces pieces(text, ends);
  std::optional<EncodedPiece> found = pieces.Next();
  if (!found) return false;
  into.text_.clear();
  into.pieces_.clear();
  size_t copied = 0;
  for (; found; found = pieces.Next()) {
    into.Copy(text, before, {copied, found->span.begin});
    copied = found->span.end;
    const size_t begin = into.text_.size();
    into.text_ += found->value;
    Piece piece{.here = {begin, into.text_.size()},
                .origin = before == nullptr ? found->span : before->Origin(found->span),
                .encodings = found->encoding,
                .depth = 1,
                .fresh = true};
    if (before != nullptr) {
      piece.encodings = static_cast<uint8_t>(piece.encodings | before->encodings(found->span));
      piece.depth = 1 + before->depth(found->span);
    }
    if (piece.here.size() > 0) into.pieces_.push_back(piece);
  }
  into.Copy(text, before, {copied, text.size()});
  return true;
}

}  // namespace postern::secrets
