// Writing JSON, on one line, in the order of the calls.
//
//   Writer out;
//   out.BeginObject();
//   out.Text("user", "ada");
//   out.Texts("hosts", {"build-1"});
//   out.BeginObject("spent").Integer("nano_dollars", 1200).EndObject();
//   out.EndObject();
//   out.Take();   // {"user":"ada","hosts":["build-1"],"spent":{"nano_dollars":1200}}
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/check.h"
#include "shared/json/value.h"

namespace postern::json {

// Methods with a name write a field of the object that is open; those without, an item of the open list, or
// the whole. Mixing them up is a CHECK. Bytes that are not UTF-8 become U+FFFD, so that the result is valid
// whatever comes in. Thread-compatible.
class Writer {
 public:
  Writer& BeginObject();
  Writer& BeginObject(std::string_view name);
  Writer& EndObject();
  Writer& BeginList();
  Writer& BeginList(std::string_view name);
  Writer& EndList();

  Writer& Text(std::string_view value);
  Writer& Text(std::string_view name, std::string_view value);
  template <std::integral T>
  Writer& Integer(T value) {
    return Literal(std::to_string(value));
  }
  template <std::integral T>
  Writer& Integer(std::string_view name, T value) {
    return Name(name).Literal(std::to_string(value));
  }
  Writer& Boolean(std::string_view name, bool value);  // NOLINT: the value that is written
  Writer& Null();
  Writer& Null(std::string_view name);
  template <class List>
  Writer& Texts(std::string_view name, const List& list) {
    BeginList(name);
    for (const auto& item : list) Text(item);
    return EndList();
  }
  Writer& Texts(std::string_view name, std::initializer_list<std::string_view> list) {
    return Texts<std::initializer_list<std::string_view>>(name, list);
  }

  // The value that is written next is this field's: for what writes a whole value and knows no name.
  Writer& Name(std::string_view name);

  // What was read, as it was.
  Writer& Copy(const Value& value);
  Writer& Copy(std::string_view name, const Value& value);

  // The text; everything must be closed. The writer is empty again.
  std::string Take();

 private:
  enum class Inside : uint8_t { kObject, kList };
  Writer& Literal(std::string_view text);
  Writer& Open(char bracket, Inside inside);
  Writer& Close(char bracket, Inside inside);
  void BeginValue();

  std::string out_;
  std::vector<Inside> open_;
  bool named_ = false;  // a name was written, its value comes next
  bool first_ = true;   // nothing yet in what is open
};

}  // namespace postern::json
