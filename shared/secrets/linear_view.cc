#include "shared/secrets/linear_view.h"

#include <algorithm>

#include "shared/secrets/json_escape.h"
#include "shared/secrets/view_roles.h"

namespace postern::secrets {
namespace {

constexpr size_t kDeepest = 128;  // lists and objects within each other, in all layers together
constexpr int kMostLayers = 4;    // JSON within strings within JSON

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Reads one layer of JSON and writes its view; `map` says where the layer's bytes come from, none for the raw
// text. Structure is written in one piece, when a value's contents or the end comes.
class Layer {
 public:
  Layer(std::string_view text, const MappedText* map, MappedText& out, uint32_t& strings, int layer)
      : text_(text), map_(map), out_(out), strings_(strings), layer_(layer) {}

  void Note(ViewParts& parts) { parts_ = &parts; }

  // The whole text, as one value. Where it is none, what was written is to be cut off again.
  bool Read(size_t outer_depth) {
    outer_depth_ = outer_depth;
    Spaces();
    // What stands in a string is somebody's text, whatever it looks like: nothing of it is passed over.
    return Value(layer_ == 1 ? ViewRole::kOther : ViewRole::kToolInput) && Rest();
  }

  // What follows on the mark.
  bool ReadFrom(const ViewMark& mark) {
    at_ = written_ = marked_ = mark.raw;
    open_ = *mark.open;
    return !open_.empty() && Next() && Rest();
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void Spaces() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }
  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  // Writes the structure that was read.
  void Flush() {
    if (at_ == written_) return;
    if (map_ == nullptr) {
      out_.Copy(text_.substr(written_, at_ - written_), written_, 0);
    } else {
      out_.Append(*map_, {written_, at_}, 0);
    }
    written_ = at_;
  }

  // All that follows on a value, until nothing is open any more.
  bool Rest() {
    while (!open_.empty()) {
      Spaces();
      if (Take(open_.back().is_list ? ']' : '}')) {
        open_.pop_back();
        continue;
      }
      if (!Take(',')) return false;
      MarkHere();
      if (!Next()) return false;
    }
    Spaces();
    Flush();
    return at_ == text_.size();
  }

  void MarkHere() {
    if (parts_ == nullptr || at_ - marked_ < ViewParts::kMarksApart) return;
    marked_ = at_;
    ViewMark& mark = parts_->marks.emplace_back();
    mark.raw = at_;
    mark.open = std::make_shared<const std::vector<OpenValue>>(open_);
    for (const OpenValue& value : open_) mark.told_at = std::max(mark.told_at, value.told_at);
  }

  // The next member of what is open, or its next element.
  bool Next() {
    Spaces();
    return open_.back().is_list ? Value(open_.back().role) : Member();
  }

  // What begins here, if it is a list or an object: only its beginning.
  bool Value(ViewRole role) {
    switch (Peek()) {
      case '{': return Object(role == ViewRole::kBlocks ? ViewRole::kBlock : role);
      case '[': return List(role);
      case '"': return String();
      default: return Word();
    }
  }

  bool Open(OpenValue value) {
    if (outer_depth_ + open_.size() >= kDeepest) return false;
    open_.push_back(value);
    return true;
  }

  bool List(ViewRole role) {
    if (!Open({.is_list = true, .role = role})) return false;
    Take('[');
    Spaces();
    return Peek() == ']' || Next();
  }

  bool Object(ViewRole role) {
    OpenValue object{.is_list = false, .role = role};
    // What a field means may depend on a later one.
    if (role == ViewRole::kBlock || role == ViewRole::kSource) TellType(text_, at_, object);
    if (!Open(object)) return false;
    Take('{');
    Spaces();
    return Peek() == '}' || Next();
  }

  bool Member() {
    const size_t from = at_;
    if (!Key()) return false;
    const Span key_span{from + 1, at_ - 1};
    const std::string_view key = In(text_, key_span);
    if (!TakesKey(open_.back(), key)) return false;
    Spaces();
    if (!Take(':')) return false;
    Spaces();
    key_ = key_span;
    if (Peek() == '"' && IsForMachines(open_.back(), key)) return SkippedString();
    return Value(RoleOf(open_.back().role, key));
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
    return is_name || (word.find_first_not_of("0123456789+-.eE") == std::string_view::npos &&
                       word.find_first_of("0123456789") != std::string_view::npos);
  }

  bool SkippedString() {
    const size_t end = StringEnd(text_, at_);
    if (end == std::string_view::npos) return false;
    Take('"');
    Flush();
    at_ = written_ = end;
    return Take('"');
  }

  // Within a string a key is somebody's text as any other, and can be taken out.
  bool Key() {
    if (Peek() != '"') return false;
    if (layer_ > 1) {
      Take('"');
      return Contents(++strings_);
    }
    const size_t plain = at_ + 1 + PlainPrefix(text_.substr(at_ + 1));
    if (plain < text_.size() && text_[plain] == '"') {
      at_ = plain + 1;
      return true;
    }
    Take('"');
    return Contents(0);
  }

  bool String() {
    const size_t begin = at_;
    Take('"');
    Flush();
    const uint32_t number = ++strings_;
    const size_t from = out_.text().size();
    if (!Opened(begin) && !Contents(number)) return false;
    if (parts_ != nullptr && out_.text().size() - from >= ViewParts::kLongString)
      parts_->strings.push_back({.view = {from, out_.text().size()}, .key = key_});
    return true;
  }

  // The view of a string that is itself an object, a list or a quoted string.
  bool Opened(size_t quote) {
    size_t first = quote + 1;
    while (first < text_.size() && IsSpace(text_[first])) ++first;
    const bool may_be = layer_ < kMostLayers && first < text_.size() &&
                        (text_[first] == '{' || text_[first] == '[' || text_[first] == '\\');
    if (!may_be) return false;
    const size_t end = StringEnd(text_, quote);
    MappedText inner;
    if (end == std::string_view::npos || !Unescape({quote + 1, end}, inner)) return false;
    const std::string_view text = inner.text();
    const size_t begin = text.find_first_not_of(" \t\n\r");
    if (begin == std::string_view::npos ||
        std::string_view("{[\"").find(text[begin]) == std::string_view::npos)
      return false;
    const MappedText::Mark mark = out_.mark();
    const uint32_t strings = strings_;
    if (Layer(text, &inner, out_, strings_, layer_ + 1).Read(outer_depth_ + open_.size() + 1)) {
      at_ = written_ = end;
      return Take('"');
    }
    out_.CutTo(mark);
    strings_ = strings;
    return false;
  }

  // Writes a string's contents, from here to its closing quote, and takes that. False where it has none, an
  // escape is none, or a control character stands there bare.
  bool Contents(uint32_t string) {
    Flush();
    while (at_ < text_.size()) {
      if (map_ == nullptr) {
        at_ += out_.CopyString(text_.substr(at_), at_, string);
      } else if (const size_t plain = PlainPrefix(text_.substr(at_)); plain > 0) {
        out_.Append(*map_, {at_, at_ + plain}, string);
        at_ += plain;
      }
      written_ = at_;
      if (Take('"')) return true;
      if (!Escaped(at_, text_.size(), string, out_)) return false;
    }
    return false;
  }

  bool Unescape(const Span& contents, MappedText& out) const {
    size_t at = contents.begin;
    while (at < contents.end) {
      const size_t plain = PlainPrefix(text_.substr(at, contents.end - at));
      if (map_ == nullptr) {
        out.Copy(text_.substr(at, plain), at, 0);
      } else if (plain > 0) {
        out.Append(*map_, {at, at + plain}, 0);
      }
      at += plain;
      if (at < contents.end && !Escaped(at, contents.end, 0, out)) return false;
    }
    return true;
  }

  // Writes what the escape at `at` stands for, and goes past it.
  bool Escaped(size_t& at, size_t end, uint32_t string, MappedText& out) const {
    char character[4];
    const JsonEscape escape = ReadJsonEscape(text_.substr(at, end - at), character);
    if (escape.length == 0) return false;
    const Span here{at, at + escape.length};
    out.Replace({character, escape.bytes}, map_ == nullptr ? here : map_->Raw(here), string);
    at += escape.length;
    return true;
  }

  std::string_view text_;
  const MappedText* map_;
  MappedText& out_;
  uint32_t& strings_;
  int layer_;
  size_t outer_depth_ = 0;
  ViewParts* parts_ = nullptr;
  std::vector<OpenValue> open_;
  Span key_;            // the last one
  size_t at_ = 0;       // read up to here
  size_t written_ = 0;  // and written; between them is structure
  size_t marked_ = 0;   // the last mark
};

Error Unreadable() { return Error{ErrorCode::kInvalid, "the body is not JSON that can be read"}; }

}  // namespace

Result<MappedText> LinearView(std::string_view json) {
  MappedText view;
  RETURN_IF_ERROR(LinearView(json, view));
  return view;
}

Status LinearView(std::string_view json, MappedText& view) {
  view.Clear();
  view.Reserve(json.size());
  uint32_t strings = 0;
  if (!Layer(json, nullptr, view, strings, 1).Read(0)) return Unreadable();
  return Ok{};
}

Status LinearViewFrom(std::string_view json, const ViewMark* from, MappedText& view, ViewParts& parts) {
  view.Clear();
  view.Reserve(json.size() - (from == nullptr ? 0 : from->raw));
  uint32_t strings = 0;
  Layer layer(json, nullptr, view, strings, 1);
  layer.Note(parts);
  if (!(from == nullptr ? layer.Read(0) : layer.ReadFrom(*from))) return Unreadable();
  return Ok{};
}

}  // namespace postern::secrets
