// Who waits for events: how many may, and how all of them are woken when the API closes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace postern::api {

// Thread-safe.
class Tails {
 public:
  explicit Tails(size_t most) : most_(most) {}

  // A place among those who wait, given back at the end. Of one caller at most half of them.
  class Place {
   public:
    Place(Tails& tails, std::string caller);
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place();
    bool taken() const { return taken_; }

   private:
    Tails& tails_;
    const std::string caller_;
    const bool taken_;
  };

  // Whether to go on: the time has passed, and the API isn't closing.
  bool Wait(std::chrono::milliseconds time);
  void Close();
  size_t waiting() const;

 private:
  bool Take(const std::string& caller);
  void Give(const std::string& caller);

  const size_t most_;
  mutable std::mutex mutex_;
  std::condition_variable closing_;
  std::map<std::string, size_t> of_caller_;
  size_t all_ = 0;
  bool closed_ = false;
};

}  // namespace postern::api
