// JSON as this project reads it: bounded, strict, and every value knows its place, so that an error names the
// field and what it should be.
//
//   ASSIGN_OR_RETURN(const json::Value body, json::Parse(text));
//   ASSIGN_OR_RETURN(const json::Object key, body.AsObject({"user", "label", "hosts"}));
//   ASSIGN_OR_RETURN(const std::string user, key.Text("user"));
//   ASSIGN_OR_RETURN(const auto hosts, key.OptionalTexts("hosts"));
//
//   "user" is missing
//   "hosts[2]" must be text, not a number
//   "lable" is not a field here; known are: user, label, hosts
//
// All errors are kInvalid. None of them ever shows a value: it might be a secret. Names that are given twice,
// text that isn't UTF-8 and whatever is larger than the bounds are refused, so that a text can be wrong but
// can't exhaust us.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/base/result.h"

namespace postern::json {

// What a text may hold at most.
struct Bounds {
  size_t bytes = 1 << 20;
  size_t values = 100'000;
  size_t depth = 32;
};

enum class Kind { kNull, kBoolean, kInteger, kDecimal, kText, kList, kObject };

struct Node;  // one value as it was parsed: node.h
class Object;

// One value of a text. Cheap to copy; it keeps the text's whole tree alive. Thread-compatible.
class Value {
 public:
  Kind kind() const;
  bool is_null() const { return kind() == Kind::kNull; }
  std::string Where() const;  // "items[3].name"; "" for the whole

  Result<std::string> AsText() const;
  Result<bool> AsBoolean() const;
  Result<int64_t> AsInteger(int64_t least, int64_t most) const;
  Result<double> AsDecimal() const;  // any number
  Result<std::vector<Value>> AsList() const;
  Result<std::vector<std::string>> AsTexts() const;
  // An object with no other fields than these.
  Result<Object> AsObject(std::initializer_list<std::string_view> known) const;
  // An object of somebody who may be newer: fields that nobody asks for are passed over.
  Result<Object> AsOpenObject() const;

  // The error of this place: `must` is what it should be ("must be …").
  Error Wrong(std::string_view must) const;

 private:
  friend class Object;
  friend class Writer;
  friend Result<Value> Parse(std::string_view text, const Bounds& bounds);
  explicit Value(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  Value ChildOf(const Node* child) const { return Value(std::shared_ptr<const Node>(node_, child)); }
  const std::string& written() const;  // of a decimal: its digits
  std::shared_ptr<const Node> node_;   // shares the ownership of the whole tree
};

// An object's fields. A field that is null counts as absent, except for Find and Has. Thread-compatible.
class Object {
 public:
  std::optional<Value> Find(std::string_view name) const;
  bool Has(std::string_view name) const { return Find(name).has_value(); }
  Result<Value> Require(std::string_view name) const;
  std::vector<std::pair<std::string, Value>> Fields() const;  // in the text's order

  Result<std::string> Text(std::string_view name) const;
  Result<bool> Boolean(std::string_view name) const;
  Result<int64_t> Integer(std::string_view name, int64_t least, int64_t most) const;
  Result<std::vector<std::string>> Texts(std::string_view name) const;

  Result<std::optional<std::string>> OptionalText(std::string_view name) const;
  Result<std::optional<bool>> OptionalBoolean(std::string_view name) const;
  Result<std::optional<int64_t>> OptionalInteger(std::string_view name, int64_t least, int64_t most) const;
  Result<std::optional<std::vector<std::string>>> OptionalTexts(std::string_view name) const;

 private:
  friend class Value;
  explicit Object(Value value) : value_(std::move(value)) {}
  std::optional<Value> Present(std::string_view name) const;
  Error Missing(std::string_view name) const;
  Value value_;
};

Result<Value> Parse(std::string_view text, const Bounds& bounds = {});

// A number's kind, a list, … as a sentence names it: "text", "a number", "a list".
const char* NameOf(Kind kind);

}  // namespace postern::json
