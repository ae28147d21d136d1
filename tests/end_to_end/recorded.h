// What the record holds, by the User-Agent that a test gave each request.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "agent/spool/verifier.h"
#include "shared/wire/event.h"

namespace postern::end_to_end {

struct Recorded {
  struct Exchange {
    int intents = 0;                      // with this User-Agent
    std::vector<wire::Ending> endings{};  // of their outcomes
  };
  std::map<std::string, Exchange> exchanges;
  std::vector<wire::Gap> gaps;
  uint64_t starts = 0;
  uint64_t interrupted = 0;  // outcomes that a later life gave
  uint64_t stray = 0;        // outcomes without an intent
  bool gapless = true;       // sequences are 1, 2, 3 … in each incarnation
  spool::Verdict verdict;

  int IntentsOf(const std::string& user_agent) const;
};

// Reads the store of an agent that doesn't run.
Recorded ReadRecord(const std::string& state_directory);

}  // namespace postern::end_to_end
