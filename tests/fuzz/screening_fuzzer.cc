// Requests with secrets in them: what is taken out leaves a request that can be read and has none, and what
// stands before the first secret and behind the last one stays as it was.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/dialect/json_cursor.h"
#include "agent/screening/screen.h"
#include "shared/base/check.h"
#include "tests/agent/screening/rules.h"

using namespace postern;  // NOLINT: this file has no names of its own

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using Outcome = screening::Screened::Outcome;
  static const screening::Terms terms = screening::SmallTerms();
  static secrets::Workspace workspace(*terms.scanner);
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const screening::Screened screened = screening::Screen(body, terms, workspace);
  if (screened.outcome == Outcome::kBlocked) CHECK(screened.blocked_by < screened.found.size());
  if (screened.outcome != Outcome::kRedacted) {
    CHECK(screened.body.empty());
    return 0;
  }
  CHECK(!screened.found.empty() && !screened.cuts.empty());
  dialect::JsonCursor json;
  CHECK(screening::Places::Of(screened.body, json));
  const secrets::Span& first = screened.scan.cuts[screened.cuts.front()].raw;
  const secrets::Span& last = screened.scan.cuts[screened.cuts.back()].raw;
  CHECK(body.substr(0, first.begin) == std::string_view(screened.body).substr(0, first.begin));
  CHECK(screened.body.ends_with(body.substr(last.end)));
  CHECK(screening::Screen(screened.body, terms, workspace).outcome == Outcome::kClean);
  return 0;
}
