#include "agent/dialect/json_cursor.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#include <simdjson.h>

#include "shared/base/check.h"

namespace postern::dialect {
namespace {

// An index of four bytes for each byte of text is kept up to this size of text: touched pages are few, since
// only structural characters use it, and allocating it anew for every request costs more than the reading.
constexpr size_t kKeptCapacity = size_t{1} << 20;
constexpr size_t kLeastCapacity = size_t{1} << 12;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t Digits(std::string_view text, size_t from) {
  size_t to = from;
  while (to < text.size() && IsDigit(text[to])) ++to;
  return to - from;
}

// RFC 8259 section 6.
bool IsNumber(std::string_view text) {
  size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
  const size_t whole = Digits(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const size_t fraction = Digits(text, ++at);
    if (fraction == 0) return false;
    at += fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    if (++at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const size_t exponent = Digits(text, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == text.size();
}

std::optional<uint32_t> HexUnit(std::string_view raw, size_t at) {
  if (at + 4 > raw.size()) return std::nullopt;
  uint32_t unit = 0;
  const auto [stop, error] = std::from_chars(raw.data() + at, raw.data() + at + 4, unit, 16);
  if (error != std::errc() || stop != raw.data() + at + 4) return std::nullopt;
  return unit;
}

void AppendUtf8(uint32_t code, std::string& out) {
  const auto put = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xE0 | code >> 12);
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
    }
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

// Decodes the \uXXXX at `at` (which points behind the u), with its second half if it is a surrogate pair;
// moves `at` on.
bool DecodeUnicodeEscape(std::string_view raw, size_t& at, std::string& out) {
  const auto first = HexUnit(raw, at);
  if (!first) return false;
  at += 4;
  uint32_t code = *first;
  if (code >= 0xD800 && code < 0xE000) {
    const bool may_pair = code < 0xDC00 && raw.substr(at).starts_with("\\u");
    const auto second = may_pair ? HexUnit(raw, at + 2) : std::nullopt;
    if (second && *second >= 0xDC00 && *second < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (*second - 0xDC00);
      at += 6;
    } else {
      code = 0xFFFD;
    }
  }
  AppendUtf8(code, out);
  return true;
}

char SimpleEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/': return c;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return '\0';
  }
}

}  // namespace

std::optional<std::string> JsonString::Decode(size_t most) const {
  std::string out;
  if (raw.find('\\') == std::string_view::npos) {
    if (raw.size() > most) return std::nullopt;
    out = raw;
    return out;
  }
  for (size_t at = 0; at < raw.size();) {
    if (out.size() > most) return std::nullopt;
    const char c = raw[at++];
    if (c != '\\') {
      out.push_back(c);
      continue;
    }
    if (at == raw.size()) return std::nullopt;
    const char escape = raw[at++];
    if (escape == 'u') {
      if (!DecodeUnicodeEscape(raw, at, out)) return std::nullopt;
    } else if (const char plain = SimpleEscape(escape); plain != '\0') {
      out.push_back(plain);
    } else {
      return std::nullopt;
    }
  }
  if (out.size() > most) return std::nullopt;
  return out;
}

std::optional<int64_t> CountFromNumber(std::string_view number) {
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
  constexpr size_t kSurelyFits = 18;  // digits
  int64_t count = 0;
  if (number.size() <= kSurelyFits && Digits(number, 0) == number.size() && !number.empty()) {
    for (const char digit : number) count = count * 10 + (digit - '0');
    return count;
  }
  const char* const end = number.data() + number.size();
  const auto [stop, error] = std::from_chars(number.data(), end, count);
  if (stop == end && error == std::errc()) return count < 0 ? std::nullopt : std::optional(count);
  double value = 0;
  const auto parsed = std::from_chars(number.data(), end, value);
  if (number.starts_with('-'))
    return parsed.ec == std::errc() && value == 0 ? std::optional<int64_t>(0) : std::nullopt;
  // Out of range is either far too large or almost nothing; the exponent's sign tells which.
  if (parsed.ec == std::errc::result_out_of_range) {
    return number.find("e-") == std::string_view::npos && number.find("E-") == std::string_view::npos
               ? kLargest
               : 1;
  }
  if (parsed.ec != std::errc()) return std::nullopt;
  const double whole = std::ceil(value);
  return whole >= 0x1p63 ? kLargest : static_cast<int64_t>(whole);
}

// simdjson's own parsers keep this behind them; it is reached here directly because On-Demand is bound to one
// instruction set when it is compiled, and the DOM builds a tree that nobody here wants.
struct JsonCursor::Index {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
  size_t capacity = 0;

  bool Reserve(size_t size) {
    if (stage && size <= capacity) return true;
    const size_t wanted = size > kKeptCapacity ? size : std::max(std::bit_ceil(size), kLeastCapacity);
    capacity = 0;
    const auto error =
        stage ? stage->allocate(wanted, 1)
              : simdjson::get_active_implementation()->create_dom_parser_implementation(wanted, 1, stage);
    if (error != simdjson::SUCCESS) return false;
    capacity = wanted;
    return true;
  }

  void GiveBack() {
    if (capacity <= kKeptCapacity) return;
    stage.reset();
    capacity = 0;
  }
};

JsonCursor::JsonCursor() : index_(std::make_unique<Index>()) {}
JsonCursor::~JsonCursor() = default;

bool JsonCursor::Fail(JsonFailure failure) {
  if (failure_ == JsonFailure::kNone) failure_ = failure;
  next_ = end_;
  return false;
}

bool JsonCursor::Open(std::string_view text) {
  text_ = text;
  base_ = 0;
  next_ = end_ = nullptr;
  fresh_ = false;
  depth_ = 0;
  failure_ = JsonFailure::kNone;
  if (text.empty() || !index_->Reserve(text.size())) return Fail();
  auto& stage = *index_->stage;
  const auto error = stage.stage1(reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                                  simdjson::stage1_mode::regular);
  if (error != simdjson::SUCCESS) {
    return Fail(error == simdjson::UTF8_ERROR ? JsonFailure::kNotUtf8 : JsonFailure::kMalformed);
  }
  next_ = stage.structural_indexes.get();
  end_ = next_ + stage.n_structural_indexes;
  CHECK(*end_ == text.size());
  return true;
}

bool JsonCursor::OpenWithin(std::string_view text, size_t from, size_t depth) {
  if (!Open(text.substr(from))) return false;
  base_ = from;
  depth_ = depth;
  return true;
}

bool JsonCursor::Enter(char opening) {
  if (!Take(opening)) return false;
  fresh_ = true;
  return ++depth_ <= kDeepest || Fail(JsonFailure::kTooDeep);
}

bool JsonCursor::EnterObject() { return Enter('{'); }
bool JsonCursor::EnterArray() { return Enter('['); }

std::optional<std::string_view> JsonCursor::TakeNumber() {
  fresh_ = false;
  if (Peek() == JsonKind::kNumber) {
    const std::string_view token = TakeToken();
    if (IsNumber(token)) return token;
  }
  Fail();
  return std::nullopt;
}

bool JsonCursor::TakeScalar() {
  if (next_ >= end_) return Fail();
  const std::string_view token = TakeToken();
  return token == "true" || token == "false" || token == "null" || IsNumber(token) || Fail();
}

bool JsonCursor::TakeKey() { return Take('"') && Take(':'); }

bool JsonCursor::Skip() {
  fresh_ = false;
  std::array<bool, kDeepest> is_object;
  size_t depth = 0;
  while (true) {
    const char opening = Here();
    if (opening == '{' || opening == '[') {
      ++next_;
      if (Here() != opening + 2) {  // in ASCII each bracket closes two places after it opens
        if (depth_ + depth == kDeepest) return Fail(JsonFailure::kTooDeep);
        is_object[depth++] = opening == '{';
        if (opening == '{' && !TakeKey()) return false;
        continue;
      }
      ++next_;
    } else if (opening == '"') {
      ++next_;
    } else if (!TakeScalar()) {
      return false;
    }
    while (true) {  // a value has ended, and with it perhaps the containers around it
      if (depth == 0) return true;
      const char after = Here();
      if (after == ',') break;
      if (after != (is_object[depth - 1] ? '}' : ']')) return Fail();
      ++next_;
      --depth;
    }
    ++next_;
    if (is_object[depth - 1] && !TakeKey()) return false;
  }
}

bool JsonCursor::DecodeKey(std::string_view& key) {
  auto decoded = JsonString{key}.Decode(key.size());
  if (!decoded) return Fail();
  key_ = *std::move(decoded);
  key = key_;
  return true;
}

bool JsonCursor::NextElement() {
  const bool fresh = std::exchange(fresh_, false);
  if (Here() == ']') {
    ++next_;
    --depth_;
    return false;
  }
  return (fresh || Take(',')) && (next_ < end_ || Fail());
}

bool JsonCursor::Finish() {
  if (next_ != end_) Fail();
  text_ = {};
  next_ = end_ = nullptr;
  index_->GiveBack();
  return failure_ == JsonFailure::kNone;
}

}  // namespace postern::dialect
