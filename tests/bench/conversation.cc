#include "tests/bench/conversation.h"

#include <algorithm>
#include <array>

#include "shared/base/check.h"

namespace postern::bench {
namespace {

constexpr size_t kToolResult = 4096;  // about what reading a source file brings

// Text as tools bring it: words, code, and what JSON must escape.
constexpr std::array<std::string_view, 64> kWords = {
    "the ",       "of ",       "and ",     "request ", "return ", "if (",     ") {\\n  ", "}\\n",
    "const ",     "auto ",     "std::",    "string ",  "value",   " = ",      ";\\n  ",   "// ",
    "function ",  "buffer ",   "socket ",  "because ", "a ",      "to ",      "in ",      "we ",
    "not ",       "size_t ",   "vector<",  "> ",       "\\\"",    "path/to/", "file.cc",  ":",
    "error: ",    "expected ", "number ",  "stream ",  "event ",  "result ",  "while (",  "break;\\n",
    "namespace ", "include ",  "static ",  "(void)",   "[i]",     "->",       "++",       "\\t",
    "commit ",    "branch ",   "test ",    "passed ",  "failed ", "warning ", "module ",  "config ",
    "server ",    "client ",   "latency ", "memory ",  "thread ", "lock ",    "queue ",   "\\u00e9",
};
constexpr size_t kLongestWord = 16;

constexpr std::array<std::string_view, 12> kTools = {"Bash", "Read",      "Edit",     "Write",
                                                     "Glob", "Grep",      "Task",     "Fetch",
                                                     "Todo", "WebSearch", "Notebook", "Plan"};

}  // namespace

Conversation::Conversation(size_t nominal_size, Streaming streaming, uint64_t seed)
    : nominal_size_(nominal_size), random_(seed * 0x9e3779b97f4a7c15 + 0x2545f4914f6cdd1d) {
  for (int i = 0; i < 4; ++i) Random();
  // Each conversation is a session, as the client has it.
  ending_ = is_single_message() ? "\"}]"
                                : "],\"metadata\":{\"user_id\":\"{\\\"session_id\\\":\\\"bench-" +
                                      std::to_string(seed) + "\\\"}\"}";
  ending_ += streaming == Streaming::kYes ? R"(,"stream":true})" : R"(,"stream":false})";
  history_.reserve(nominal_size_ * 5 / 4 + 64);
  Open();
}

void Conversation::Advance() {
  CHECK(turn_ + 1 < kTurns);
  ++turn_;
  if (is_single_message()) AppendProse(TargetSize() - size());
  else AppendExchangeUpTo(TargetSize());
}

size_t Conversation::TargetSize() const {
  return nominal_size_ * 3 / 4 + nominal_size_ * static_cast<size_t>(turn_) / 2 / (kTurns - 1);
}

void Conversation::Open() {
  if (is_single_message()) {
    history_ = R"({"model":"claude-opus-5-5","max_tokens":64,"messages":[{"role":"user","content":")";
    AppendNumber(Random());
    AppendProse(TargetSize() - size());
    return;
  }
  history_ = R"({"model":"claude-opus-5-5","max_tokens":32000,"system":[{"type":"text","text":"Session )";
  AppendNumber(Random());
  AppendProse(2000);
  history_ += R"(","cache_control":{"type":"ephemeral"}}],"tools":[)";
  for (const std::string_view tool : kTools) {
    if (tool != kTools.front()) history_ += ',';
    history_.append(R"({"name":")").append(tool).append(R"(","description":")");
    AppendProse(400);
    history_ +=
        R"(","input_schema":{"type":"object","properties":{"path":{"type":"string"},"limit":{"type":"integer"}}}})";
  }
  history_ += R"(],"messages":[{"role":"user","content":")";
  AppendProse(200);
  history_ += R"("})";
  while (TargetSize() - size() > 3 * kToolResult) AppendExchangeUpTo(size() + kToolResult);
  AppendExchangeUpTo(TargetSize());
}

void Conversation::AppendExchangeUpTo(size_t size_wanted) {
  constexpr std::string_view kClose = R"("}]})";
  const uint64_t id = Random();
  history_ += R"(,{"role":"assistant","content":[{"type":"text","text":")";
  AppendProse(40);
  history_ += R"("},{"type":"tool_use","id":"toolu_)";
  AppendNumber(id);
  history_ += R"(","name":"Read","input":{"path":"src/)";
  AppendNumber(Random());
  history_ += R"(.cc"}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_)";
  AppendNumber(id);
  history_ += R"(","content":")";
  CHECK(size() + kClose.size() <= size_wanted);
  AppendProse(size_wanted - size() - kClose.size());
  history_ += kClose;
}

void Conversation::AppendProse(size_t bytes) {
  const size_t end = history_.size() + bytes;
  while (end - history_.size() > kLongestWord) {
    uint64_t random = Random();
    for (int i = 0; i < 8 && end - history_.size() > kLongestWord; ++i, random >>= 8) {
      history_ += kWords[random % kWords.size()];
    }
  }
  history_.append(end - history_.size(), '.');  // a word cut short might end within an escape
}

void Conversation::AppendNumber(uint64_t number) {
  static constexpr char kDigits[] = "0123456789abcdef";
  for (int shift = 60; shift >= 0; shift -= 4) history_ += kDigits[number >> shift & 15];
}

uint64_t Conversation::Random() {  // xorshift64: speed matters here, quality does not
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_;
}

}  // namespace postern::bench
