// What commands print: a record as rows, a list as a table, or JSON as the API gave it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/command_line/program.h"
#include "shared/command_line/table.h"
#include "shared/json/value.h"

namespace postern::cli {

using command_line::Invocation;

// A command as what it does; `Run` turns its error into a sentence and an exit code.
template <Status (*kDo)(const Invocation&)>
int Run(const Invocation& call) {
  const Status done = kDo(call);
  return done ? command_line::kDone : call.Fail(done.error());
}

inline const command_line::Option kJsonOption{.name = "json",
                                              .sentence = "Prints JSON, as the API gives it."};

// One line of JSON.
std::string JsonText(const json::Value& value);

// A field as a cell: text as it is, times without their "T" and "Z", lists with commas, null and absent ones
// empty. "presence.connected" is a field of a field.
std::string Cell(const json::Value& record, std::string_view field);

// A column of a list: what it is called, and the field of each record that it shows.
struct FieldColumn {
  command_line::Column column;
  std::string_view field;
};

// A list, printed a page at a time. --json: {"items": […]} on one line; else a table. Thread-compatible.
class ListPrinter {
 public:
  ListPrinter(const Invocation& call, const std::vector<FieldColumn>& columns);
  void Add(const std::vector<json::Value>& items);
  void Finish();

 private:
  const Invocation& call_;
  const std::vector<FieldColumn>& columns_;
  command_line::Table table_;
  bool empty_ = true;
};

// --json: the record; else a row a field, those of objects in it too.
void PrintRecord(const Invocation& call, const json::Value& record);

}  // namespace postern::cli
