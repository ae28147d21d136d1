// Reads JSON in one pass, without a tree and without a copy.
//
// simdjson's first stage, chosen for this processor at run time, marks brackets, braces, commas, colons and
// the start of each string, number and literal, and validates UTF-8; the cursor walks those marks. The text
// needs no padding: nothing is read beyond its end. What is accepted is RFC 8259 with two limits: containers
// nested at most kDeepest, and escapes are checked only in the strings that are read, not in those that are
// skipped (no reader can take a backslash and the character after it for structure, so they can't change what
// the document means; on a processor without any of the instruction sets that simdjson knows, that character
// may even be a control character or not UTF-8).
//
//   if (!json.Open(text) || !json.EnterObject()) …
//   while (json.NextMember(key)) { if (key == "model") json.TakeString(); else json.Skip(); }
//   if (!json.Finish()) …
//
// A failure anywhere makes every later call fail, so one check at the end will do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "shared/base/check.h"

namespace postern::dialect {

enum class JsonKind { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull, kNothing };

// The text between a string's quotes, escapes and all.
struct JsonString {
  std::string_view raw;

  // Decoded; nothing for a bad escape or when it is longer than `most` bytes. A lone surrogate becomes
  // U+FFFD.
  std::optional<std::string> Decode(size_t most) const;
};

enum class JsonFailure { kNone, kNotUtf8, kMalformed, kTooDeep };

// One of these serves many documents, one at a time; it keeps the memory of its index. Thread-compatible.
class JsonCursor {
 public:
  static constexpr size_t kDeepest = 1024;

  JsonCursor();
  ~JsonCursor();
  JsonCursor(const JsonCursor&) = delete;
  JsonCursor& operator=(const JsonCursor&) = delete;

  // Begins a document; `text` must stay as it is until Finish. False for text that can't be JSON at all.
  bool Open(std::string_view text);

  // Begins in the middle of one: at a value behind a comma, with so many containers entered. What stands
  // before was read already; places are those of the whole text.
  bool OpenWithin(std::string_view text, size_t from, size_t depth);

  // What comes next; kNothing at the end or after a failure.
  JsonKind Peek() const;

  // Each of these takes what comes next. False (or nothing) and a failure if it is something else.
  bool EnterObject();
  bool EnterArray();
  std::optional<JsonString> TakeString();
  std::optional<std::string_view> TakeNumber();  // its text, of which the grammar has been checked
  bool Skip();                                   // any value

  // The next member of the object that was entered, or its end (false). The key is decoded; its view holds
  // until the next call. The value must be taken or skipped before the next call.
  bool NextMember(std::string_view& key);
  // The next element of the array that was entered, or its end (false).
  bool NextElement();

  // Where in the text the next thing starts.
  size_t position() const { return base_ + (next_ < end_ ? *next_ : text_.size()); }
  // Where the thing stood that was taken last: a scalar's or key's first character, a bracket, comma or
  // colon. `before` goes so many things further back, of which there must be as many. 0 after a failure.
  size_t taken(size_t before = 0) const {
    return failure_ == JsonFailure::kNone ? base_ + *(next_ - 1 - before) : 0;
  }

  // Ends the document: true if nothing failed and nothing is left over. Gives back an unusually large index.
  bool Finish();

  JsonFailure failure() const { return failure_; }

 private:
  struct Index;

  bool Fail(JsonFailure failure = JsonFailure::kMalformed);
  char Here() const { return next_ < end_ ? text_[*next_] : '\0'; }
  bool Take(char expected);
  bool Enter(char opening);
  bool TakeKey();
  std::string_view TakeToken();  // from a mark to the next one, without the white space between
  bool TakeScalar();
  bool DecodeKey(std::string_view& key);

  std::unique_ptr<Index> index_;
  std::string_view text_;
  size_t base_ = 0;                 // where in the whole text that begins
  const uint32_t* next_ = nullptr;  // marks not yet taken; *end_ is readable and is the text's size
  const uint32_t* end_ = nullptr;
  size_t depth_ = 0;    // containers entered and not left
  bool fresh_ = false;  // a container has just been entered: no comma is due
  JsonFailure failure_ = JsonFailure::kNone;
  std::string key_;  // the last key, where it had to be decoded
};

// Small enough to be a part of whoever reads: each mark passes through some of these.

inline JsonKind JsonCursor::Peek() const {
  switch (const char c = Here()) {
    case '{': return JsonKind::kObject;
    case '[': return JsonKind::kArray;
    case '"': return JsonKind::kString;
    case 't': return JsonKind::kTrue;
    case 'f': return JsonKind::kFalse;
    case 'n': return JsonKind::kNull;
    case '-': return JsonKind::kNumber;
    default: return c >= '0' && c <= '9' ? JsonKind::kNumber : JsonKind::kNothing;
  }
}

inline bool JsonCursor::Take(char expected) {
  if (Here() != expected) return Fail();
  ++next_;
  return true;
}

inline std::string_view JsonCursor::TakeToken() {
  const size_t begin = *next_++;
  size_t end = *next_;
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (end > begin + 1 && is_space(text_[end - 1])) --end;
  return text_.substr(begin, end - begin);
}

inline std::optional<JsonString> JsonCursor::TakeString() {
  fresh_ = false;
  if (Here() != '"') {
    Fail();
    return std::nullopt;
  }
  const std::string_view token = TakeToken();
  CHECK(token.size() >= 2 && token.back() == '"');  // the first stage refuses a string without an end
  return JsonString{token.substr(1, token.size() - 2)};
}

inline bool JsonCursor::NextMember(std::string_view& key) {
  const bool fresh = std::exchange(fresh_, false);
  if (Here() == '}') {
    ++next_;
    --depth_;
    return false;
  }
  if (!fresh && !Take(',')) return false;
  const auto text = TakeString();
  if (!text || !Take(':')) return false;
  key = text->raw;
  return std::memchr(key.data(), '\\', key.size()) == nullptr || DecodeKey(key);
}

// Each member of the object that comes next, whose value `on_member` takes or skips; what is no object is
// passed over. The same for an array's elements.
template <class OnMember>
void ReadMembers(JsonCursor& json, OnMember on_member) {
  if (json.Peek() != JsonKind::kObject) {
    json.Skip();
    return;
  }
  json.EnterObject();
  std::string_view key;
  while (json.NextMember(key)) on_member(key);
}
template <class OnElement>
void ReadElements(JsonCursor& json, OnElement on_element) {
  if (json.Peek() != JsonKind::kArray) {
    json.Skip();
    return;
  }
  json.EnterArray();
  while (json.NextElement()) on_element();
}

// A count in a JSON number: whole and not negative. What is larger than 2^63 − 1 becomes that; fractions are
// rounded up (so that a bill is never too small); nothing for a negative number.
std::optional<int64_t> CountFromNumber(std::string_view number);

}  // namespace postern::dialect
