#include "agent/uplink/ports.h"

#include <utility>

#include "agent/membership/membership.h"
#include "agent/uplink/uplink.h"
#include "shared/base/check.h"
#include "shared/crypto/random.h"

namespace postern::uplink {
namespace {

constexpr size_t kMostTombstones = 1024;  // wire::kMaxDirectoryItems: as many as one message holds

}  // namespace

Options OptionsOf(const membership::Enrolment& enrolment, std::string host, std::string machine,
                  std::string agent_version) {
  auto secret = bus::CurveKeyFromBytes(enrolment.conversation_key.view());
  CHECK(secret);
  Options options;
  options.bus = {.address = enrolment.bus,
                 .keys = bus::CurveKeys::FromSecret(*secret),
                 .server_key = enrolment.server_key};
  crypto::Cleanse({reinterpret_cast<char*>(secret->data()), secret->size()});
  options.self = {.life = {},
                  .agent_version = std::move(agent_version),
                  .host = std::move(host),
                  .machine = std::move(machine),
                  .collector = enrolment.collector,
                  .log_key = std::string(enrolment.log_key.raw())};
  return options;
}

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
  memories.enforced = [&membership] {
    const membership::Enforced enforced = membership.enforced();
    return Enforced{enforced.policy.version, enforced.policy.sha256, enforced.strict,
                    static_cast<uint32_t>(enforced.policy_ttl.count())};
  };
  memories.tombstones = [&membership] { return membership.Tombstones(kMostTombstones); };
  memories.on_disconnected = [&membership] { membership.OnDisconnected(); };
  memories.on_refused = [&membership](const std::string& why, std::function<void()> durable) {
    membership.OnRefused(why, std::move(durable));
  };
  memories.take_welcome = [&membership](const wire::Welcome& welcome, BootTime sent,
                                        std::function<void()> durable) {
    membership.Take(welcome, sent, std::move(durable));
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
  memories.take_policy_part = [&membership](const wire::PolicyPart& part, Memories::Answer answer) {
    membership.Take(part, [answer = std::move(answer)](const membership::PolicyAnswer& what) {
      answer(what.policy.version, what.policy.sha256, what.refused);
    });
  };
  memories.on_quarantined = [&membership](const std::string& why) { membership.OnQuarantined(why); };
  return memories;
}

}  // namespace postern::uplink
