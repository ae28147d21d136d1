// Texts that are scanned: findings lie in the text, and what is said of their place fits.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "shared/base/check.h"
#include "shared/secrets/scanner.h"
#include "tests/fuzz/scanner_of.h"

using namespace postern;  // NOLINT: this file has no names of its own

namespace {

constexpr std::string_view kRules = R"(
[[rules]]
id = "generic"
regex = '''(?i)key["']?\s{0,3}[=:]\s{0,3}["']?([\w.=-]{6,40})'''
keywords = ["key"]
[[rules]]
id = "run"
regex = '''tok_[a-z0-9]{4,}\.[a-z]+'''
[[rules]]
id = "block"
regex = '''(?s)BEGIN.*?END'''
[[rules]]
id = "characters"
regex = '''<.{3}>'''
)";

const secrets::Scanner& Scanner() {
  static const secrets::Scanner scanner = fuzz::ScannerOf(kRules);
  return scanner;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static secrets::Workspace workspace(Scanner());
  const auto findings = Scanner().Scan({.text = text}, workspace, {});
  if (!findings) {
    CHECK(findings.error().code == ErrorCode::kExhausted);
    return 0;
  }
  for (const secrets::Finding& finding : *findings) {
    CHECK(finding.match.begin <= finding.match.end && finding.match.end <= text.size());
    CHECK(finding.secret_span.begin >= finding.match.begin && finding.secret_span.end <= finding.match.end);
    const auto newlines =
        std::count(text.begin(), text.begin() + static_cast<long>(finding.match.begin), '\n');
    CHECK(finding.place.start_line == static_cast<size_t>(newlines) + 1);
    if (finding.encodings == 0) CHECK(secrets::In(text, finding.secret_span) == finding.secret);
  }
  return 0;
}
