#include "collector/cli/output.h"

#include <algorithm>
#include <ostream>

#include "shared/json/writer.h"

namespace postern::cli {
namespace {

// "2026-11-23T22:18:55.123456789Z" → "2026-11-23 22:18:55".
std::string ShortTime(const std::string& text) {
  constexpr std::string_view kForm = "0000-00-00T00:00:00";
  if (text.size() < kForm.size() + 1 || text.back() != 'Z') return text;
  for (size_t i = 0; i < kForm.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return text;
  }
  std::string time = text.substr(0, kForm.size());
  time[10] = ' ';
  return time;
}

std::string TextOf(const json::Value& value) {
  switch (value.kind()) {
    case json::Kind::kNull: return "";
    case json::Kind::kText: return ShortTime(*value.AsText());
    case json::Kind::kBoolean: return *value.AsBoolean() ? "yes" : "no";
    case json::Kind::kInteger:
    case json::Kind::kDecimal: return JsonText(value);
    case json::Kind::kList: {
      std::string text;
      const auto items = *value.AsList();
      for (const json::Value& item : items) text += (text.empty() ? "" : ", ") + TextOf(item);
      return text;
    }
    case json::Kind::kObject: return JsonText(value);
  }
  return "";
}

struct Row {
  std::string name;
  std::string text;
};

std::vector<command_line::Column> ColumnsOf(const std::vector<FieldColumn>& columns) {
  std::vector<command_line::Column> names;
  for (const FieldColumn& column : columns) names.push_back(column.column);
  return names;
}

void Flatten(const json::Value& value, const std::string& prefix, std::vector<Row>& rows) {
  const auto object = value.AsOpenObject();
  if (!object) return;
  for (const auto& [name, field] : object->Fields()) {
    std::string label = prefix + name;
    std::replace(label.begin(), label.end(), '_', ' ');
    if (field.kind() == json::Kind::kObject) {
      Flatten(field, label + ' ', rows);
    } else if (const std::string text = TextOf(field); !text.empty()) {
      rows.push_back({label, text});
    }
  }
}

}  // namespace

std::string JsonText(const json::Value& value) {
  json::Writer writer;
  writer.Copy(value);
  return writer.Take();
}

std::string Cell(const json::Value& record, std::string_view field) {
  const auto object = record.AsOpenObject();
  if (!object) return "";
  const size_t dot = std::min(field.find('.'), field.size());
  const auto value = object->Find(field.substr(0, dot));
  if (!value) return "";
  return dot == field.size() ? TextOf(*value) : Cell(*value, field.substr(dot + 1));
}

ListPrinter::ListPrinter(const Invocation& call, const std::vector<FieldColumn>& columns)
    : call_(call), columns_(columns), table_(ColumnsOf(columns)) {}

void ListPrinter::Add(const std::vector<json::Value>& items) {
  if (call_.arguments.Has("json")) {
    for (const json::Value& item : items) {
      call_.out << (empty_ ? "{\"items\":[" : ",") << JsonText(item);
      empty_ = false;
    }
    return;
  }
  for (const json::Value& item : items) {
    std::vector<std::string> cells;
    cells.reserve(columns_.size());
    for (const FieldColumn& column : columns_) cells.push_back(Cell(item, column.field));
    table_.Add(std::move(cells));
  }
  table_.Print(call_.out);
}

void ListPrinter::Finish() {
  if (call_.arguments.Has("json")) call_.out << (empty_ ? "{\"items\":[" : "") << "]}\n";
}

void PrintRecord(const Invocation& call, const json::Value& record) {
  if (call.arguments.Has("json")) {
    call.out << JsonText(record) << '\n';
    return;
  }
  std::vector<Row> rows;
  Flatten(record, "", rows);
  size_t width = 0;
  for (const Row& row : rows) width = std::max(width, row.name.size());
  for (const Row& row : rows)
    call.out << row.name << std::string(width + 2 - row.name.size(), ' ') << command_line::Harmless(row.text)
             << '\n';
}

}  // namespace postern::cli
