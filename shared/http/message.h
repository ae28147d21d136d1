// The head of an HTTP/1.1 message, as views into the bytes that were read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::http {

struct Header {
  std::string_view name;   // as sent
  std::string_view value;  // as sent, without the white space around it
};

bool SameLettersIgnoringCase(std::string_view a, std::string_view b);  // of equal length

// ASCII case is ignored, as in header names. Most names that are compared differ in length already.
inline bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && SameLettersIgnoringCase(a, b);
}

// "name: value" and the line's end, at the end of `out`: one growth for all four pieces.
void AppendHeaderLine(std::string& out, std::string_view name, std::string_view value);

// How a message's body ends (RFC 9112 §6.3).
enum class Framing { kNone, kLength, kChunked, kUntilClose };

// Valid until the buffer that was parsed changes.
struct Head {
  std::string_view method;  // requests
  std::string_view target;  // requests: path and query, as sent
  int status = 0;           // responses
  std::string_view reason;  // responses
  int minor_version = 1;
  bool keep_alive = false;  // whether the connection may be used again, after RFC 9112 §9.3
  Framing framing = Framing::kNone;
  uint64_t content_length = 0;
  std::vector<Header> headers;

  std::optional<std::string_view> Find(std::string_view name) const;  // the first of that name
  size_t Count(std::string_view name) const;
  std::string_view path() const { return target.substr(0, target.find('?')); }
};

}  // namespace postern::http
