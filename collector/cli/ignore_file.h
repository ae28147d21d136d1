// .gitignore files: which paths a tree's owners keep out of version control (gitignore(5)). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::cli {

enum class PathKind { kFile, kDirectory };
enum class Verdict { kNotNamed, kIgnored, kKept };

// The patterns of one file. They speak of paths relative to its directory. Thread-safe.
class IgnoreFile {
 public:
  explicit IgnoreFile(std::string_view text);

  // What the last pattern that fits says. `path` is relative, with "/" between its parts and none at its
  // ends.
  Verdict VerdictOn(std::string_view path, PathKind kind) const;
  bool empty() const { return patterns_.empty(); }

 private:
  // A pattern is held against a path token by token: as many steps as both are long, whatever is written.
  struct Token {
    enum class Kind : uint8_t { kCharacter, kOne, kMany, kClass, kAll, kDirectories };
    Kind kind;
    char character = 0;
    std::string characters{};  // of a class, each one that it takes
  };
  struct Pattern {
    std::vector<Token> tokens;
    bool keeps = false;             // begins with "!"
    bool directories_only = false;  // ends with "/"
  };
  static Pattern Parse(std::string_view line);
  static bool Fits(const Pattern& pattern, std::string_view path);

  std::vector<Pattern> patterns_;
};

}  // namespace postern::cli
