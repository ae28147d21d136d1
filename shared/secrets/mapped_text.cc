#include "shared/secrets/mapped_text.h"

#include <algorithm>
#include <cstring>

#include "shared/base/check.h"
#include "shared/secrets/byte_blocks.h"
#include "shared/secrets/json_escape.h"

namespace postern::secrets {
namespace {

constexpr size_t kBlock = ByteBlock::kSize;
constexpr size_t kMostRaw = 0xffffffff;
constexpr size_t kMostKept = size_t{4} << 20;  // bytes, and a quarter as many pieces
constexpr uint32_t kMostHead = (uint32_t{1} << 29) - 1;

bool IsPlain(char c) { return c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20; }

}  // namespace

size_t PlainPrefix(std::string_view text) {
  size_t at = 0;
  for (; at + kBlock <= text.size(); at += kBlock) {
    const unsigned odd = ByteBlock(text.data() + at).Special();
    if (odd != 0) return at + static_cast<size_t>(__builtin_ctz(odd));
  }
  while (at < text.size() && IsPlain(text[at])) ++at;
  return at;
}

size_t MappedText::PieceAt(size_t at) const {
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), at,
                                      [](size_t place, const Piece& piece) { return place < piece.begin; });
  return after == pieces_.begin() ? 0 : static_cast<size_t>(after - pieces_.begin()) - 1;
}

Span MappedText::Raw(const Span& span) const {
  if (pieces_.empty()) return {};
  const Piece& first = pieces_[PieceAt(span.begin)];
  const size_t begin = span.begin < size_t{first.begin} + first.head ? first.raw : first.RawOf(span.begin);
  if (span.size() == 0) return {begin, begin};
  const Piece& last = pieces_[PieceAt(span.end - 1)];
  const bool in_head = span.end - 1 < size_t{last.begin} + last.head;
  return {begin, in_head ? size_t{last.raw} + last.head_raw : last.RawOf(span.end - 1) + 1};
}

bool MappedText::IsInOneValue(const Span& span) const {
  if (pieces_.empty() || span.size() == 0 || span.end > size_) return false;
  const uint32_t string = pieces_[PieceAt(span.begin)].string;
  if (string == 0) return false;
  for (size_t i = PieceAt(span.begin); i < pieces_.size() && pieces_[i].begin < span.end; ++i) {
    if (pieces_[i].string != string) return false;
  }
  return true;
}

std::optional<Span> MappedText::ValueFrom(size_t at) const {
  if (pieces_.empty() || at >= size_) return std::nullopt;
  size_t first = PieceAt(at);
  while (first < pieces_.size() && pieces_[first].string == 0) ++first;
  if (first == pieces_.size()) return std::nullopt;
  size_t last = first;
  while (first > 0 && pieces_[first - 1].string == pieces_[last].string) --first;
  while (last + 1 < pieces_.size() && pieces_[last + 1].string == pieces_[first].string) ++last;
  return Span{pieces_[first].begin, EndOf(last)};
}

size_t MappedText::FirstFrom(size_t raw) const {
  const auto after = std::upper_bound(pieces_.begin(), pieces_.end(), raw,
                                      [](size_t place, const Piece& piece) { return place < piece.raw; });
  if (after == pieces_.begin()) return 0;
  const Piece& piece = *(after - 1);
  const size_t end = after == pieces_.end() ? size_ : after->begin;
  if (raw < size_t{piece.raw} + piece.head_raw) return piece.begin;
  return std::min(end, piece.begin + piece.head + (raw - piece.raw - piece.head_raw));
}

void MappedText::Reserve(size_t bytes) {
  if (bytes + kBlock <= capacity_) return;
  const size_t capacity = std::max(bytes + kBlock, capacity_ * 2);
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
  bytes_ = std::move(larger);
  capacity_ = capacity;
}

// What is copied next comes from there: to the last piece, or to a new one.
void MappedText::GoOn(size_t raw, uint32_t string) {
  if (!pieces_.empty() && pieces_.back().string == string && pieces_.back().RawOf(size_) == raw) return;
  CHECK(raw <= kMostRaw && size_ <= kMostRaw);
  pieces_.push_back({static_cast<uint32_t>(size_), static_cast<uint32_t>(raw), string, 0, 0});
}

void MappedText::Copy(std::string_view bytes, size_t raw, uint32_t string) {
  if (bytes.empty()) return;
  GoOn(raw, string);
  Reserve(size_ + bytes.size());
  std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

size_t MappedText::CopyString(std::string_view bytes, size_t raw, uint32_t string) {
  if (bytes.empty()) return 0;
  CHECK(raw + bytes.size() <= kMostRaw && size_ + bytes.size() <= kMostRaw);
  if (IsPlain(bytes.front())) GoOn(raw, string);
  Reserve(size_ + bytes.size());
  const char* const begin = bytes.data();
  const char* const end = begin + bytes.size();
  const char* in = begin;
  char* out = bytes_.get() + size_;
  while (true) {
    unsigned special = 0;
    while (in + kBlock <= end) {
      std::memcpy(out, in, kBlock);
      special = ByteBlock(in).Special();
      const size_t plain = special == 0 ? kBlock : static_cast<size_t>(__builtin_ctz(special));
      in += plain;
      out += plain;
      if (special != 0) break;
    }
    while (special == 0 && in < end && IsPlain(*in)) *out++ = *in++;
    if (in + 1 >= end || *in != '\\') break;
    const char meaning = MeaningOfEscape(in[1]);
    if (meaning == '\0') break;
    pieces_.push_back({static_cast<uint32_t>(out - bytes_.get()),
                       static_cast<uint32_t>(raw) + static_cast<uint32_t>(in - begin), string, 1, 2});
    *out++ = meaning;
    in += 2;
  }
  size_ = static_cast<size_t>(out - bytes_.get());
  return static_cast<size_t>(in - begin);
}

void MappedText::Replace(std::string_view bytes, const Span& raw, uint32_t string) {
  if (bytes.empty()) return;
  CHECK(bytes.size() <= 4 && raw.end <= kMostRaw && raw.size() <= kMostHead && size_ <= kMostRaw);
  pieces_.push_back({static_cast<uint32_t>(size_), static_cast<uint32_t>(raw.begin), string,
                     static_cast<uint32_t>(bytes.size()) & 7, static_cast<uint32_t>(raw.size()) & kMostHead});
  Reserve(size_ + bytes.size());
  std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
  size_ += bytes.size();
}

// Bytes of a text that is mapped itself: their origin is that of the other's.
void MappedText::Append(const MappedText& other, const Span& span, uint32_t string) {
  for (size_t i = other.PieceAt(span.begin); i < other.pieces_.size() && other.pieces_[i].begin < span.end;
       ++i) {
    const Piece& piece = other.pieces_[i];
    const size_t head_end = size_t{piece.begin} + piece.head;
    const Span head{std::max<size_t>(piece.begin, span.begin), std::min(head_end, span.end)};
    if (head.begin < head.end)
      Replace(In(other.text(), head), {piece.raw, size_t{piece.raw} + piece.head_raw}, string);
    const Span rest{std::max(head_end, span.begin), std::min(other.EndOf(i), span.end)};
    if (rest.begin < rest.end) Copy(In(other.text(), rest), piece.RawOf(rest.begin), string);
  }
}

void MappedText::CutTo(const Mark& mark) {
  size_ = mark.text;
  pieces_.resize(mark.pieces);
}

void MappedText::Clear() {
  size_ = 0;
  pieces_.clear();
  if (capacity_ > kMostKept) {
    bytes_.reset();
    capacity_ = 0;
  }
  if (pieces_.capacity() > kMostKept / 4) pieces_.shrink_to_fit();
}

}  // namespace postern::secrets
