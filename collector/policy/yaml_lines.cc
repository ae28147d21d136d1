#include "collector/policy/yaml_lines.h"

#include <algorithm>

#include "shared/base/json_text.h"

namespace postern::policies {
namespace {

bool IsOneOf(char c, std::string_view characters) { return characters.find(c) != std::string_view::npos; }

// Neither empty nor a comment alone.
bool HasContent(std::string_view line) {
  const size_t at = line.find_first_not_of(" \t\r\n");
  return at != std::string_view::npos && line[at] != '#';
}

// Ends the document, or begins another one.
bool IsMarker(std::string_view line) { return line.starts_with("...") || line.starts_with("---"); }

}  // namespace

size_t IndentOf(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

bool IsItem(std::string_view line, size_t indent) {
  return line.size() > indent && line[indent] == '-' &&
         (line.size() == indent + 1 || IsOneOf(line[indent + 1], " \r\n"));
}

size_t CommentIn(std::string_view line) {
  const size_t end = std::min(line.find_last_not_of("\r\n") + 1, line.size());
  char quote = 0;
  for (size_t i = 0; i < end; ++i) {
    const char c = line[i];
    const char before = i == 0 ? ' ' : line[i - 1];
    if (quote != 0) {
      if (quote == '"' && c == '\\') ++i;
      else if (c == quote) quote = 0;
    } else if ((c == '"' || c == '\'') && IsOneOf(before, " ,[{:")) {
      quote = c;
    } else if (c == '#' && IsOneOf(before, " \t")) {
      return std::min(line.substr(0, i).find_last_not_of(" \t") + 1, i);
    }
  }
  return end;
}

std::optional<size_t> KeyEnd(std::string_view line, const std::string& key) {
  const size_t indent = IndentOf(line);
  for (const std::string& form : {key, "\"" + key + "\"", "'" + key + "'", JsonString(key)}) {
    if (!line.substr(indent).starts_with(form)) continue;
    const size_t colon = line.find_first_not_of(' ', indent + form.size());
    if (colon == std::string_view::npos || line[colon] != ':') continue;
    const size_t end = colon + 1;
    if (end == line.size() || IsOneOf(line[end], " \t\r\n")) return end;
  }
  return std::nullopt;
}

bool HoldsNothingBeside(std::string_view line, size_t key_end) {
  return line.substr(0, CommentIn(line)).find_first_not_of(" \t", key_end) == std::string_view::npos;
}

Lines::Lines(std::string_view text) {
  while (!text.empty()) {
    const size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
    lines_.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  if (!lines_.empty() && lines_.front().ends_with("\r\n")) end_ = "\r\n";
  if (!lines_.empty() && !lines_.back().ends_with('\n')) lines_.back() += end_;
}

size_t Lines::EndOf(size_t begin, size_t indent, What what) const {
  size_t end = begin + 1;
  for (size_t line = begin + 1; line < lines_.size(); ++line) {
    if (!HasContent(lines_[line])) continue;
    const size_t its = IndentOf(lines_[line]);
    const bool is_list_of_it = what == What::kEntry && its == indent && IsItem(lines_[line], indent);
    if (IsMarker(lines_[line]) || (its <= indent && !is_list_of_it)) break;
    end = line + 1;
  }
  return std::min(end, lines_.size());
}

size_t Lines::EndOfDocument() const {
  bool began = false;
  for (size_t line = 0; line < lines_.size(); ++line) {
    if (IsMarker(lines_[line]) && began) return line;
    began = began || HasContent(lines_[line]);
  }
  return lines_.size();
}

void Lines::Replace(size_t begin, size_t end, const std::vector<std::string>& with) {
  std::vector<std::string> ended = with;
  for (std::string& line : ended) line += end_;
  const auto at = lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(begin),
                               lines_.begin() + static_cast<std::ptrdiff_t>(end));
  lines_.insert(at, ended.begin(), ended.end());
}

std::string Lines::Text() const {
  std::string text;
  for (const std::string& line : lines_) text += line;
  return text;
}

}  // namespace postern::policies
