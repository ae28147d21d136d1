// Answers made beforehand, for benchmarks: chosen by a request header, sent without a look at the body.
//
//   x-sim: 1k                     a JSON body of 1,024 bytes (or 300, 64k, 2m …)
//   x-sim: sse:200x120:burst      200 events of 120 bytes, each a chunk of its own, in one write
//   x-sim: sse:200x120:writes     the same, each in a write of its own, as fast as they are taken
//   x-sim: sse:200x120:paced:5    the same, one every 5 ms
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/provider/plan.h"

namespace postern::provider {

struct CannedAnswer {
  std::string bytes;         // head, framing, all
  std::vector<size_t> ends;  // where each write ends; empty for a single one
  std::chrono::milliseconds pace{0};
  Tokens tokens;
};

inline constexpr std::string_view kCannedModel = "claude-sonnet-5-5";

// Thread-compatible.
class CannedAnswers {
 public:
  // Null when `spec` isn't one of the above. Made once; valid for ever (at most kMost are made).
  const CannedAnswer* Get(std::string_view spec);

 private:
  static constexpr size_t kMost = 256;
  std::map<std::string, CannedAnswer, std::less<>> made_;
};

}  // namespace postern::provider
