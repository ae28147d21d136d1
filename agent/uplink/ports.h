// What the uplink has of the rest of the agent: its record, and whoever remembers what the collector says.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "agent/spool/spool.h"
#include "agent/uplink/conversation.h"
#include "shared/base/clock.h"
#include "shared/wire/conversation.h"

namespace postern::membership {
class Membership;
}  // namespace postern::membership

namespace postern::uplink {

// As spool::Spool has them: callbacks come once each, from any thread.
struct Record {
  std::function<spool::Standpoint()> standpoint;
  std::function<void(spool::Mark after, size_t max_bytes,
                     std::function<void(Result<std::vector<spool::SealedGroup>>)> done)>
      read_groups;
  std::function<void(std::vector<spool::Mark> marks, spool::Spool::Claim claim,
                     std::function<void(Status)> done)>
      acknowledge;
  std::function<void(uint64_t incarnation, std::function<void(Status)> done)> begin_incarnation;
  std::function<void(std::function<void()> call)> on_sealed;
};
Record RecordOf(spool::Spool& spool);

// As membership::Membership has them. Called by the uplink's thread; none may wait.
struct Memories {
  std::function<std::optional<wire::SignedMemory>()> memory;
  std::function<uint64_t()> epoch;
  std::function<uint64_t()> revision;
  std::function<Enforced()> enforced;
  std::function<std::vector<wire::KeyRecord>()> tombstones;

  std::function<void()> on_disconnected;
  // `durable`: it is remembered on the disk; it may be empty.
  std::function<void(const std::string& why, std::function<void()> durable)> on_refused;
  std::function<void(const wire::Welcome&, BootTime sent, std::function<void()> durable)> take_welcome;
  std::function<void(const wire::HeartbeatAnswer&, BootTime sent)> take_answer;
  std::function<Status(const wire::SignedMemory&)> remember;
  std::function<bool(const wire::Directory&, std::function<void()> durable)> take_directory;
  std::function<Status(const wire::SealedCredential&)> take_credential;
  // In any thread: what became of that version, and a sentence where it was refused.
  using Answer = std::function<void(uint64_t version, const std::string& sha256, const std::string& refused)>;
  std::function<void(const wire::PolicyPart&, Answer)> take_policy_part;
  std::function<void(const std::string& why)> on_quarantined;
};
Memories MemoriesOf(membership::Membership& membership);

// The agent's purse, where it has one. Called by the uplink's thread; none may wait.
struct Money {
  std::function<WallTime(BootTime)> clock;
  std::function<std::vector<wire::Holding>(uint64_t incarnation)> holdings;
  std::function<void(const wire::Grant&)> take_grant;
  std::function<void(const Clocked&)> take_time;
  std::function<void(uint64_t incarnation)> begin;
};

}  // namespace postern::uplink
