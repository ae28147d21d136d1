#include "shared/secrets/encoded_pieces.h"

#include <algorithm>
#include <utility>

#include "shared/secrets/byte_blocks.h"

namespace postern::secrets {

EncodedPieces::EncodedPieces(std::string_view text, ValueEnds ends) : text_(text), ends_(std::move(ends)) {
  percent_ = text.find('%');
  backslash_ = NextBackslash(0);
  code_point_ = text.find("U+");
  run_ = NextRun(0);
}

std::optional<EncodedPiece> EncodedPieces::Next() {
  while (true) {
    if (run_ < at_) run_ = NextRun(at_);
    const size_t mark = std::min({percent_, backslash_, code_point_});
    if (run_ == std::string_view::npos && mark == std::string_view::npos) return std::nullopt;
    std::optional<EncodedPiece> found = mark < run_ ? AtMark(mark) : InRun(run_);
    if (!found) continue;
    SkipTo(found->span.end);
    return found;
  }
}

size_t EncodedPieces::NextBackslash(size_t from) const {
  for (size_t at = text_.find('\\', from); at != std::string_view::npos; at = text_.find('\\', at + 1)) {
    const size_t next = at + 1 < text_.size() && text_[at + 1] == '\\' ? at + 2 : at + 1;
    if (next < text_.size() && (text_[next] == 'u' || text_[next] == 'U')) return at;
  }
  return std::string_view::npos;
}

// The next run of at least 16 base 64 digits that begins at `at` or behind it.
size_t EncodedPieces::NextRun(size_t at) const {
  size_t run = 0;  // digits that end where the block begins
  for (; at + ByteBlock::kSize <= text_.size(); at += ByteBlock::kSize) {
    const unsigned others = ~ByteBlock(text_.data() + at).Base64() & 0xffff;
    if (others == 0) {
      run += ByteBlock::kSize;
      if (run >= kLeastBase64) return at + ByteBlock::kSize - run;
      continue;
    }
    if (run + static_cast<size_t>(__builtin_ctz(others)) >= kLeastBase64) return at - run;
    run = ByteBlock::kSize - 1 - (31 - static_cast<size_t>(__builtin_clz(others)));
  }
  for (; at < text_.size(); ++at) {
    run = IsBase64Digit(text_[at]) ? run + 1 : 0;
    if (run >= kLeastBase64) return at + 1 - run;
  }
  return std::string_view::npos;
}

void EncodedPieces::SkipTo(size_t at) {
  at_ = std::max(at_, at);
  if (percent_ < at) percent_ = text_.find('%', at);
  if (backslash_ < at) backslash_ = NextBackslash(at);
  if (code_point_ < at) code_point_ = text_.find("U+", at);
}

std::optional<EncodedPiece> EncodedPieces::AtMark(size_t mark) {
  std::optional<EncodedPiece> found;
  if (mark == percent_) {
    found = PercentAt(text_, mark);
    // A run in which nothing is printable is passed over.
    const bool unchanged = found && found->value == In(text_, found->span);
    if (!found || unchanged) percent_ = text_.find('%', found ? found->span.end : mark + 1);
    if (unchanged) found.reset();
  } else if (mark == backslash_) {
    found = EscapesAt(text_, mark);
    // Credentials are ASCII: a run of other characters is passed over.
    const bool foreign = found && std::all_of(found->value.begin(), found->value.end(),
                                              [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    if (!found || foreign) backslash_ = NextBackslash(found ? found->span.end : mark + 1);
    if (foreign) found.reset();
  } else {
    found = CodePointsAt(text_, mark, ends_);
    if (!found) code_point_ = text_.find("U+", mark + 1);
  }
  return found;
}

bool EncodedPieces::IsBesideEscape(const Span& run) const {
  return IsPercentEscape(text_, run.end) || (run.begin >= 3 && IsPercentEscape(text_, run.begin - 3));
}

std::optional<EncodedPiece> EncodedPieces::InRun(size_t begin) {
  size_t end = begin + kLeastBase64;
  while (end < text_.size() && IsBase64Digit(text_[end])) ++end;
  size_t padded = end;
  while (padded < text_.size() && text_[padded] == '=' && padded < end + 2) ++padded;
  at_ = padded;
  if (IsBesideEscape({begin, padded})) return std::nullopt;
  const std::string_view digits = text_.substr(begin, end - begin);
  size_t hex = 0;
  while (hex < digits.size() && IsHexDigit(digits[hex])) ++hex;
  if (hex >= kLeastHex) {
    if (auto value = FromHexDigits(digits.substr(0, hex)))
      return EncodedPiece{.span = {begin, begin + hex}, .value = *std::move(value), .encoding = kHex};
  }
  if (auto value = FromBase64Digits(text_.substr(begin, padded - begin)))
    return EncodedPiece{.span = {begin, padded}, .value = *std::move(value), .encoding = kBase64};
  return InnerHex(begin, end);
}

// Hexadecimal digits that begin within a run of others: after "0x" or a word.
std::optional<EncodedPiece> EncodedPieces::InnerHex(size_t begin, size_t end) {
  for (size_t i = begin; i < end;) {
    size_t stop = i;
    while (stop < end && IsHexDigit(text_[stop])) ++stop;
    if (stop - i >= kLeastHex) {
      if (auto value = FromHexDigits(text_.substr(i, stop - i))) {
        at_ = stop;
        return EncodedPiece{.span = {i, stop}, .value = *std::move(value), .encoding = kHex};
      }
    }
    i = stop + 1;
  }
  return std::nullopt;
}

}  // namespace postern::secrets
