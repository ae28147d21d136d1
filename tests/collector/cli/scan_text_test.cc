#include "collector/cli/scan_text.h"

#include <random>
#include <sstream>
#include <vector>

#include <gtest/gtest.h>

#include "collector/cli/scan_report.h"
#include "collector/cli/scan_run.h"
#include "shared/secrets/rule_file.h"
#include "tests/support/temporary_directory.h"

namespace postern::cli {
namespace {

constexpr PieceSizes kSmall{.piece = 4'000, .shared = 1'000};

constexpr std::string_view kRules =
    "[[rules]]\nid = 'key'\nregex = 'key=([a-z0-9]{8,300})'\n"
    "[[rules]]\nid = 'lines'\nregex = 'BEGIN\\n(?:\\w+\\n){1,20}END'\n"
    "[[rules]]\nid = 'name'\npath = 'txt$'\n";

// Lines of all lengths, some with findings in them, some as long as several pieces, of characters of one to
// four bytes.
std::string SomeText(std::mt19937& random) {
  const std::vector<std::string> parts = {"word ", "\n", "key=abcd1234", "é", "\U0001f600", "  ", "x", "key",
                                          "a\nb", "\r\n", "BEGIN\nab\ncd\nEND",
                                          // key=base64efgh
                                          " a2V5PWJhc2U2NGVmZ2g= "};
  std::string text;
  const size_t length = 3'000 + random() % 20'000;
  while (text.size() < length) {
    text += parts[random() % parts.size()];
    if (random() % 200 == 0) text += std::string(random() % 9'000, 'y');
    if (random() % 50 == 0) text += " key=" + std::string(8 + random() % 290, 'z');
  }
  return text;
}

std::string Utf16(std::string_view ascii) {
  std::string text = "\xff\xfe";
  for (const char c : ascii) (text += c) += '\0';
  return text;
}

class ScanText : public testing::Test {
 protected:
  std::string Report(const std::string& text, PieceSizes sizes) {
    std::istringstream in(text);
    const ScanResults results = ScanFiles(
        scanner_, {.files = {"-"}, .in = in, .threads = 1, .options = {}, .sizes = sizes, .progress = {}});
    EXPECT_TRUE(results.failures.empty());
    EXPECT_EQ(results.bytes, text.size());
    return SarifReport(results, scanner_.rules(), Showing::kSecrets) +
           JsonReport(results.findings, scanner_.rules(), Showing::kSecrets);
  }

  secrets::Scanner scanner_ =
      secrets::Scanner::Make(secrets::ReadRules(kRules, "rules.toml", {}).value(), {}).value();
};

TEST_F(ScanText, PieceByPieceTheSameIsFoundInTheSamePlaces) {
  std::mt19937 random(7);
  size_t found = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string text = SomeText(random);
    const std::string whole = Report(text, {});
    ASSERT_EQ(Report(text, kSmall), whole) << i;
    found += whole.find("\"ruleId\"") == std::string::npos ? 0 : 1;
  }
  EXPECT_GT(found, 50u);
}

TEST_F(ScanText, Utf16IsCutWithinNoCharacter) {
  std::mt19937 random(8);
  for (int i = 0; i < 20; ++i) {
    std::string text;
    for (const char c : SomeText(random)) text += static_cast<char>(c & 0x7f);
    ASSERT_EQ(Report(Utf16(text), {.piece = 4'001, .shared = 999}), Report(Utf16(text), {})) << i;
  }
  // Pairs of halves.
  std::string pairs = "\xff\xfe";
  for (int i = 0; i < 9'000; ++i) pairs += std::string("\x3d\xd8\x00\xde", 4);
  std::istringstream in(pairs);
  auto pieces = TextPieces::Open("-", in, {.piece = 4'001, .shared = 998});
  std::string text;
  for (auto piece = pieces->Next(); *piece; piece = pieces->Next())
    text += (*piece)->text.substr((*piece)->begin, (*piece)->end - (*piece)->begin);
  EXPECT_EQ(text.size(), 36'000u);
  EXPECT_EQ(text.find("\xef\xbf\xbd"), std::string::npos);
}

TEST_F(ScanText, OfAProgramNoMoreIsReadThanTellsIt) {
  std::string program(
      "\x7f"
      "ELF\2\1\1\0",
      8);
  program += std::string(1 << 20, 'x') + "key=abcd1234";
  std::istringstream in(program);
  auto pieces = TextPieces::Open("-", in, {});
  const auto piece = pieces->Next();
  ASSERT_TRUE(piece && *piece);
  EXPECT_EQ((*piece)->text, "");
  EXPECT_FALSE(*pieces->Next());
  EXPECT_LT(pieces->bytes_read(), program.size());
}

TEST_F(ScanText, WhatCannotBeReadIsAnError) {
  std::istringstream in;
  const support::TemporaryDirectory directory;
  for (const std::string& file : {std::string("/nowhere/file"), directory.path()})
    EXPECT_EQ(TextPieces::Open(file, in).error().code, ErrorCode::kNotFound);
  // It opens, and reading fails.
  auto pieces = TextPieces::Open("/proc/self/mem", in);
  ASSERT_TRUE(pieces);
  EXPECT_EQ(pieces->Next().error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace postern::cli
