// Events that wait for the verifier, from many agents, taken in turn: whoever sends much waits behind itself.
//
// Bounded twice: an agent's part, beyond which its frames are turned away (it is told "busy" and sends them
// again), and the whole, beyond which nothing is received at all until there is room: then TCP pushes back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "collector/intake/submission.h"

namespace postern::intake {

// Thread-safe.
class FairQueue {
 public:
  struct Bounds {
    size_t per_agent = size_t{6} << 20;  // an agent has at most 4 MiB on the way
    size_t whole = size_t{64} << 20;
  };

  explicit FairQueue(Bounds bounds) : bounds_(bounds) {}

  enum class Taken { kYes, kFull };
  Taken Push(Submission submission);

  // As many as weigh up to `most` together, one at least, one of each agent in turn, an agent's own in their
  // order. Waits for the first; none: the queue is closed and empty.
  std::vector<Submission> Take(size_t most);

  // Whether there is room for all agents, waiting for it until the time is over.
  bool WaitForRoom(std::chrono::milliseconds timeout);

  // Nothing is pushed after this.
  void Close();

  size_t weight() const;
  size_t frames() const;

 private:
  struct Waiting {
    std::deque<Submission> submissions;
    size_t weight = 0;
  };

  Submission TakeNext();

  const Bounds bounds_;
  mutable std::mutex mutex_;
  std::condition_variable filled_;
  std::condition_variable drained_;
  std::map<std::string, Waiting> agents_;
  std::deque<std::string> turns_;  // each agent that has something, once
  size_t weight_ = 0;
  size_t frames_ = 0;
  bool closed_ = false;
};

}  // namespace postern::intake
