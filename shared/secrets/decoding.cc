#include "shared/secrets/decoding.h"

#include <algorithm>
#include <array>
#include <optional>

#include "shared/secrets/byte_blocks.h"

namespace postern::secrets {
namespace {

constexpr size_t kLeastHex = 32;
constexpr size_t kLeastBase64 = 16;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// 0…63, of either alphabet; -1 for others.
constexpr std::array<int8_t, 256> MakeBase64Values() {
  std::array<int8_t, 256> values{};
  for (auto& value : values) value = -1;
  for (int i = 0; i < 26; ++i) {
    values[static_cast<size_t>('A' + i)] = static_cast<int8_t>(i);
    values[static_cast<size_t>('a' + i)] = static_cast<int8_t>(26 + i);
  }
  for (int i = 0; i < 10; ++i) values[static_cast<size_t>('0' + i)] = static_cast<int8_t>(52 + i);
  values['+'] = values['-'] = 62;
  values['/'] = values['_'] = 63;
  return values;
}
constexpr auto kBase64Values = MakeBase64Values();

bool IsOfBase64(char c) { return kBase64Values[static_cast<unsigned char>(c)] >= 0; }

bool IsPrintable(char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\r' || c == '\t'; }

void AppendCharacter(std::string& out, unsigned code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// An encoded piece and what it says.
struct Found {
  Span span;
  std::string value;
  Encoding encoding;
};

// "%2f", and all up to the last such on its line.
std::optional<Found> PercentAt(std::string_view text, size_t at) {
  const auto is_escape = [&](size_t i) {
    return i + 2 < text.size() && text[i] == '%' && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0;
  };
  if (!is_escape(at)) return std::nullopt;
  const size_t line_end = std::min(text.find('\n', at), text.size());
  size_t end = at + 3;
  for (size_t i = text.find('%', end); i < line_end; i = text.find('%', i + 1)) {
    if (i + 2 < line_end && is_escape(i)) end = i + 3;
  }
  Found found{.span = {at, end}, .value = {}, .encoding = kPercent};
  for (size_t i = at; i < end;) {
    if (is_escape(i) && i + 3 <= end) {
      const char c = static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      // What isn't printable stays as it is written.
      if (IsPrintable(c)) {
        found.value += c;
      } else {
        found.value += text.substr(i, 3);
      }
      i += 3;
    } else {
      found.value += text[i++];
    }
  }
  return found;
}

std::optional<unsigned> FourDigits(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return std::nullopt;
  unsigned code = 0;
  for (size_t i = at; i < at + 4; ++i) {
    const int value = HexValue(text[i]);
    if (value < 0) return std::nullopt;
    code = code * 16 + static_cast<unsigned>(value);
  }
  // Halves of pairs are no characters; nobody writes a credential in them.
  if (code >= 0xd800 && code < 0xe000) return 0xfffd;
  return code;
}

// A run of \u0041 (one backslash or two).
std::optional<Found> EscapesAt(std::string_view text, size_t at) {
  Found found{.span = {at, at}, .value = {}, .encoding = kUnicode};
  while (found.span.end < text.size() && text[found.span.end] == '\\') {
    size_t i = found.span.end + 1;
    if (i < text.size() && text[i] == '\\') ++i;
    if (i >= text.size() || (text[i] != 'u' && text[i] != 'U')) break;
    const auto code = FourDigits(text, i + 1);
    if (!code) break;
    AppendCharacter(found.value, *code);
    found.span.end = i + 5;
  }
  if (found.span.size() == 0) return std::nullopt;
  return found;
}

// A run of "U+0041 ".
std::optional<Found> CodePointsAt(std::string_view text, size_t at) {
  Found found{.span = {at, at}, .value = {}, .encoding = kUnicode};
  while (text.substr(found.span.end).starts_with("U+")) {
    const auto code = FourDigits(text, found.span.end + 2);
    const size_t end = found.span.end + 6;
    if (!code || (end < text.size() && text[end] != ' ' && text[end] != '\n' && text[end] != '\t' &&
                  text[end] != '\r' && text[end] != '\f'))
      break;
    AppendCharacter(found.value, *code);
    found.span.end = std::min(end + 1, text.size());
  }
  if (found.span.size() == 0) return std::nullopt;
  return found;
}

std::optional<std::string> FromHexDigits(std::string_view digits) {
  if (digits.size() % 2 != 0) return std::nullopt;
  std::string value;
  for (size_t i = 0; i < digits.size(); i += 2) {
    const char c = static_cast<char>(HexValue(digits[i]) * 16 + HexValue(digits[i + 1]));
    if (!IsPrintable(c)) return std::nullopt;
    value += c;
  }
  return value;
}

// Of either alphabet, with its padding or without.
std::optional<std::string> FromBase64Digits(std::string_view digits) {
  while (digits.ends_with('=')) digits.remove_suffix(1);
  if (digits.size() % 4 == 1) return std::nullopt;
  std::string value;
  unsigned bits = 0;
  int held = 0;
  for (const char c : digits) {
    bits = bits << 6 | static_cast<unsigned>(kBase64Values[static_cast<unsigned char>(c)]);
    held += 6;
    if (held < 8) continue;
    held -= 8;
    const char byte = static_cast<char>(bits >> held & 0xff);
    if (!IsPrintable(byte)) return std::nullopt;
    value += byte;
  }
  return value;
}

// Finds what is encoded, from the left, and the longest of what begins in one place.
class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {
    percent_ = text.find('%');
    backslash_ = NextBackslash(0);
    code_point_ = text.find("U+");
    run_ = NextRun(0);
  }

  std::optional<Found> Next() {
    while (true) {
      if (run_ < at_) run_ = NextRun(at_);
      const size_t mark = std::min({percent_, backslash_, code_point_});
      if (run_ == std::string_view::npos && mark == std::string_view::npos) return std::nullopt;
      std::optional<Found> found = mark < run_ ? AtMark(mark) : InRun(run_);
      if (!found) continue;
      SkipTo(found->span.end);
      return found;
    }
  }

 private:
  size_t NextBackslash(size_t from) const {
    for (size_t at = text_.find('\\', from); at != std::string_view::npos; at = text_.find('\\', at + 1)) {
      const size_t next = at + 1 < text_.size() && text_[at + 1] == '\\' ? at + 2 : at + 1;
      if (next < text_.size() && (text_[next] == 'u' || text_[next] == 'U')) return at;
    }
    return std::string_view::npos;
  }

  // The next run of at least 16 base 64 digits that begins at `at` or behind it.
  size_t NextRun(size_t at) const {
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
      run = IsOfBase64(text_[at]) ? run + 1 : 0;
      if (run >= kLeastBase64) return at + 1 - run;
    }
    return std::string_view::npos;
  }

  void SkipTo(size_t at) {
    at_ = std::max(at_, at);
    if (percent_ < at) percent_ = text_.find('%', at);
    if (backslash_ < at) backslash_ = NextBackslash(at);
    if (code_point_ < at) code_point_ = text_.find("U+", at);
  }

  std::optional<Found> AtMark(size_t mark) {
    std::optional<Found> found;
    if (mark == percent_) {
      found = PercentAt(text_, mark);
      // Where nothing in it is printable the whole piece is passed over, or a long line would be read many
      // times.
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
      found = CodePointsAt(text_, mark);
      if (!found) code_point_ = text_.find("U+", mark + 1);
    }
    return found;
  }

  std::optional<Found> InRun(size_t begin) {
    size_t end = begin + kLeastBase64;
    while (end < text_.size() && IsOfBase64(text_[end])) ++end;
    size_t padded = end;
    while (padded < text_.size() && text_[padded] == '=' && padded < end + 2) ++padded;
    at_ = padded;
    const std::string_view digits = text_.substr(begin, end - begin);
    size_t hex = 0;
    while (hex < digits.size() && HexValue(digits[hex]) >= 0) ++hex;
    if (hex >= kLeastHex) {
      if (auto value = FromHexDigits(digits.substr(0, hex)))
        return Found{.span = {begin, begin + hex}, .value = *std::move(value), .encoding = kHex};
    }
    if (auto value = FromBase64Digits(text_.substr(begin, padded - begin)))
      return Found{.span = {begin, padded}, .value = *std::move(value), .encoding = kBase64};
    return InnerHex(begin, end);
  }

  // Hexadecimal digits that begin within a run of others: after "0x" or a word.
  std::optional<Found> InnerHex(size_t begin, size_t end) {
    for (size_t i = begin; i < end;) {
      size_t stop = i;
      while (stop < end && HexValue(text_[stop]) >= 0) ++stop;
      if (stop - i >= kLeastHex) {
        if (auto value = FromHexDigits(text_.substr(i, stop - i))) {
          at_ = stop;
          return Found{.span = {i, stop}, .value = *std::move(value), .encoding = kHex};
        }
      }
      i = stop + 1;
    }
    return std::nullopt;
  }

  std::string_view text_;
  size_t at_ = 0;   // runs that begin before are settled
  size_t run_ = 0;  // the next of these; npos: none, as below
  size_t percent_ = 0, backslash_ = 0, code_point_ = 0;
};

}  // namespace

size_t Decoded::PieceAt(size_t at) const {
  const auto after =
      std::upper_bound(pieces_.begin(), pieces_.end(), at,
                       [](size_t place, const Piece& piece) { return place < piece.here.begin; });
  return after == pieces_.begin() ? 0 : static_cast<size_t>(after - pieces_.begin()) - 1;
}

bool Decoded::IsFresh(const Span& span) const {
  for (size_t i = PieceAt(span.begin); i < pieces_.size() && pieces_[i].here.begin < span.end; ++i) {
    if (pieces_[i].fresh && pieces_[i].here.Overlaps(span)) return true;
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

bool Decoded::From(std::string_view text, const Decoded* before, Decoded& into) {
  Finder finder(text);
  std::optional<Found> found = finder.Next();
  if (!found) return false;
  into.text_.clear();
  into.pieces_.clear();
  size_t copied = 0;
  for (; found; found = finder.Next()) {
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
