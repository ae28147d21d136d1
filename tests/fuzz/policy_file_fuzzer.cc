// A policy's text: it is read whole, or refused with a place; and what was read compiles.
#include <cstddef>
#include <cstdint>

#include "shared/base/check.h"
#include "shared/limits/policy_limits.h"
#include "shared/policy/compiled.h"
#include "shared/policy/lint.h"
#include "shared/policy/policy_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace postern;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Whatever stands for the zone's file may be anything, too.
  const auto zones = [text](const std::string&) -> Result<std::string> { return std::string(text); };
  const WallTime now{std::chrono::seconds(1'795'435'200)};
  const auto file = policy::ReadPolicy(text, "fuzz.yaml", zones, now);
  if (!file) {
    CHECK(file.error().code == ErrorCode::kInvalid);
    CHECK(file.error().message.starts_with("fuzz.yaml:"));
    CHECK(file.error().message.find('\n') == std::string::npos);
    return 0;
  }
  CHECK(policy::Compiled::Compile(file->policy, {}));
  CHECK(limits::TableOf(file->policy));
  policy::Lint(*file, {{{"claude-opus-5-5", {"claude-opus-5"}}}}, {}, now);
  return 0;
}
