// JSON read the slow and obvious way, one character at a time into a tree: what the fast readers are compared
// with.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::dialect {

struct PlainMember;

struct PlainJson {
  enum class Kind { kObject, kArray, kString, kNumber, kTrue, kFalse, kNull };
  Kind kind = Kind::kNull;
  std::string text;  // of a number; of a string what stands between the quotes
  std::vector<PlainJson> elements;
  std::vector<PlainMember> members;

  bool Is(Kind k) const { return kind == k; }
};

struct PlainMember {
  std::string key;  // undecoded
  PlainJson value;
};

// Escapes are not looked into. Containers may be nested `deepest` deep. Nothing if it isn't JSON in UTF-8.
std::optional<PlainJson> ParsePlainJson(std::string_view text, size_t deepest);

// Nothing for a bad escape.
std::optional<std::string> DecodePlainString(std::string_view raw);

}  // namespace postern::dialect
