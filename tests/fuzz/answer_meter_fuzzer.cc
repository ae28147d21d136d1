// Whatever a provider sends: no crash, and facts that don't depend on how the bytes were cut.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "agent/dialect/answer_meter.h"
#include "shared/base/check.h"

namespace {

using postern::dialect::AnswerFacts;
using postern::dialect::AnswerMeter;

AnswerFacts Facts(std::string_view body, std::string_view content_type, size_t piece) {
  static postern::dialect::JsonCursor json;
  AnswerMeter meter(content_type, json);
  for (; !body.empty(); body.remove_prefix(std::min(piece, body.size()))) meter.Feed(body.substr(0, piece));
  meter.Finish();
  return meter.facts();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::string_view content_type = data[0] % 2 == 0 ? "text/event-stream" : "application/json";
  const AnswerFacts whole = Facts(body, content_type, SIZE_MAX);
  CHECK(Facts(body, content_type, 1 + data[0] / 2) == whole);
  CHECK(whole.usage.input >= 0 && whole.usage.output >= 0 && whole.usage.cache_read >= 0);
  CHECK(whole.usage.cache_write_5m >= 0 && whole.usage.cache_write_1h >= 0);
  CHECK(whole.blocks.size() <= whole.block_count);
  return 0;
}
