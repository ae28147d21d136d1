// What a request asks of the upstream, which is the provider simulator. This is the one place that knows how
// the load generator and the simulator agree on it: a header, since bodies should stay what Claude Code sends
// and every proxy passes unknown headers on.
#pragma once

#include <string>
#include <string_view>

#include "tests/bench/conversation.h"

namespace postern::bench {

enum class Answer {
  kMessage,  // one JSON document of about 1 KB
  kBurst,    // server-sent events as fast as they can be written, each in a write of its own
  kPaced,    // the same, 5 ms apart
};

// The events of the script; the simulator adds those that every stream begins and ends with.
inline constexpr int kEventsInAnswer = 200;

constexpr Streaming StreamingOf(Answer answer) {
  return answer == Answer::kMessage ? Streaming::kNo : Streaming::kYes;
}

constexpr std::string_view ScriptOf(Answer answer) {
  switch (answer) {
    case Answer::kMessage: return "1k";
    case Answer::kBurst: return "sse:200x120:writes";
    case Answer::kPaced: return "sse:200x120:paced:5";
  }
  return "";
}

// The request's header line with its CRLF.
inline std::string ScriptHeaderLine(Answer answer) {
  return std::string("x-sim: ").append(ScriptOf(answer)).append("\r\n");
}

}  // namespace postern::bench
