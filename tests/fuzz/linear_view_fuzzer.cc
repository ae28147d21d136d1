// Views of JSON and redaction: each byte of a view comes from the text; what is cut out leaves JSON with a
// view, and what was not cut stays as it was.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "shared/base/check.h"
#include "shared/secrets/linear_view.h"
#include "shared/secrets/redaction.h"

using namespace postern;  // NOLINT: this file has no names of its own

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const auto view = secrets::LinearView(json);
  if (!view) return 0;
  // The whole view, byte by byte, comes from the text from left to right.
  size_t before = 0;
  for (size_t at = 0; at < view->text().size(); ++at) {
    const secrets::Span raw = view->Raw({at, at + 1});
    CHECK(raw.begin >= before && raw.begin < raw.end && raw.end <= json.size());
    before = raw.begin;
  }
  // "Findings": each run of four or more digits.
  std::vector<secrets::Finding> findings;
  for (size_t at = 0; at < view->text().size();) {
    size_t end = at;
    while (end < view->text().size() && view->text()[end] >= '0' && view->text()[end] <= '9') ++end;
    if (end - at >= 4) findings.emplace_back().secret_span = {at, end};
    at = std::max(end, at + 1);
  }
  const secrets::Redacted redacted = secrets::Redact(json, *view, findings, "key");
  CHECK(redacted.replaced.size() + redacted.remaining.size() == findings.size());
  if (redacted.replaced.empty()) {
    CHECK(redacted.body == json);
    return 0;
  }
  CHECK(secrets::LinearView(redacted.body));
  return 0;
}
