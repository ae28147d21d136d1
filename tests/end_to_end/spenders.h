// Clients that spend: each asks for a streamed answer of random length, and for the next as soon as that has
// ended, in whatever way.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "shared/base/guarded.h"
#include "tests/end_to_end/host.h"

namespace postern::end_to_end {

// How answers are to be, and what they may be.
struct Appetite {
  std::string model = "claude-haiku-4-5";
  int64_t max_tokens = 32'000;
  int64_t least = 50;  // tokens of an answer
  int64_t most = 4'000;
  int pace_ms = 20;  // between the ten events that it comes in
};

// What clients were told.
struct Told {
  uint64_t whole = 0;
  uint64_t exhausted = 0;               // refused: too little is left
  uint64_t ended = 0;                   // in the middle, for a budget
  uint64_t away = 0;                    // refused: the collector gave no answer, is away, or has set it aside
  uint64_t broken = 0;                  // the agent went
  std::map<std::string, uint64_t> odd;  // anything else, as "status body"
};

// One answer to a request of that many tokens.
enum class Fate { kWhole, kExhausted, kEnded, kAway, kBroken, kOdd };
Fate AskOnce(uint16_t port, const support::Headers& headers, const Appetite& appetite, int64_t tokens,
             std::string& odd);

// Thread-safe. A thread a client.
class Spenders {
 public:
  Spenders(Appetite appetite, support::Headers headers)
      : appetite_(std::move(appetite)), headers_(std::move(headers)) {}
  ~Spenders() { Stop(); }

  // So many more, at that host. Its port is read each time: 0 while nobody listens there.
  void Add(const std::atomic<uint16_t>& port, int clients);
  // Ends after what is under way. May be called again.
  void Stop();

  Told told() const;

 private:
  void Run(const std::atomic<uint16_t>& port, uint32_t seed);

  const Appetite appetite_;
  const support::Headers headers_;
  std::atomic<bool> stopping_{false};
  Guarded<Told> told_;
  std::vector<std::thread> threads_;
};

}  // namespace postern::end_to_end
