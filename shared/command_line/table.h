// Rows for people: columns as wide as what is in them, text to the left, numbers to the right. Pure.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace postern::command_line {

enum class Align { kLeft, kRight };

struct Column {
  std::string_view name;  // "CREATED"
  Align align = Align::kLeft;
};

// Thread-compatible.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // A cell for each column. An empty one is shown as "-".
  void Add(std::vector<std::string> cells);
  size_t rows() const { return rows_.size(); }

  // The names, then the rows, two spaces between columns and none at the end of a line. Where a program asks
  // page by page, `Print` may be called again: the names are shown once.
  void Print(std::ostream& out);

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<size_t> widths_;
  bool named_ = false;
};

// What a terminal would obey (control characters) becomes "?".
std::string Harmless(std::string_view text);

// Columns on a terminal, a character of UTF-8 for one.
size_t WidthOf(std::string_view text);

}  // namespace postern::command_line
