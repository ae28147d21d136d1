#include "shared/secrets/redaction.h"

#include <algorithm>
#include <array>

#include "shared/crypto/hkdf.h"

namespace postern::secrets {
namespace {

constexpr size_t kLetters = kPlaceholderBytes - kPlaceholderBeginning.size();

// Bytes of the view that are to go.
struct Cut {
  Span span;
  std::vector<size_t> findings;
};

// Sorted, and one where several overlap.
std::vector<Cut> CutsOf(const MappedText& view, const std::vector<Finding>& findings,
                        std::vector<size_t>& remaining) {
  std::vector<Cut> cuts;
  for (size_t i = 0; i < findings.size(); ++i) {
    if (view.IsInOneValue(findings[i].secret_span)) {
      cuts.push_back({findings[i].secret_span, {i}});
    } else {
      remaining.push_back(i);
    }
  }
  std::sort(cuts.begin(), cuts.end(), [](const Cut& a, const Cut& b) {
    return std::pair(a.span.begin, a.span.end) < std::pair(b.span.begin, b.span.end);
  });
  std::vector<Cut> merged;
  for (Cut& cut : cuts) {
    if (!merged.empty() && cut.span.begin < merged.back().span.end) {
      Cut& last = merged.back();
      last.span.end = std::max(last.span.end, cut.span.end);
      last.findings.insert(last.findings.end(), cut.findings.begin(), cut.findings.end());
    } else {
      merged.push_back(std::move(cut));
    }
  }
  return merged;
}

}  // namespace

std::string PlaceholderFor(std::string_view host_key, std::string_view secret) {
  // One byte a letter, of more than are wanted: 26 doesn't divide 256, so the highest values are passed over.
  std::array<uint8_t, 4 * kLetters> bytes{};
  crypto::DeriveHkdf(bytes, host_key, "", "placeholder of a secret: " + std::string(secret));
  std::string placeholder(kPlaceholderBeginning);
  for (const uint8_t byte : bytes) {
    if (placeholder.size() == kPlaceholderBytes) break;
    if (byte < 234) placeholder += static_cast<char>('a' + byte % 26);
  }
  return placeholder;
}

Redacted Redact(std::string_view json, const MappedText& view, const std::vector<Finding>& findings,
                std::string_view host_key) {
  Redacted result;
  size_t copied = 0;
  for (const Cut& cut : CutsOf(view, findings, result.remaining)) {
    const Span raw = view.Raw(cut.span);
    result.body += json.substr(copied, raw.begin - copied);
    result.body += PlaceholderFor(host_key, In(view.text(), cut.span));
    copied = raw.end;
    result.replaced.insert(result.replaced.end(), cut.findings.begin(), cut.findings.end());
  }
  result.body += json.substr(copied);
  return result;
}

}  // namespace postern::secrets
