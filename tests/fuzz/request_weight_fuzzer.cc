// Whatever a client sends: no more text than there is, nothing that is counted twice, and the same each time.
#include <cstdint>
#include <string_view>

#include "agent/dialect/request_weight.h"
#include "shared/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace postern::dialect;  // NOLINT: the entry point has no namespace
  static JsonCursor json;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const RequestWeight weight = WeighRequest(body, json);
  CHECK(weight.text_bytes <= size);
  CHECK(weight.document_bytes <= size);
  // Each of them takes its own bytes, so there can't be many in few.
  constexpr size_t kShortest = 12;
  CHECK((size_t{weight.pictures} + weight.documents + weight.fetched) * kShortest <= size);
  CHECK(!weight.cached_for_an_hour || weight.cached);
  CHECK(WeighRequest(body, json) == weight);
  return 0;
}
