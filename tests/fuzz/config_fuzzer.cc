// Configuration files: whatever they hold is read or refused with a place, and nothing else happens.
#include <cstddef>
#include <cstdint>

#include "agent/config.h"
#include "agent/identity/key_table.h"
#include "collector/config.h"
#include "shared/base/check.h"

namespace {

void HasItsPlace(const postern::Error& error) {
  CHECK(error.code == postern::ErrorCode::kInvalid);
  CHECK(error.message.starts_with("fuzz.yaml:"));
  CHECK(error.message.find('\n') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto empty = [](const char*) { return std::optional<std::string>(); };
  const auto config = postern::agent::ParseAgentConfig(text, "fuzz.yaml", "/etc/postern", empty);
  if (!config) HasItsPlace(config.error());
  const auto collector = postern::collector::ParseCollectorConfig(text, "fuzz.yaml", "/etc/postern");
  if (!collector) HasItsPlace(collector.error());
  const auto keys = postern::identity::KeyTable::Parse(text, "fuzz.yaml");
  if (!keys) HasItsPlace(keys.error());
  return 0;
}
