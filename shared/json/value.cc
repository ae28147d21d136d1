#include "shared/json/value.h"

#include <algorithm>

#include "shared/json/node.h"

namespace postern::json {
namespace {

// `"items[3].name" `, or "the text " for the whole.
std::string Subject(const std::string& where) { return where.empty() ? "the text " : "\"" + where + "\" "; }

std::string Join(const std::string& where, std::string_view name) {
  return where.empty() ? std::string(name) : where + "." + std::string(name);
}

std::string Step(const Node& node) {
  return node.parent->kind == Kind::kList ? "[" + std::to_string(node.index) + "]" : node.name;
}

}  // namespace

const char* NameOf(Kind kind) {
  switch (kind) {
    case Kind::kNull: return "nothing";
    case Kind::kBoolean: return "true or false";
    case Kind::kInteger:
    case Kind::kDecimal: return "a number";
    case Kind::kText: return "text";
    case Kind::kList: return "a list";
    case Kind::kObject: return "an object";
  }
  return "something else";
}

Kind Value::kind() const { return node_->kind; }

const std::string& Value::written() const { return node_->text; }

std::string Value::Where() const {
  std::vector<const Node*> way;
  for (const Node* node = node_.get(); node->parent != nullptr; node = node->parent) way.push_back(node);
  std::string where;
  for (auto node = way.rbegin(); node != way.rend(); ++node) {
    if ((*node)->parent->kind == Kind::kObject && !where.empty()) where += '.';
    where += Step(**node);
  }
  return where;
}

Error Value::Wrong(std::string_view must) const {
  return {ErrorCode::kInvalid,
          Subject(Where()) + "must be " + std::string(must) + ", not " + NameOf(node_->kind)};
}

Result<std::string> Value::AsText() const {
  if (node_->kind != Kind::kText) return Wrong("text");
  return node_->text;
}

Result<bool> Value::AsBoolean() const {
  if (node_->kind != Kind::kBoolean) return Wrong("true or false");
  return node_->boolean;
}

Result<int64_t> Value::AsInteger(int64_t least, int64_t most) const {
  const std::string range = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  if (node_->kind == Kind::kDecimal ||
      (node_->kind == Kind::kInteger && (node_->integer < least || node_->integer > most)))
    return Error{ErrorCode::kInvalid, Subject(Where()) + "must be " + range};
  if (node_->kind != Kind::kInteger) return Wrong(range);
  return node_->integer;
}

Result<double> Value::AsDecimal() const {
  if (node_->kind != Kind::kInteger && node_->kind != Kind::kDecimal) return Wrong("a number");
  return node_->decimal;
}

Result<std::vector<Value>> Value::AsList() const {
  if (node_->kind != Kind::kList) return Wrong("a list");
  std::vector<Value> items;
  items.reserve(node_->children.size());
  for (const Node* child : node_->children) items.push_back(ChildOf(child));
  return items;
}

Result<std::vector<std::string>> Value::AsTexts() const {
  ASSIGN_OR_RETURN(const std::vector<Value> items, AsList());
  std::vector<std::string> texts;
  for (const Value& item : items) {
    ASSIGN_OR_RETURN(std::string text, item.AsText());
    texts.push_back(std::move(text));
  }
  return texts;
}

Result<Object> Value::AsObject(std::initializer_list<std::string_view> known) const {
  ASSIGN_OR_RETURN(Object object, AsOpenObject());
  for (const Node* child : node_->children) {
    if (std::find(known.begin(), known.end(), child->name) != known.end()) continue;
    std::string sentence = Subject(Join(Where(), child->name)) + "is not a field here; known are: ";
    for (const std::string_view name : known) {
      if (name != *known.begin()) sentence += ", ";
      sentence += name;
    }
    return Error{ErrorCode::kInvalid, sentence};
  }
  return object;
}

Result<Object> Value::AsOpenObject() const {
  if (node_->kind != Kind::kObject) return Wrong("an object");
  return Object(*this);
}

std::optional<Value> Object::Find(std::string_view name) const {
  for (const Node* child : value_.node_->children) {
    if (child->name == name) return value_.ChildOf(child);
  }
  return std::nullopt;
}

std::optional<Value> Object::Present(std::string_view name) const {
  auto found = Find(name);
  if (found && found->is_null()) return std::nullopt;
  return found;
}

Error Object::Missing(std::string_view name) const {
  return {ErrorCode::kInvalid, Subject(Join(value_.Where(), name)) + "is missing"};
}

Result<Value> Object::Require(std::string_view name) const {
  auto found = Present(name);
  if (!found) return Missing(name);
  return *std::move(found);
}

std::vector<std::pair<std::string, Value>> Object::Fields() const {
  std::vector<std::pair<std::string, Value>> fields;
  for (const Node* child : value_.node_->children) fields.emplace_back(child->name, value_.ChildOf(child));
  return fields;
}

Result<std::string> Object::Text(std::string_view name) const {
  ASSIGN_OR_RETURN(const Value value, Require(name));
  return value.AsText();
}

Result<bool> Object::Boolean(std::string_view name) const {
  ASSIGN_OR_RETURN(const Value value, Require(name));
  return value.AsBoolean();
}

Result<int64_t> Object::Integer(std::string_view name, int64_t least, int64_t most) const {
  ASSIGN_OR_RETURN(const Value value, Require(name));
  return value.AsInteger(least, most);
}

Result<std::vector<std::string>> Object::Texts(std::string_view name) const {
  ASSIGN_OR_RETURN(const Value value, Require(name));
  return value.AsTexts();
}

Result<std::optional<std::string>> Object::OptionalText(std::string_view name) const {
  const auto value = Present(name);
  if (!value) return std::optional<std::string>();
  ASSIGN_OR_RETURN(std::string text, value->AsText());
  return std::optional(std::move(text));
}

Result<std::optional<bool>> Object::OptionalBoolean(std::string_view name) const {
  const auto value = Present(name);
  if (!value) return std::optional<bool>();
  ASSIGN_OR_RETURN(const bool flag, value->AsBoolean());
  return std::optional(flag);
}

Result<std::optional<int64_t>> Object::OptionalInteger(std::string_view name, int64_t least,
                                                       int64_t most) const {
  const auto value = Present(name);
  if (!value) return std::optional<int64_t>();
  ASSIGN_OR_RETURN(const int64_t number, value->AsInteger(least, most));
  return std::optional(number);
}

Result<std::optional<std::vector<std::string>>> Object::OptionalTexts(std::string_view name) const {
  const auto value = Present(name);
  if (!value) return std::optional<std::vector<std::string>>();
  ASSIGN_OR_RETURN(std::vector<std::string> texts, value->AsTexts());
  return std::optional(std::move(texts));
}

}  // namespace postern::json
