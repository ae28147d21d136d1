// What the committer has to do next: one verified batch, alarms, money to be worked out. One batch is
// committed while the next is verified; the verifier waits where it is quicker.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <vector>

#include "collector/intake/submission.h"

namespace postern::intake {

// Thread-safe.
class HandOver {
 public:
  static constexpr size_t kMostAlarms = 256;  // that wait; Alarms lets few through

  // Waits until the batch before was taken.
  void Put(Batch batch);

  // False where too many wait already: it is dropped.
  bool Put(Alarm alarm);

  struct Work {
    std::vector<Alarm> alarms;
    std::optional<Batch> batch;
    bool ended = false;  // there is nothing more and there will be nothing
  };
  // Waits for something, or so long: then there may be nothing.
  Work Take(std::chrono::nanoseconds patience = std::chrono::hours(1));

  // There is something to do that isn't handed over here.
  void Nudge();

  // No batch comes any more.
  void Close();

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable emptied_;
  std::optional<Batch> batch_;
  std::vector<Alarm> alarms_;
  bool nudged_ = false;
  bool closed_ = false;
};

}  // namespace postern::intake
