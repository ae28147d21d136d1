#include "shared/secrets/linear_view.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace postern::secrets {
namespace {

constexpr int kDeepest = 128;   // lists and objects within each other, in all layers together
constexpr int kMostLayers = 4;  // JSON within strings within JSON

// Where in a request of the Messages API a value stands, as far as it matters to what is passed over.
enum class Role { kOther, kToolInput, kBlocks, kBlock, kSource };

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Passes over what is neither a backslash nor `other` nor a control character, as far as it can eight bytes
// at a time: what stands there then may still be none of these.
size_t Skip(std::string_view text, size_t at, size_t end, char other) {
  constexpr uint64_t kOnes = 0x0101010101010101, kHigh = 0x8080808080808080;
  const auto has_zero = [](uint64_t word) { return (word - kOnes) & ~word & kHigh; };
  const uint64_t others = kOnes * static_cast<unsigned char>(other);
  for (; at + 8 <= end; at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    const uint64_t controls = (word - kOnes * 0x20) & ~word & kHigh;
    if ((has_zero(word ^ kOnes * '\\') | has_zero(word ^ others) | controls) != 0) break;
  }
  return at;
}

Role RoleOf(Role outer, std::string_view key) {
  if (outer == Role::kToolInput || key == "input" || key == "input_schema") return Role::kToolInput;
  if (key == "content" || key == "system") return Role::kBlocks;
  if (outer == Role::kBlock && key == "source") return Role::kSource;
  return Role::kOther;
}

// Whether a string of an object of this type and role is for machines alone.
bool IsForMachines(Role role, std::string_view type, std::string_view key) {
  if (role == Role::kSource) return key == "data" && type == "base64";
  if (role != Role::kBlock) return false;
  if (key == "signature") return type == "thinking";
  if (key == "data") return type == "redacted_thinking";
  if (key == "id") return type == "tool_use" || type == "server_tool_use" || type == "mcp_tool_use";
  if (key == "tool_use_id") return type.ends_with("tool_result");
  return key == "encrypted_content" && type == "web_search_result";
}

void AppendCharacter(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

// Reads one layer of JSON and writes its view; `map` says where the layer's bytes come from, none for the raw
// text.
class Layer {
 public:
  Layer(std::string_view text, const MappedText* map, MappedText& out, uint32_t& strings, int layer)
      : text_(text), map_(map), out_(out), strings_(strings), layer_(layer) {}

  // The whole text, as one value. Where it is none, what was written is to be cut off again.
  bool Read(int depth) {
    Spaces();
    // What stands in a string is somebody's text, whatever it looks like: nothing of it is passed over.
    if (!Value(layer_ == 1 ? Role::kOther : Role::kToolInput, depth)) return false;
    Spaces();
    return at_ == text_.size();
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  void Structure(size_t from) { Write({from, at_}); }
  void Write(const Span& span) {
    if (map_ == nullptr) {
      out_.Copy(In(text_, span), span.begin, 0);
    } else {
      out_.Append(*map_, span, 0);
    }
  }
  void Spaces() {
    const size_t from = at_;
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
    Structure(from);
  }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    Structure(at_ - 1);
    return true;
  }

  bool Value(Role role, int depth) {
    if (depth > kDeepest) return false;
    switch (Peek()) {
      case '{': return Object(role == Role::kBlocks ? Role::kBlock : role, depth);
      case '[': return List(role, depth);
      case '"': return String(depth);
      default: return Word();
    }
  }

  bool Word() {
    const size_t from = at_;
    while (at_ < text_.size() && (std::string_view("+-.").find(text_[at_]) != std::string_view::npos ||
                                  (text_[at_] >= '0' && text_[at_] <= '9') ||
                                  (text_[at_] >= 'a' && text_[at_] <= 'z') || text_[at_] == 'E'))
      ++at_;
    const std::string_view word = text_.substr(from, at_ - from);
    if (word.empty()) return false;
    const bool is_name = word == "true" || word == "false" || word == "null";
    if (!is_name && (word.find_first_not_of("0123456789+-.eE") != std::string_view::npos ||
                     word.find_first_of("0123456789") == std::string_view::npos))
      return false;
    Structure(from);
    return true;
  }

  bool List(Role role, int depth) {
    Take('[');
    Spaces();
    if (Take(']')) return true;
    while (true) {
      Spaces();
      if (!Value(role, depth + 1)) return false;
      Spaces();
      if (Take(']')) return true;
      if (!Take(',')) return false;
    }
  }

  bool Object(Role role, int depth) {
    // What a field means may depend on a later one.
    const std::string_view type =
        role == Role::kBlock || role == Role::kSource ? TypeAhead() : std::string_view();
    Take('{');
    Spaces();
    if (Take('}')) return true;
    while (true) {
      Spaces();
      const size_t from = at_;
      if (!Key()) return false;
      const std::string_view key = text_.substr(from + 1, at_ - from - 2);
      Spaces();
      if (!Take(':')) return false;
      Spaces();
      const bool skipped = Peek() == '"' && IsForMachines(role, type, key);
      if (skipped ? !SkippedString() : !Value(RoleOf(role, key), depth + 1)) return false;
      Spaces();
      if (Take('}')) return true;
      if (!Take(',')) return false;
    }
  }

  // The text of the object's own field "type", without moving.
  std::string_view TypeAhead() const {
    int depth = 0;
    std::string_view last;  // the last string at the object's own level
    bool is_type = false;
    for (size_t at = at_; at < text_.size(); ++at) {
      const char c = text_[at];
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return {};
      if (depth == 1 && c == ':') is_type = last == "type";
      if (depth == 1 && c == ',') is_type = false;
      if (c != '"') continue;
      const size_t end = StringEnd(at);
      if (end == std::string_view::npos) return {};
      const std::string_view contents = text_.substr(at + 1, end - at - 1);
      if (depth == 1 && is_type) return contents;
      if (depth == 1) last = contents;
      at = end;
    }
    return {};
  }

  // The quote that ends the string that begins here.
  size_t StringEnd(size_t begin) const {
    for (size_t at = begin + 1; at < text_.size(); ++at) {
      at = Skip(text_, at, text_.size(), '"');
      if (at < text_.size() && text_[at] == '"') return at;
      if (at < text_.size() && text_[at] == '\\') ++at;
    }
    return std::string_view::npos;
  }

  bool SkippedString() {
    const size_t end = StringEnd(at_);
    if (end == std::string_view::npos) return false;
    Take('"');
    at_ = end;
    return Take('"');
  }

  bool Key() {
    if (Peek() != '"') return false;
    const size_t end = StringEnd(at_);
    if (end == std::string_view::npos) return false;
    Take('"');
    if (!Unescape({at_, end}, 0, out_)) return false;
    at_ = end;
    return Take('"');
  }

  bool String(int depth) {
    const size_t end = StringEnd(at_);
    if (end == std::string_view::npos) return false;
    Take('"');
    const Span contents{at_, end};
    const uint32_t number = ++strings_;
    if (!Opened(contents, depth) && !Unescape(contents, number, out_)) return false;
    at_ = end;
    return Take('"');
  }

  // The view of a string that is itself an object or a list.
  bool Opened(const Span& contents, int depth) {
    const std::string_view raw = In(text_, contents);
    const size_t first = raw.find_first_not_of(" \t\n\r");
    const bool may_be = first != std::string_view::npos && layer_ < kMostLayers &&
                        (raw[first] == '{' || raw[first] == '[' || raw[first] == '\\');
    if (!may_be) return false;
    MappedText inner;
    if (!Unescape(contents, 0, inner)) return false;
    const std::string& text = inner.text();
    const size_t begin = text.find_first_not_of(" \t\n\r");
    if (begin == std::string::npos || (text[begin] != '{' && text[begin] != '[')) return false;
    const MappedText::Mark mark = out_.mark();
    const uint32_t strings = strings_;
    if (Layer(text, &inner, out_, strings_, layer_ + 1).Read(depth + 1)) return true;
    out_.CutTo(mark);
    strings_ = strings;
    return false;
  }

  // Writes a string's contents. False where an escape is none, or a control character stands there bare.
  bool Unescape(const Span& contents, uint32_t string, MappedText& out) const {
    size_t at = contents.begin;
    while (at < contents.end) {
      const size_t plain = PlainEnd(at, contents.end);
      if (map_ == nullptr) {
        out.Copy(text_.substr(at, plain - at), at, string);
      } else if (plain > at) {
        out.Append(*map_, {at, plain}, string);
      }
      at = plain;
      if (at >= contents.end) break;
      if (text_[at] != '\\') return false;
      std::string character;
      const size_t length = EscapeAt(at, contents.end, character);
      if (length == 0) return false;
      const Span here{at, at + length};
      out.Replace(character, map_ == nullptr ? here : map_->Raw(here), string);
      at += length;
    }
    return true;
  }

  // Where a backslash or a control character stands next, or the end.
  size_t PlainEnd(size_t at, size_t end) const {
    while (true) {
      at = Skip(text_, at, end, '\\');
      if (at >= end || text_[at] == '\\' || static_cast<unsigned char>(text_[at]) < 0x20) return at;
      ++at;
    }
  }

  // The length of the escape that begins here and what it stands for; 0 where it is none.
  size_t EscapeAt(size_t at, size_t end, std::string& character) const {
    constexpr std::string_view kLetters = "\"\\/bfnrt", kMeanings = "\"\\/\b\f\n\r\t";
    if (at + 1 >= end) return 0;
    if (const size_t letter = kLetters.find(text_[at + 1]); letter != std::string_view::npos) {
      character = kMeanings[letter];
      return 2;
    }
    const auto high = FourDigits(at, end);
    if (!high) return 0;
    const auto low = *high >= 0xd800 && *high < 0xdc00 ? FourDigits(at + 6, end) : std::nullopt;
    if (low && *low >= 0xdc00 && *low < 0xe000) {
      AppendCharacter(character, 0x10000 + ((*high - 0xd800) << 10) + (*low - 0xdc00));
      return 12;
    }
    AppendCharacter(character, *high >= 0xd800 && *high < 0xe000 ? 0xfffd : *high);
    return 6;
  }

  std::optional<uint32_t> FourDigits(size_t at, size_t end) const {
    if (at + 6 > end || text_[at] != '\\' || text_[at + 1] != 'u') return std::nullopt;
    uint32_t code = 0;
    for (size_t i = at + 2; i < at + 6; ++i) {
      const char c = text_[i];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) return std::nullopt;
      code = code << 4 | static_cast<uint32_t>(digit);
    }
    return code;
  }

  std::string_view text_;
  const MappedText* map_;
  MappedText& out_;
  uint32_t& strings_;
  int layer_;
  size_t at_ = 0;
};

}  // namespace

Result<MappedText> LinearView(std::string_view json) {
  MappedText view;
  view.Reserve(json.size());
  uint32_t strings = 0;
  if (!Layer(json, nullptr, view, strings, 1).Read(0))
    return Error{ErrorCode::kInvalid, "the body is not JSON that can be read"};
  return view;
}

}  // namespace postern::secrets
