// What becomes of a request's head by the secrets in it: of its target, and of the headers that go on to the
// provider. A client's settings may name headers of another gateway, with a key of that gateway's:
//
//   x-gateway-key: glpat-…   ─▶   x-gateway-key: REDACTED_…
//
// Rules see a header as a line, its name before its value. Fails closed, as Screen does. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/screening/clean_head.h"
#include "agent/screening/screen.h"

namespace postern::screening {

// A header, or the target, which has no name.
struct HeadPart {
  std::string_view name;
  std::string_view value;
};

struct ScreenedHead {
  Screened::Outcome outcome = Screened::Outcome::kTooMuch;
  std::vector<std::string> values{};  // with kRedacted: what the parts are to say
  // Their place is the part "header", whose name is the tool's, or "target".
  std::vector<Found> found{};
  size_t blocked_by = 0;   // which of them; with kBlocked
  bool was_known = false;  // it was not looked at
};

// What is known of the connection that the head came on.
struct KnownHead {
  const secrets::KeyedHash& hash;
  CleanHead& clean;
};

// What is to be taken out and isn't within one value blocks. Literals aren't looked for: a head is what a
// client's settings make of it, and nothing of a conversation.
ScreenedHead ScreenHead(std::span<const HeadPart> parts, const Terms& terms, secrets::Workspace& workspace,
                        const KnownHead& known);

}  // namespace postern::screening
