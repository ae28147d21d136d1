// Whatever a client sends: no read beyond the body, no crash, and nothing accepted that the slow reader calls
// no JSON.
#include <cstdint>
#include <string_view>

#include "agent/dialect/messages_request.h"
#include "shared/base/check.h"
#include "tests/agent/dialect/plain_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace postern::dialect;  // NOLINT: the entry point has no namespace
  static JsonCursor json;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto facts = ReadMessagesRequest(body, json);
  if (!facts) return 0;
  CHECK(!facts->model.empty() && facts->model.size() <= 256);
  const auto slow = ParsePlainJson(body, JsonCursor::kDeepest);
  CHECK(slow && slow->Is(PlainJson::Kind::kObject));
  int models = 0;
  for (const auto& [key, value] : slow->members) {
    if (DecodePlainString(key) != "model") continue;
    ++models;
    CHECK(DecodePlainString(value.text) == facts->model);
  }
  CHECK(models == 1);
  return 0;
}
