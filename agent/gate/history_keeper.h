// Keeps what estimates have learnt (agent/estimate/history.h) in a small file of the state directory, so that
// a restart doesn't begin anew.
//
//   start ─▶ read: what isn't whole counts as nothing, with a line in the log
//   after a quarter of a second, half a second, a second and so on to each minute, where something was learnt
//   since the last time, and at the end ─▶ written beside it, then put in its place
//
// The first lessons are worth most, and an agent that is killed often has only first ones.
// Nothing waits for it and nothing depends on it: what is lost is learnt again, so it is not synced.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

#include "agent/estimate/history.h"
#include "shared/base/result.h"
#include "shared/http/loop.h"
#include "shared/http/worker.h"

namespace postern::gate {

// Owned by the loop thread; files are written by the worker.
class HistoryKeeper final : private http::Timer {
 public:
  static constexpr std::chrono::milliseconds kFirst{250};
  static constexpr std::chrono::minutes kAtMost{1};

  // Reads the file. All must live longer, and the worker must end before the loop.
  HistoryKeeper(http::Loop& loop, http::Worker& worker, estimate::History& history,
                std::filesystem::path file, std::chrono::nanoseconds first = kFirst);

  // After the last lesson: writes what was learnt since the last time. Waits for the disk, two seconds at
  // most.
  void Finish();

 private:
  void Read();
  void OnDeadline() override;

  http::Loop& loop_;
  http::Worker& worker_;
  estimate::History& history_;
  const std::filesystem::path file_;
  std::chrono::nanoseconds pause_;  // until the next look
  uint64_t written_ = 0;            // lessons
};

}  // namespace postern::gate
