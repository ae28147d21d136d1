// Pieces of a policy in any order and of any size, as frames that come after each other: each begins with the
// length of the rest of it, in two bytes. What comes out whole is as long as it was said to be, and no more
// is held than came.
#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/membership/policy_parts.h"
#include "shared/base/check.h"
#include "shared/wire/conversation.h"

using namespace postern;  // NOLINT: this file has no names of its own

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  membership::PolicyParts parts;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  size_t came = 0;
  while (rest.size() >= 2) {
    const size_t length = static_cast<uint8_t>(rest[0]) * 256U + static_cast<uint8_t>(rest[1]);
    const std::string_view bytes = rest.substr(2, length);
    rest.remove_prefix(2 + bytes.size());
    wire::PolicyPart part;
    if (!part.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) continue;
    came += part.piece().size();
    const auto added = parts.Add(part);
    CHECK(parts.held() <= came && parts.held() <= wire::kMaxPolicyBytes);
    if (!added) CHECK(parts.held() == 0);
    if (!added || !*added) continue;
    CHECK((*added)->bytes.size() == part.size() && (*added)->version == part.version());
    CHECK(parts.held() == 0);
  }
  return 0;
}
