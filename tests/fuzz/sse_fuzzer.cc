// The first byte says how the rest is cut: any cutting must give the same events.
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/dialect/sse.h"
#include "shared/base/check.h"

namespace {

using postern::dialect::SseEvent;
using postern::dialect::SseParser;

void Write(const SseEvent& event, std::string& out) {
  out += std::string(event.name) + '\0' + std::string(event.data) + '\0' + (event.oversized ? '1' : '0');
}

std::string Events(std::string_view text, size_t piece) {
  SseParser parser(256);
  SseEvent event;
  std::string out;
  while (!text.empty()) {
    std::string_view input = text.substr(0, piece);
    text.remove_prefix(input.size());
    while (parser.Next(input, event)) Write(event, out);
    CHECK(input.empty());
  }
  if (parser.Finish(event)) Write(event, out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string whole = Events(text, SIZE_MAX);
  CHECK(Events(text, 1 + data[0] % 64) == whole);
  CHECK(Events(text, 1) == whole);
  return 0;
}
