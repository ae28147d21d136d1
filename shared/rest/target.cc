#include "shared/rest/target.h"

#include <utility>

namespace postern::rest {
namespace {

constexpr size_t kMaxParts = 64;

Error Wrong(std::string_view what) {
  return {ErrorCode::kInvalid, "the request's target " + std::string(what)};
}

int Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

enum class Plus { kItself, kSpace };

Result<std::string> Decode(std::string_view text, Plus plus) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? Digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? Digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return Wrong("has a \"%\" without two hexadecimal digits");
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus == Plus::kSpace) {
      c = ' ';
    }
    if (static_cast<uint8_t>(c) < 0x20 || c == 0x7f) return Wrong("has a control character");
    out += c;
  }
  return out;
}

// The parts between the separators; none of an empty text.
std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
    if (text.empty()) parts.emplace_back();
  }
  return parts;
}

Result<Query> ParseQuery(std::string_view text) {
  Query query;
  const auto parts = Split(text, '&');
  if (parts.size() > kMaxParts) return Wrong("has too many parameters");
  for (const std::string_view part : parts) {
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    ASSIGN_OR_RETURN(std::string name, Decode(part.substr(0, equals), Plus::kSpace));
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    ASSIGN_OR_RETURN(std::string decoded, Decode(value, Plus::kSpace));
    query.emplace(std::move(name), std::move(decoded));
  }
  return query;
}

}  // namespace

Result<Target> ParseTarget(std::string_view text) {
  if (!text.starts_with('/')) return Wrong("doesn't begin with \"/\"");
  Target target;
  const size_t mark = text.find('?');
  target.path = text.substr(0, mark);
  const auto parts = Split(std::string_view(target.path).substr(1), '/');
  if (parts.size() > kMaxParts) return Wrong("has too many parts");
  for (const std::string_view part : parts) {
    ASSIGN_OR_RETURN(std::string segment, Decode(part, Plus::kItself));
    target.segments.push_back(std::move(segment));
  }
  if (mark != std::string_view::npos) {
    ASSIGN_OR_RETURN(target.query, ParseQuery(text.substr(mark + 1)));
  }
  return target;
}

}  // namespace postern::rest
