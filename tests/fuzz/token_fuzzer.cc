// Tokens' texts as people and programs send them: whatever parses as ours must be exactly what its parts
// spell, and no secret of one may be left in what is shown instead.
#include <cstddef>
#include <cstdint>
#include <string>

#include "shared/base/check.h"
#include "shared/tokens/token.h"

using namespace postern::tokens;  // NOLINT: this file has no names of its own

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string redacted = Redacted(text);
  CHECK(Redacted(redacted) == redacted);
  for (const Kind kind : {Kind::kVirtualKey, Kind::kAdministrator, Kind::kEnrolment}) {
    const Token token = Parse(kind, text);
    if (token.form == Form::kOurs) {
      CHECK(Format(kind, token.id, token.secret) == text);
      CHECK(redacted == std::string(text.substr(0, 4 + kIdSize + 1)) + "…");
    } else {
      CHECK(token.id.empty() && token.secret.empty());
    }
  }
  return 0;
}
