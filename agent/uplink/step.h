// What a conversation with the collector wants done, in its order: messages to be sent, what the spool is to
// read or to trim, and what the collector has said for others.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "agent/spool/spool.h"
#include "agent/uplink/sender.h"
#include "shared/base/clock.h"
#include "shared/wire/conversation.h"

namespace postern::uplink {

struct Say {
  wire::FromAgent message;
};
struct Read {
  Reading reading;
};
struct Acknowledge {
  std::vector<wire::Place> marks;
  spool::Spool::Claim claim{};
};
struct BeginIncarnation {
  uint64_t incarnation = 0;
};
// The connection is of no use.
struct HangUp {
  std::string why;
};
// The rest is for whoever remembers what the collector says.
struct Greeted {
  wire::Welcome welcome;
  BootTime sent{};  // when the Hello was that it answers, or an earlier one
};
struct Heard {
  wire::HeartbeatAnswer answer;
  BootTime sent{};  // when the heartbeat was
};
struct Remember {
  wire::SignedMemory memory;
};
struct Learn {
  wire::Directory directory;
};
struct Open {
  wire::SealedCredential credential;
};
// A piece of a policy.
struct Assemble {
  wire::PolicyPart part;
};
struct Quarantined {
  std::string why;
};
// This agent was revoked. With a revision: the collector waits to hear that it is remembered.
struct Dismissed {
  std::string why;
  uint64_t revision = 0;
};
// For the wallet: an answer to its demand, or a recall.
struct Pay {
  wire::Grant grant;
};
// For the agent's clock. What the collector said was its time; with `renews` it is of an answered heartbeat.
struct Clocked {
  BootTime sent{};
  BootTime arrived{};
  WallTime collector{};
  bool renews = false;
};
// The record goes on under this incarnation; said again at each Welcome.
struct Begun {
  uint64_t incarnation = 0;
};
// A sentence for the log.
struct Remark {
  std::string sentence;
  std::string reason;
};

using Step = std::variant<Say, Read, Acknowledge, BeginIncarnation, HangUp, Greeted, Heard, Remember, Learn,
                          Open, Assemble, Quarantined, Dismissed, Pay, Clocked, Begun, Remark>;

}  // namespace postern::uplink
