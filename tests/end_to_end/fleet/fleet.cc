#include "tests/end_to_end/fleet/fleet.h"

#include <algorithm>
#include <cstdio>

#include "agent/enrolment/enrol.h"
#include "agent/spool/agent_key.h"
#include "agent/spool/machine.h"
#include "shared/base/check.h"
#include "shared/base/version.h"
#include "tests/end_to_end/fleet/forwarder.h"

namespace postern::end_to_end {
namespace {

constexpr int kEnrolmentsOfAnAddress = 15;  // the API allows 20 at once
constexpr const char* kMachineIdFile = "/etc/machine-id";

}  // namespace

void Fleet::Enrol(int agents) {
  Forwarder forwarder(keep_.api_port());
  for (int i = 0; i < agents; ++i) {
    forwarder.ComeFrom("127.0.0." + std::to_string(2 + i / kEnrolmentsOfAnAddress % 250));
    const std::string state = directory_ / ("agent" + std::to_string(i));
    auto enrolment = enrolment::Enrol(
        {.url = "https://127.0.0.1:" + std::to_string(forwarder.port()), .state_directory = state},
        keep_.EnrolmentToken());
    if (!enrolment) std::fprintf(stderr, "%s\n", enrolment.error().message.c_str());
    CHECK(enrolment);
    auto key = spool::LoadOrMakeKey(state);
    CHECK(key);
    auto record = std::make_unique<uplink::ChainRecord>(0xA000'0000 + static_cast<uint64_t>(i),
                                                        spool::HashMachine(kMachineIdFile), *std::move(key));
    members_.push_back(
        {*std::move(enrolment), std::move(record), std::make_unique<uplink::Notebook>(), nullptr});
  }
  auto context = bus::Context::Make(agents);
  CHECK(context);
  context_ = *std::move(context);
}

void Fleet::Connect() {
  for (Member& member : members_) {
    auto uplink = uplink::Uplink::Start(
        *context_,
        uplink::OptionsOf(member.enrolment, "host", member.record->machine(), std::string(kVersion)),
        member.record->key(), member.record->record(), member.notebook->memories());
    CHECK(uplink);
    member.uplink = *std::move(uplink);
  }
}

void Fleet::Append(int events) {
  for (Member& member : members_) member.record->Append(events);
}

size_t Fleet::Count(const std::function<bool(const Member&)>& holds) const {
  return static_cast<size_t>(std::count_if(members_.begin(), members_.end(), holds));
}

size_t Fleet::welcomed() const {
  return Count([](const Member& member) { return member.uplink->stats().welcomed; });
}

size_t Fleet::connected() const {
  return Count(
      [](const Member& member) { return member.uplink->stats().connection == bus::ClientState::kConnected; });
}

size_t Fleet::settled() const {
  return Count([](const Member& member) { return member.record->standpoint().unacknowledged == 0; });
}

uint64_t Fleet::events() const {
  uint64_t count = 0;
  for (const Member& member : members_)
    for (const wire::Place& end : member.record->standpoint().kept) count += end.sequence;
  return count;
}

uint64_t Fleet::sent() const {
  uint64_t count = 0;
  for (const Member& member : members_) count += member.uplink->stats().events_sent;
  return count;
}

}  // namespace postern::end_to_end
