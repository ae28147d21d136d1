// Texts that come in pieces: what is found is what a scan of the whole text finds, wherever it was cut; where
// nothing is replaced the same bytes go on, and a JSON value stays one where something is.
//
//   the first byte: its form and how it is cut; then the text
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "shared/base/check.h"
#include "shared/secrets/linear_view.h"
#include "shared/secrets/stream_scan.h"
#include "tests/fuzz/scanner_of.h"

using namespace postern;  // NOLINT: this file has no names of its own

namespace {

constexpr std::string_view kRules = R"(
[[rules]]
id = "key"
regex = '''(?i)key["']?\s{0,3}[=:]\s{0,3}["']?([\w.=-]{6,40})'''
keywords = ["key"]
[[rules]]
id = "run"
regex = '''tok_[a-z0-9]{4,}\.[a-z]+'''
[[rules]]
id = "rest"
regex = '''pass=(\S+)'''
[[rules]]
id = "line"
regex = '''(?m)^line=(.*)$'''
[[rules]]
id = "block"
regex = '''(?s)BEGIN.*?END'''
)";

const secrets::Scanner& Scanner() {
  static const secrets::Scanner scanner = fuzz::ScannerOf(kRules);
  return scanner;
}

secrets::Workspace& Space() {
  static secrets::Workspace workspace(Scanner());
  return workspace;
}

using Findings = std::multiset<std::pair<uint32_t, std::string>>;

struct Streamed {
  std::string out;
  Findings findings;
};

Streamed Stream(std::string_view text, size_t piece, secrets::StreamForm form, std::string_view replacement) {
  secrets::StreamScan scan({.scanner = Scanner(),
                            .form = form,
                            .replace = [&](const secrets::Finding&, std::string_view original) {
                              CHECK(!original.empty());
                              return std::string(replacement);
                            }});
  Streamed streamed;
  for (size_t at = 0; at < text.size(); at += piece) {
    const auto out = scan.Feed(text.substr(at, piece), Space());
    CHECK(out);
    streamed.out += *out;
    CHECK(scan.held() <= secrets::StreamScan::kMostHeld * 12 + piece);
  }
  const auto rest = scan.Finish(Space());
  CHECK(rest);
  streamed.out += *rest;
  for (const secrets::StreamFinding& one : scan.findings())
    streamed.findings.emplace(one.finding.rule, one.finding.secret);
  return streamed;
}

Findings Whole(std::string_view text) {
  const auto findings = Scanner().Scan({.text = text}, Space(), {});
  CHECK(findings);
  Findings whole;
  for (const secrets::Finding& one : *findings) whole.emplace(one.rule, one.secret);
  return whole;
}

bool IsJson(std::string_view text) { return secrets::LinearView(text).has_value(); }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto form = (data[0] & 1) != 0 ? secrets::StreamForm::kJson : secrets::StreamForm::kText;
  const size_t piece = 1 + data[0] / 2 % 64;
  const Streamed whole = Stream(text, text.size() + 1, form, "");
  const Streamed pieces = Stream(text, piece, form, "");
  CHECK(whole.out == text && pieces.out == text);
  CHECK(whole.findings == pieces.findings);
  if (form == secrets::StreamForm::kText) CHECK(pieces.findings == Whole(text));
  const Streamed replaced = Stream(text, piece, form, "REDACTED_x");
  CHECK(replaced.findings == whole.findings);
  if (form == secrets::StreamForm::kJson && IsJson(text)) CHECK(IsJson(replaced.out));
  return 0;
}
