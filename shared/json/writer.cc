#include "shared/json/writer.h"

#include <utility>

#include "shared/base/json_text.h"

namespace postern::json {

void Writer::BeginValue() {
  if (named_) {
    named_ = false;
    return;
  }
  CHECK(open_.empty() ? out_.empty() : open_.back() == Inside::kList);
  if (!first_) out_ += ',';
  first_ = false;
}

Writer& Writer::Name(std::string_view name) {
  CHECK(!open_.empty() && open_.back() == Inside::kObject && !named_);
  if (!first_) out_ += ',';
  first_ = false;
  AppendJsonString(out_, name);
  out_ += ':';
  named_ = true;
  return *this;
}

Writer& Writer::Literal(std::string_view text) {
  BeginValue();
  out_ += text;
  return *this;
}

Writer& Writer::Open(char bracket, Inside inside) {
  BeginValue();
  out_ += bracket;
  open_.push_back(inside);
  first_ = true;
  return *this;
}

Writer& Writer::Close(char bracket, Inside inside) {
  CHECK(!open_.empty() && open_.back() == inside && !named_);
  open_.pop_back();
  out_ += bracket;
  first_ = false;
  return *this;
}

Writer& Writer::BeginObject() { return Open('{', Inside::kObject); }
Writer& Writer::BeginObject(std::string_view name) { return Name(name).BeginObject(); }
Writer& Writer::EndObject() { return Close('}', Inside::kObject); }
Writer& Writer::BeginList() { return Open('[', Inside::kList); }
Writer& Writer::BeginList(std::string_view name) { return Name(name).BeginList(); }
Writer& Writer::EndList() { return Close(']', Inside::kList); }

Writer& Writer::Text(std::string_view value) {
  BeginValue();
  AppendJsonString(out_, value);
  return *this;
}

Writer& Writer::Text(std::string_view name, std::string_view value) { return Name(name).Text(value); }
Writer& Writer::Boolean(std::string_view name, bool value) {
  return Name(name).Literal(value ? "true" : "false");
}
Writer& Writer::Null() { return Literal("null"); }
Writer& Writer::Null(std::string_view name) { return Name(name).Null(); }

Writer& Writer::Copy(const Value& value) {
  switch (value.kind()) {
    case Kind::kNull: return Null();
    case Kind::kBoolean: return Literal(*value.AsBoolean() ? "true" : "false");
    case Kind::kInteger: return Integer(*value.AsInteger(INT64_MIN, INT64_MAX));
    case Kind::kDecimal: return Literal(value.written());
    case Kind::kText: return Text(*value.AsText());
    case Kind::kList: {
      BeginList();
      const auto items = value.AsList();
      for (const Value& item : *items) Copy(item);
      return EndList();
    }
    case Kind::kObject: {
      BeginObject();
      const auto object = value.AsOpenObject();
      for (const auto& [name, field] : object->Fields()) Copy(name, field);
      return EndObject();
    }
  }
  return *this;
}

Writer& Writer::Copy(std::string_view name, const Value& value) { return Name(name).Copy(value); }

std::string Writer::Take() {
  CHECK(open_.empty() && !named_);
  first_ = true;
  return std::exchange(out_, {});
}

}  // namespace postern::json
