#include "tests/end_to_end/fleet/station.h"

#include <cstdio>
#include <filesystem>

#include "agent/enrolment/enrol.h"
#include "agent/spool/agent_key.h"
#include "agent/spool/machine.h"
#include "shared/base/check.h"
#include "shared/base/ids.h"
#include "shared/base/version.h"
#include "shared/crypto/random.h"
#include "tests/end_to_end/fleet/until.h"

namespace postern::end_to_end {
namespace {

std::string MakeExchange() {
  std::array<uint8_t, 10> random{};
  crypto::RandomBytes(random);
  return std::string(ExchangeId::Make(WallNow(), random).raw());
}

wire::Event Intent(const std::string& exchange) {
  wire::Event event;
  wire::Intent& intent = *event.mutable_intent();
  intent.set_exchange(exchange);
  intent.mutable_principal()->set_key_id("abcdefghijkl");
  intent.mutable_principal()->set_user("alice@example.com");
  intent.mutable_principal()->set_team("platform");
  intent.set_call(wire::CALL_MESSAGES);
  intent.set_model("claude-sonnet-4-5");
  return event;
}

wire::Event Outcome(const std::string& exchange) {
  wire::Event event;
  wire::Outcome& outcome = *event.mutable_outcome();
  outcome.set_exchange(exchange);
  outcome.set_status(200);
  outcome.set_ending(wire::ENDING_COMPLETE);
  outcome.mutable_usage()->set_input(7);
  outcome.mutable_usage()->set_output(3);
  outcome.set_cost_nano_dollars(11);
  return event;
}

}  // namespace

Station::Station(Keep& keep) : context_(*bus::Context::Make()) {
  auto enrolment = enrolment::Enrol({.url = keep.url(), .state_directory = state()}, keep.EnrolmentToken());
  if (!enrolment) std::fprintf(stderr, "%s\n", enrolment.error().message.c_str());
  CHECK(enrolment);
  enrolment_ = *std::move(enrolment);
}

Station::Station(const Station& other)
    : context_(*bus::Context::Make()), machine_id_file_(other.machine_id_file_) {
  std::filesystem::copy(other.state(), state(), std::filesystem::copy_options::recursive);
  auto enrolment = membership::LoadEnrolment(state());
  CHECK(enrolment && *enrolment);
  enrolment_ = **std::move(enrolment);
}

Station::~Station() { Close(); }

void Station::Open() {
  spool::Options options;
  options.journal.directory = state();
  options.journal.machine_id_file = machine_id_file_;
  options.journal.retention = spool::Retention::kAcknowledged;
  options.sync = spool::SyncMode::kLazily;
  options.full = spool::FullPolicy::kBlock;
  auto spool = spool::Spool::Open(std::move(options));
  CHECK(spool);
  spool_ = *std::move(spool);
  last_ = {};
  membership::Options remembered;
  remembered.directory = state();
  remembered.incarnation = spool_->incarnation();
  auto membership = membership::Membership::Open(*enrolment_, std::move(remembered));
  CHECK(membership);
  membership_ = *std::move(membership);
  key_ = std::make_unique<crypto::SigningKey>(*spool::LoadOrMakeKey(state()));
  auto uplink = uplink::Uplink::Start(
      *context_,
      uplink::OptionsOf(*enrolment_, "host", spool::HashMachine(machine_id_file_), std::string(kVersion)),
      *key_, uplink::RecordOf(*spool_), uplink::MemoriesOf(*membership_));
  CHECK(uplink);
  uplink_ = *std::move(uplink);
}

void Station::Close() {
  uplink_.reset();
  membership_.reset();
  if (spool_) CHECK(spool_->Close());
  spool_.reset();
}

void Station::Exchange() {
  const std::string exchange = MakeExchange();
  for (const auto& event : {Intent(exchange), Outcome(exchange)}) {
    // The queue is bounded: wait for the thread where it is full.
    CHECK(Until([&] {
      const auto ticket = spool_->Append(event);
      if (ticket) last_ = *ticket;
      return ticket.has_value();
    }));
  }
}

bool Station::Settled() const {
  return uplink_->stats().welcomed && spool_->synced() >= last_ && spool_->standpoint().unacknowledged == 0;
}

void Station::MoveToAnotherMachine() {
  machine_id_file_ = directory_.Write("another-machine-id", "0123456789abcdef0123456789abcdef\n");
}

void Station::LoseRecord() const { std::filesystem::remove_all(state() + "/store"); }

}  // namespace postern::end_to_end
