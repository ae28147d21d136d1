// Whatever a client sends and a policy orders: what is left is JSON, has the tools that stay, in their order,
// and no more tokens than ordered.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/dialect/messages_request.h"
#include "agent/dialect/splice.h"
#include "shared/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace postern::dialect;  // NOLINT: the entry point has no namespace
  static JsonCursor json;
  if (size < 2) return 0;
  // The first two bytes are the order: which tools go, and how many tokens stay.
  const uint8_t cut = data[0];
  const int64_t most = 1 + int64_t{data[1]} * 64;
  const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
  const auto facts = ReadMessagesRequest(body, json);
  if (!facts) return 0;
  std::vector<uint32_t> places;
  std::vector<RequestTool> left;
  for (uint32_t i = 0; i < facts->tools.size(); ++i) {
    if ((cut >> (i % 8) & 1) != 0) {
      places.push_back(i);
    } else {
      left.push_back(facts->tools[i]);
    }
  }
  Splice splice(body, *facts);
  splice.CutTools(places);
  const bool lowered = splice.LowerMaxTokens(most).has_value();
  std::string spliced(body);
  spliced.resize(splice.Apply(spliced));
  const auto after = ReadMessagesRequest(spliced, json);
  CHECK(after && after->model == facts->model && after->tools == left);
  CHECK(after->message_count == facts->message_count);
  CHECK(!lowered || after->max_tokens.value_or(0) <= most);
  if (lowered && after->max_tokens != facts->max_tokens && after->thinking == "enabled")
    CHECK(after->thinking_budget.value_or(0) < most);
  return 0;
}
