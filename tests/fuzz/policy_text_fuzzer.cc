// What comes in as a policy's text: the line that says which version it is a change of, and the armour of a
// signed one. A text that says a version says it after it was written again, and what unarmours, armours to
// the same.
#include <cstddef>
#include <cstdint>
#include <string>

#include "collector/cli/policy_file.h"
#include "collector/policy/policies.h"
#include "shared/base/check.h"

using namespace postern;  // NOLINT: this file has no names of its own

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string based = policies::WithBase(text, 7);
  CHECK(policies::BaseIn(based) == uint64_t{7});
  CHECK(policies::WithBase(based, 7) == based);
  if (const auto base = policies::BaseIn(text))
    CHECK(policies::BaseIn(policies::WithBase(text, *base)) == base);
  const auto bytes = cli::Unarmoured(text);
  CHECK(!bytes || cli::IsSigned(text));
  wire::SignedPolicy policy;
  if (!bytes || !policy.ParseFromString(*bytes)) return 0;
  const auto again = cli::Unarmoured(cli::Armoured(policy));
  CHECK(again && *again == policy.SerializeAsString());
  return 0;
}
