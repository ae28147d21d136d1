#include <algorithm>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "shared/secrets/utf8.h"
#include "tests/shared/secrets/cases.h"
#include "tests/shared/secrets/obvious_scanner.h"

namespace postern::secrets {
namespace {

// Texts on the edge of being findings: pieces of labelled cases, cut, doubled, set side by side, with
// characters changed, and characters between them that matter to expressions.
class TextMaker {
 public:
  explicit TextMaker(uint64_t seed) : random_(seed) {
    for (Case& one : LabelledCases()) {
      if (one.text.size() < 200) pieces_.push_back(std::move(one.text));
    }
  }

  std::string Make() {
    std::string text;
    const size_t parts = Below(3) == 0 ? 2 : 1;
    for (size_t i = 0; i < parts; ++i) {
      text += Piece();
      text += kBetween[Below(std::size(kBetween))];
    }
    return text;
  }

 private:
  static constexpr const char* kBetween[] = {
      "",   " ", "\n", "\"", "'",  ";", "=",   ",",   "\\n", "\r\n",   "`",      "-", "_", ".",   "\xc3\xa9",
      "\v", ":", "|",  "\t", "==", "x", "A9z", "%20", "/",   "key = ", "token:", "0", "$", "\x1a"};

  size_t Below(size_t bound) { return random_() % bound; }

  std::string Piece() {
    std::string piece = pieces_[Below(pieces_.size())];
    switch (Below(6)) {
      case 0: piece = piece.substr(Below(piece.size() + 1)); break;
      case 1: piece.resize(Below(piece.size() + 1)); break;
      case 2: piece.insert(Below(piece.size() + 1), kBetween[Below(std::size(kBetween))]); break;
      case 3:
        if (!piece.empty()) piece[Below(piece.size())] = static_cast<char>(' ' + Below(95));
        break;
      case 4: piece += piece; break;
      default: break;
    }
    return piece;
  }

  std::mt19937_64 random_;
  std::vector<std::string> pieces_;
};

std::vector<ObviousFinding> Simplified(const Scanner& scanner, const std::vector<Finding>& findings) {
  std::vector<ObviousFinding> simple;
  for (const Finding& finding : findings)
    simple.push_back({scanner.rules().rules[finding.rule].id, finding.text, finding.secret});
  std::sort(simple.begin(), simple.end());
  return simple;
}

// How many findings so many texts have, as long as both scanners agree.
size_t Compare(const Scanner& scanner, const ObviousScanner& obvious, uint64_t seed, int texts) {
  Workspace workspace(scanner);
  TextMaker maker(seed);
  size_t findings = 0;
  std::string storage;
  for (int i = 0; i < texts; ++i) {
    const std::string text = maker.Make();
    const auto fast = scanner.Scan({.text = text}, workspace, {.decode_depth = 0});
    if (!fast) {
      ADD_FAILURE() << fast.error().message;
      return findings;
    }
    const auto simple = Simplified(scanner, *fast);
    findings += simple.size();
    if (AsUtf8(text, storage).data() != text.data()) continue;  // cut through a character
    if (simple == obvious.Scan(text)) continue;
    ADD_FAILURE() << "text " << i << " of seed " << seed;
    return findings;
  }
  return findings;
}

TEST(Differential, TheFastScannerFindsWhatTheObviousOneFinds) {
  const Scanner& scanner = GitleaksScanner();
  const ObviousScanner obvious(GitleaksRules());
  size_t findings[2] = {0, 0};
  std::thread other([&] { findings[1] = Compare(scanner, obvious, 2, 50'000); });
  findings[0] = Compare(scanner, obvious, 1, 50'000);
  other.join();
  EXPECT_GT(findings[0] + findings[1], 50'000u);
}

}  // namespace

}  // namespace postern::secrets
