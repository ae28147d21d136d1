#include "collector/cli/ignore_file.h"

#include <algorithm>

namespace postern::cli {
namespace {

// The characters that "[…]" takes, and where it ends; 0 where it is no class.
size_t ReadClass(std::string_view text, std::string& characters) {
  size_t at = 1;
  const bool opposite = at < text.size() && (text[at] == '!' || text[at] == '^');
  if (opposite) ++at;
  std::string named;
  for (bool first = true; at < text.size() && (text[at] != ']' || first); first = false) {
    const auto character = [&] {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      return static_cast<unsigned char>(text[at++]);
    };
    const unsigned char from = character();
    unsigned char to = from;
    if (at + 1 < text.size() && text[at] == '-' && text[at + 1] != ']') {
      ++at;
      to = character();
    }
    for (unsigned c = from; c <= to; ++c) named += static_cast<char>(c);
  }
  if (at >= text.size()) return 0;
  for (unsigned c = 1; c < 256; ++c) {
    const char each = static_cast<char>(c);
    if (each != '/' && (named.find(each) != std::string::npos) != opposite) characters += each;
  }
  return at + 1;
}

}  // namespace

IgnoreFile::IgnoreFile(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    Pattern pattern = Parse(line);
    if (!pattern.tokens.empty()) patterns_.push_back(std::move(pattern));
  }
}

IgnoreFile::Pattern IgnoreFile::Parse(std::string_view line) {
  Pattern pattern;
  if (line.starts_with('!')) {
    pattern.keeps = true;
    line.remove_prefix(1);
  }
  if (line.ends_with('/')) {
    pattern.directories_only = true;
    line.remove_suffix(1);
  }
  using Kind = Token::Kind;
  // Without a slash in it, it speaks of names in any directory.
  if (line.find('/') == std::string_view::npos) pattern.tokens.push_back({Kind::kDirectories});
  if (line.starts_with('/')) line.remove_prefix(1);
  for (size_t at = 0; at < line.size();) {
    const std::string_view rest = line.substr(at);
    const bool begins_part = at == 0 || line[at - 1] == '/';
    if (begins_part && rest.starts_with("**/")) {
      pattern.tokens.push_back({Kind::kDirectories});
      at += 3;
    } else if (begins_part && rest == "**") {
      pattern.tokens.push_back({Kind::kAll});
      at += 2;
    } else if (rest.front() == '*') {
      pattern.tokens.push_back({Kind::kMany});
      ++at;
    } else if (rest.front() == '?') {
      pattern.tokens.push_back({Kind::kOne});
      ++at;
    } else {
      std::string characters;
      const size_t length = rest.front() == '[' ? ReadClass(rest, characters) : 0;
      if (length > 0) {
        pattern.tokens.push_back({Kind::kClass, 0, std::move(characters)});
        at += length;
        continue;
      }
      if (rest.front() == '\\' && rest.size() > 1) ++at;
      pattern.tokens.push_back({Kind::kCharacter, line[at++]});
    }
  }
  return pattern;
}

bool IgnoreFile::Fits(const Pattern& pattern, std::string_view path) {
  // All places of the path that the tokens so far can end at.
  std::vector<bool> here(path.size() + 1), next;
  here[0] = true;
  for (const Token& token : pattern.tokens) {
    next.assign(path.size() + 1, false);
    bool open = false;  // a token that takes many has begun further left
    for (size_t at = 0; at <= path.size(); ++at) {
      const bool slash = at < path.size() && path[at] == '/';
      switch (token.kind) {
        case Token::Kind::kCharacter:
          if (here[at] && at < path.size() && path[at] == token.character) next[at + 1] = true;
          break;
        case Token::Kind::kOne:
          if (here[at] && at < path.size() && !slash) next[at + 1] = true;
          break;
        case Token::Kind::kClass:
          if (here[at] && at < path.size() && token.characters.find(path[at]) != std::string::npos)
            next[at + 1] = true;
          break;
        case Token::Kind::kMany:
          open = open || here[at];
          if (open) next[at] = true;
          if (slash) open = false;
          break;
        case Token::Kind::kAll:
          open = open || here[at];
          if (open) next[at] = true;
          break;
        case Token::Kind::kDirectories:
          if (here[at] || (open && path[at - 1] == '/')) next[at] = true;
          open = open || here[at];
          break;
      }
    }
    here.swap(next);
  }
  return here[path.size()];
}

Verdict IgnoreFile::VerdictOn(std::string_view path, PathKind kind) const {
  for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
    if (pattern->directories_only && kind != PathKind::kDirectory) continue;
    if (Fits(*pattern, path)) return pattern->keeps ? Verdict::kKept : Verdict::kIgnored;
  }
  return Verdict::kNotNamed;
}

}  // namespace postern::cli
