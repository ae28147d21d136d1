// A thread for what would block the loop: name look-ups of all kinds.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace postern::http {

// Does one job after the other, in order; what waits when it is destroyed is dropped, what has begun is
// finished. Thread-safe.
class Worker {
 public:
  Worker();
  ~Worker();

  void Do(std::function<void()> job);

 private:
  void Run(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any posted_;
  std::vector<std::function<void()>> jobs_;  // under mutex_
  std::jthread thread_;
};

}  // namespace postern::http
