// A YAML text by its lines, and what can be told of a line by itself. Private to this directory.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::policies {

size_t IndentOf(std::string_view line);

// Whether it begins, so far indented, with an item of a list: "- ".
bool IsItem(std::string_view line, size_t indent);

// Where a comment at its end begins, with the blanks before it; the line's end where there is none.
size_t CommentIn(std::string_view line);

// Behind "key:" of a line that begins with it, however it is quoted.
std::optional<size_t> KeyEnd(std::string_view line, const std::string& key);

// Whether nothing but a comment follows there: what the key holds is in the lines below.
bool HoldsNothingBeside(std::string_view line, size_t key_end);

// Lines keep their ends; those that are added end as the text's first one. Counted from 0. Thread-compatible.
class Lines {
 public:
  explicit Lines(std::string_view text);

  // Empty beyond the last one.
  const std::string& at(size_t line) const { return line < lines_.size() ? lines_[line] : nothing_; }

  // The line after the last one that belongs to what begins there and is indented so: the first that is
  // indented no more ends it. A list may stand as far left as its key.
  enum class What { kEntry, kItem };
  size_t EndOf(size_t begin, size_t indent, What what) const;

  // Before what ends the document, or at the end of all.
  size_t EndOfDocument() const;

  void Replace(size_t begin, size_t end, const std::vector<std::string>& with);

  std::string Text() const;

 private:
  std::vector<std::string> lines_;
  std::string end_ = "\n";
  std::string nothing_;
};

}  // namespace postern::policies
