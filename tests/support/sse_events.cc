#include "tests/support/sse_events.h"

namespace postern::support {
namespace {

std::vector<std::string_view> Lines(std::string_view body) {
  std::vector<std::string_view> lines;
  while (!body.empty()) {
    const size_t end = body.find_first_of("\r\n");
    if (end == std::string_view::npos) break;  // an unfinished line
    lines.push_back(body.substr(0, end));
    body.remove_prefix(body.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  return lines;
}

}  // namespace

std::vector<SseEvent> ParseSseEvents(std::string_view body) {
  if (body.starts_with("\xef\xbb\xbf")) body.remove_prefix(3);
  std::vector<SseEvent> events;
  SseEvent event;
  bool has_data = false;
  for (const std::string_view line : Lines(body)) {
    if (line.empty()) {
      if (event.name.empty()) event.name = "message";
      if (has_data) events.push_back(event);
      event = {};
      has_data = false;
      continue;
    }
    const size_t colon = line.find(':');
    const std::string_view field = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (field == "event") event.name = value;
    if (field == "data") {
      if (has_data) event.data += '\n';
      event.data += value;
      has_data = true;
    }
  }
  return events;
}

}  // namespace postern::support
