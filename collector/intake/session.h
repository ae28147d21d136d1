// One connection of an agent, as the conversation thread knows it. Plain data.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>

#include "collector/intake/allowance.h"
#include "collector/intake/subscriptions.h"
#include "shared/base/clock.h"
#include "shared/bus/server.h"

namespace postern::intake {

struct Session {
  bus::Peer peer{};
  std::string agent;
  std::string address;

  uint64_t greeting = 0;     // the number of its last Hello that was welcomed; 0: none, and nothing is taken
  uint64_t incarnation = 0;  // of that Welcome
  Subscriptions subscriptions;
  std::set<std::string> credentials;  // names of those that were sealed to it on this connection
  BootTime credentials_due{};         // when they are sealed anew
  uint64_t seen = 0;                  // the newest revision that it has said to know on this connection

  // The agent was revoked and has been told so: nothing but Seen of this revision is taken any more, and then
  // the connection is cut.
  struct Dismissal {
    bus::CurveKey key{};
    uint64_t revision = 0;
    BootTime end{};  // it is cut whatever the agent says
  };
  std::optional<Dismissal> dismissed;

  std::deque<std::string> backlog;  // frames that found ZeroMQ's queue to this peer full, in their order
  size_t backlog_bytes = 0;
  // More than this waits for an agent that doesn't read: it is cut off.
  static constexpr size_t kMostBacklog = size_t{4} << 20;

  // What it may do, however it behaves.
  Allowance hellos{4, std::chrono::seconds(1)};
  Allowance queries{64, std::chrono::milliseconds(50)};
  // Each exchange that waits repeats its demand every 60 ms; each that ends may give something back.
  Allowance demands{1024, std::chrono::microseconds(500)};
  Allowance returns{1024, std::chrono::microseconds(500)};
  Allowance malformed{16, std::chrono::seconds(10)};
  Allowance scoldings{8, std::chrono::milliseconds(500)};  // rejections that answer no group
};

}  // namespace postern::intake
