// Whatever a client sends: no read beyond the body, no crash, and nothing accepted that the slow reader calls
// no JSON. What begins as it did is read from there on as it would be read from its beginning.
#include <cstdint>
#include <string>
#include <string_view>

#include "agent/dialect/messages_request.h"
#include "shared/base/check.h"
#include "tests/agent/dialect/plain_json.h"

namespace {

// The body with its middle taken out, or said twice.
void GoOn(std::string_view body, postern::dialect::JsonCursor& json) {
  using postern::dialect::ReadMessagesRequest;
  for (const size_t parts : {2, 3, 7}) {
    postern::dialect::RequestBeginning beginning;
    CHECK(ReadMessagesRequest(body, json, 0, beginning));
    const size_t same = body.size() / parts * (parts - 1);
    for (const size_t from : {body.size() / parts, same, body.size() - body.size() / 9}) {
      const std::string next = std::string(body.substr(0, same)) + std::string(body.substr(from));
      auto again = beginning;
      const auto facts = ReadMessagesRequest(next, json, same, again);
      const auto fresh = ReadMessagesRequest(next, json);
      CHECK(facts.has_value() == fresh.has_value());
      CHECK(facts ? *facts == *fresh : facts.error().message == fresh.error().message);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace postern::dialect;  // NOLINT: the entry point has no namespace
  static JsonCursor json;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto facts = ReadMessagesRequest(body, json);
  if (!facts) return 0;
  GoOn(body, json);
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
