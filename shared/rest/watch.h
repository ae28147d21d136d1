// Deadlines for threads that block in other people's code: whoever is past its own has its connection shut
// down under it, and so comes back with an error, whatever it was waiting for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace postern::rest {

// Has a thread of its own. Thread-safe.
class Watch {
 public:
  using Clock = std::chrono::steady_clock;

  // One watched connection. Owned by the thread that serves it, and must not outlive the watch.
  class Entry {
   public:
    // Watches a duplicate of the descriptor, so that the connection may be closed by anybody at any time and
    // its number be used again. Where none can be had, the connection is shut down at once.
    Entry(Watch& watch, int descriptor);
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry();

    void Expect(std::chrono::milliseconds within);  // something must be done by then
    void Wait(std::chrono::milliseconds within);    // as Expect, but nothing is under way: Drain ends it
    void Free();                                    // nothing is expected
    bool expired() const;                           // its deadline passed

   private:
    Watch& watch_;
    const uint64_t id_;
  };

  Watch();
  ~Watch();

  // Shuts down who waits, now and from now on.
  void Drain();

 private:
  struct Watched {
    int descriptor = -1;
    std::optional<Clock::time_point> deadline;
    bool waiting = false;
    bool expired = false;
  };

  uint64_t Add(int descriptor);
  void Run();
  void Set(uint64_t id, std::optional<Clock::time_point> deadline, bool waiting);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<uint64_t, Watched> watched_;  // under mutex_, as all below
  uint64_t next_id_ = 0;
  bool draining_ = false;
  bool ending_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace postern::rest
