// Refusals on their way into the record, so that nobody can fill it by asking for what is refused.
//
// The first of its kind is recorded at once. While more like it come, they are counted, and one event speaks
// of all of them (wire::Refusal.times): after a second, and then after ever longer pauses, a minute at the
// most. Alike are refusals with the same reason, rule, key, OS user, call and model. A client can vary all
// but the first, so only kMostKinds are told apart; of what comes beyond, those with the same reason are
// alike.
//
// Thus a flood, however it varies, costs at most kMostKinds and one event a reason each minute. What is
// counted and not yet in an event is lost when the agent is killed; nothing of it went upstream.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "shared/base/clock.h"
#include "shared/wire/event.h"

namespace postern::gate {

// Pure: time comes in. Thread-compatible.
class RefusalLog {
 public:
  static constexpr size_t kMostKinds = 64;
  static constexpr std::chrono::nanoseconds kFirstPause = std::chrono::seconds(1);
  static constexpr std::chrono::nanoseconds kLongestPause = std::chrono::minutes(1);

  // Takes an event with a refusal in it. Gives it back where it is to be recorded now.
  std::optional<wire::Event> Take(wire::Event event, BootTime now, WallTime wall_now);

  // When TakeDue will have something to do; nothing while nothing is remembered.
  std::optional<BootTime> next_due() const;
  // The events whose pause is over, and forgets the kinds of which no more came.
  std::vector<wire::Event> TakeDue(BootTime now);
  // All that is counted, for the end.
  std::vector<wire::Event> TakeAll();

 private:
  struct Kind {
    std::optional<wire::Event> counted{};  // the last one, with the number and times of all
    std::chrono::nanoseconds pause = kFirstPause;
    BootTime due{};
  };

  std::unordered_map<std::string, Kind> kinds_;
  size_t specific_ = 0;  // of them, those with a whole key
};

}  // namespace postern::gate
