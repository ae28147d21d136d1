// Server-sent events, read the obvious way: the whole body at once, by the standard's own words (HTML,
// section 9.2.6).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace postern::support {

struct SseEvent {
  std::string name;  // "message" where the stream gives none
  std::string data;  // lines joined by newlines
  friend bool operator==(const SseEvent&, const SseEvent&) = default;
};

// Line ends may be LF, CRLF or CR; comments, unknown fields and a byte order mark are dropped, as is an event
// that isn't ended by an empty line.
std::vector<SseEvent> ParseSseEvents(std::string_view body);

}  // namespace postern::support
