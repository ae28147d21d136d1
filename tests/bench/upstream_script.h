// What a request asks of the upstream. This is the one place that knows how the load generator and the
// upstream agree on it: a header, since bodies should stay what Claude Code sends and every proxy passes
// unknown headers on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tests/bench/conversation.h"

namespace postern::bench {

enum class Answer {
  kMessage,  // one JSON document of about 1 KB
  kBurst,    // server-sent events as fast as they can be written, each in a write of its own
  kPaced,    // the same, 5 ms apart
};

inline constexpr int kEventsInAnswer = 200;
inline constexpr int kEventBytes = 120;
inline constexpr int kPaceMilliseconds = 5;

constexpr Streaming StreamingOf(Answer answer) {
  return answer == Answer::kMessage ? Streaming::kNo : Streaming::kYes;
}

inline constexpr std::string_view kScriptHeader = "x-bench-answer";

constexpr std::string_view ScriptName(Answer answer) {
  switch (answer) {
    case Answer::kMessage: return "message";
    case Answer::kBurst: return "burst";
    case Answer::kPaced: return "paced";
  }
  return "unknown";
}

// The request's header line with its CRLF.
inline std::string ScriptHeaderLine(Answer answer) {
  return std::string(kScriptHeader).append(": ").append(ScriptName(answer)).append("\r\n");
}

constexpr std::optional<Answer> ParseScript(std::string_view name) {
  for (const Answer answer : {Answer::kMessage, Answer::kBurst, Answer::kPaced}) {
    if (name == ScriptName(answer)) return answer;
  }
  return std::nullopt;
}

}  // namespace postern::bench
