// Events of one frame on their way through intake, and what became of them. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/store/types.h"
#include "collector/treasury/treasury.h"
#include "shared/bus/server.h"
#include "shared/wire/conversation.h"

namespace postern::intake {

struct Submission {
  std::string agent;
  bus::Peer peer{};
  uint64_t greeting = 0;  // which Hello it follows: what was found wrong after one holds until the next
  wire::Events events;

  // About what it takes in memory: small events cost more than their bytes.
  size_t weight() const;
};

// Something that somebody should look at.
struct Alarm {
  std::string reason;
  std::string agent;
  std::string sentence;
  uint64_t incarnation = 0;
};

// What an agent is told of its events once the batch is on the disk.
struct Reply {
  bus::Peer peer{};
  std::string agent;
  std::vector<wire::Place> marks;          // each chain's new end, the last spoken of last
  std::vector<wire::Rejected> rejections;  // after the marks
};

// Verified and not yet stored.
struct Batch {
  uint64_t number = 0;
  uint64_t generation = 0;  // Recorder: good only while no batch has failed since
  store::Change change;
  std::vector<treasury::Settlement> settlements;  // of its events, in their order
  std::vector<Reply> replies;
  std::vector<Alarm> alarms;
  std::vector<Alarm> forks;  // whose agents are to be quarantined
};

}  // namespace postern::intake
