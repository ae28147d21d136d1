#include "agent/uplink/ports.h"

#include <utility>

#include "agent/membership/membership.h"

namespace postern::uplink {
namespace {

constexpr size_t kMostTombstones = 1024;  // wire::kMaxDirectoryItems: as many as one message holds

}  // namespace

Record RecordOf(spool::Spool& spool) {
  Record record;
  record.standpoint = [&spool] { return spool.standpoint(); };
  record.read_groups = [&spool](spool::Mark after, size_t max_bytes, auto done) {
    spool.ReadGroups(after, max_bytes, std::move(done));
  };
  record.acknowledge = [&spool](std::vector<spool::Mark> marks, spool::Spool::Claim claim, auto done) {
    spool.Acknowledge(std::move(marks), claim, std::move(done));
  };
  record.begin_incarnation = [&spool](uint64_t incarnation, auto done) {
    spool.BeginIncarnation(incarnation, std::move(done));
  };
  record.on_sealed = [&spool](std::function<void()> call) { spool.OnSealed(std::move(call)); };
  return record;
}

Memories MemoriesOf(membership::Membership& membership) {
  Memories memories;
  memories.memory = [&membership] { return membership.memory(); };
  memories.epoch = [&membership] { return membership.epoch(); };
  memories.revision = [&membership] { return membership.revision(); };
  memories.tombstones = [&membership] { return membership.Tombstones(kMostTombstones); };
  memories.on_disconnected = [&membership] { membership.OnDisconnected(); };
  memories.on_refused = [&membership] { membership.OnRefused(); };
  memories.take_welcome = [&membership](const wire::Welcome& welcome, BootTime sent) {
    membership.Take(welcome, sent);
  };
  memories.take_answer = [&membership](const wire::HeartbeatAnswer& answer, BootTime sent) {
    membership.Take(answer, sent);
  };
  memories.remember = [&membership](const wire::SignedMemory& memory) { return membership.Remember(memory); };
  memories.take_directory = [&membership](const wire::Directory& directory, std::function<void()> durable) {
    return membership.Take(directory, std::move(durable));
  };
  memories.take_credential = [&membership](const wire::SealedCredential& credential) {
    return membership.Take(credential);
  };
  memories.on_quarantined = [&membership](const std::string& why) { membership.OnQuarantined(why); };
  return memories;
}

}  // namespace postern::uplink
