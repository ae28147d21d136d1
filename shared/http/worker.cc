#include "shared/http/worker.h"

#include <utility>

#include <pthread.h>

namespace postern::http {

Worker::Worker() : thread_([this](const std::stop_token& stop) { Run(stop); }) {}

Worker::~Worker() {
  thread_.request_stop();
  posted_.notify_all();
}

void Worker::Do(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  posted_.notify_one();
}

void Worker::Run(const std::stop_token& stop) {
  ::pthread_setname_np(::pthread_self(), "worker");
  for (;;) {
    std::vector<std::function<void()>> jobs;
    {
      std::unique_lock lock(mutex_);
      if (!posted_.wait(lock, stop, [this] { return !jobs_.empty(); })) return;
      jobs.swap(jobs_);
    }
    for (const auto& job : jobs) {
      if (stop.stop_requested()) return;
      job();
    }
  }
}

}  // namespace postern::http
