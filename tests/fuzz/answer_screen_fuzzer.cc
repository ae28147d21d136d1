// Answers with secrets in them: however their bytes are cut, the same goes on, or nothing does; and what a
// secret is was taken out of it, or is said to have gone on.
//
//   the first byte: how the rest is cut; then the answer's bytes
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/dialect/json_cursor.h"
#include "agent/screening/answer_screen.h"
#include "shared/base/check.h"
#include "tests/agent/screening/rules.h"

using namespace postern;  // NOLINT: this file has no names of its own

namespace {

screening::AnswerTerms Terms() {
  static const auto scanner = screening::SmallScanner();
  static const auto keys = screening::SomeKeys();
  static secrets::Workspace workspace(*scanner);
  screening::AnswerTerms terms;
  terms.scanner = scanner;
  terms.keys = keys;
  terms.workspace = []() -> secrets::Workspace& { return workspace; };
  return terms;
}

// What goes on of an answer that comes in pieces of this size; nothing where it is refused.
std::optional<std::string> PassedOn(std::string_view answer, screening::AnswerScreen::Form form,
                                    size_t piece) {
  dialect::JsonCursor json;
  screening::AnswerScreen screen(Terms(), form, json);
  std::string out;
  for (size_t at = 0; at < answer.size(); at += piece) {
    const auto passed = screen.Feed(answer.substr(at, piece));
    if (!passed) return std::nullopt;
    out += passed->out;
  }
  const auto rest = screen.Finish();
  if (!rest) return std::nullopt;
  out += rest->out;
  for (const screening::Found& found : screen.TakeFound()) CHECK(!found.rule.empty() && found.length > 0);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view answer(reinterpret_cast<const char*>(data) + 1, size - 1);
  for (const auto form : {screening::AnswerScreen::Form::kEvents, screening::AnswerScreen::Form::kObject}) {
    const auto whole = PassedOn(answer, form, answer.size() + 1);
    const auto pieces = PassedOn(answer, form, size_t{1} + data[0] % 64);
    CHECK(whole.has_value() == pieces.has_value());
    if (whole) CHECK(*whole == *pieces);
  }
  return 0;
}
