// What strangers ask of the record: whatever is read as a question lies within its bounds.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "collector/audit/parameters.h"
#include "shared/base/check.h"
#include "shared/rest/target.h"

namespace postern::audit {
namespace {

bool IsPage(size_t limit) { return limit >= 1 && limit <= 1000; }

void Look(std::string_view text) {
  const auto target = rest::ParseTarget("/?" + std::string(text));
  if (!target) return;
  if (const auto events = ParseEventQuery(target->query)) {
    CHECK(IsPage(events->limit) && events->wait <= std::chrono::seconds(60));
    CHECK(events->follows == (target->query.count("after") == 1));
    CHECK(!events->filter.user || !events->filter.user->empty());
  }
  const WallTime now{std::chrono::seconds(1'700'000'000)};
  if (const auto usage = ParseUsageQuery(target->query, now)) {
    CHECK(usage->sums.from <= usage->sums.to && usage->by.size() == usage->sums.by.size());
    CHECK(usage->by.size() <= 8);
  }
  if (const auto list = ParseListQuery(target->query, {"user", "team"}))
    CHECK(IsPage(list->limit) && list->values.size() <= 2);
}

}  // namespace
}  // namespace postern::audit

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  postern::audit::Look({reinterpret_cast<const char*>(data), size});
  return 0;
}
