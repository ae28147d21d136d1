#include "shared/command_line/table.h"

#include <algorithm>
#include <ostream>

#include "shared/base/check.h"

namespace postern::command_line {

std::string Harmless(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size(); ++at) {
    const auto byte = static_cast<unsigned char>(text[at]);
    // U+0080 to U+009F are control characters, too: U+009B begins what ESC [ begins.
    const bool is_upper_control = byte == 0xc2 && at + 1 < text.size() &&
                                  static_cast<unsigned char>(text[at + 1]) >= 0x80 &&
                                  static_cast<unsigned char>(text[at + 1]) < 0xa0;
    if (is_upper_control) ++at;
    out += is_upper_control || byte < 0x20 || byte == 0x7f ? '?' : text[at];
  }
  return out;
}

size_t WidthOf(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

void Table::Add(std::vector<std::string> cells) {
  CHECK(cells.size() == columns_.size());
  for (std::string& cell : cells) cell = cell.empty() ? "-" : Harmless(cell);
  rows_.push_back(std::move(cells));
}

void Table::Print(std::ostream& out) {
  widths_.resize(columns_.size(), 0);
  for (size_t i = 0; i < columns_.size(); ++i) {
    widths_[i] = std::max(widths_[i], columns_[i].name.size());
    for (const auto& row : rows_) widths_[i] = std::max(widths_[i], WidthOf(row[i]));
  }
  const auto print = [&](const auto& cell_at) {
    std::string line;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const std::string_view cell = cell_at(i);
      const std::string padding(widths_[i] - WidthOf(cell), ' ');
      line += (i == 0 ? "" : "  ") + (columns_[i].align == Align::kRight ? padding : "") + std::string(cell) +
              (columns_[i].align == Align::kRight ? "" : padding);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  };
  if (!named_) print([&](size_t i) { return columns_[i].name; });
  named_ = true;
  for (const auto& row : rows_) print([&](size_t i) -> const std::string& { return row[i]; });
  rows_.clear();
}

}  // namespace postern::command_line
