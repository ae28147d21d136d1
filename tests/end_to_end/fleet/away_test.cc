// The collector is away while an agent works on: its whole record, on a disk, arrives when it comes back.
#include <cstdio>

#include <gtest/gtest.h>

#include "agent/enrolment/enrol.h"
#include "agent/membership/membership.h"
#include "agent/spool/agent_key.h"
#include "agent/spool/machine.h"
#include "agent/spool/spool.h"
#include "agent/uplink/uplink.h"
#include "shared/base/log.h"
#include "shared/base/version.h"
#include "tests/end_to_end/fleet/fleet.h"

namespace postern::end_to_end {
namespace {

constexpr int kExchanges = 10'000;
constexpr const char* kMachineIdFile = "/etc/machine-id";

std::string ExchangeBytes(int number) {
  std::string bytes(16, '\0');
  for (size_t i = 0; i < 4; ++i) bytes[i] = static_cast<char>(number >> (8 * i));
  return bytes;
}

wire::Event Intent(int number) {
  wire::Event event;
  wire::Intent& intent = *event.mutable_intent();
  intent.set_exchange(ExchangeBytes(number));
  intent.mutable_principal()->set_key_id("abcdefghijkl");
  intent.mutable_principal()->set_user("alice@example.com");
  intent.mutable_principal()->set_team("platform");
  intent.set_call(wire::CALL_MESSAGES);
  intent.set_model("claude-sonnet-4-5");
  return event;
}

wire::Event Outcome(int number) {
  wire::Event event;
  wire::Outcome& outcome = *event.mutable_outcome();
  outcome.set_exchange(ExchangeBytes(number));
  outcome.set_status(200);
  outcome.set_ending(wire::ENDING_COMPLETE);
  outcome.mutable_usage()->set_input(7);
  outcome.mutable_usage()->set_output(3);
  outcome.set_cost_nano_dollars(11);
  return event;
}

class AwayTest : public testing::Test {
 protected:
  void SetUp() override {
    ConfigureLog(Level::kError, LogFormat::kText);
    keep_.Start();
    auto enrolment =
        enrolment::Enrol({.url = keep_.url(), .state_directory = state()}, keep_.EnrolmentToken());
    ASSERT_TRUE(enrolment) << enrolment.error().message;
    enrolment_ = *std::move(enrolment);
    Open();
  }

  std::string state() const { return directory_ / "agent"; }

  // The agent's parts, as its composition root puts them together.
  void Open() {
    spool::Options options;
    options.journal.directory = state();
    options.sync = spool::SyncMode::kLazily;
    options.full = spool::FullPolicy::kBlock;
    options.journal.retention = spool::Retention::kAcknowledged;
    spool_ = *spool::Spool::Open(std::move(options));
    membership::Options remembered;
    remembered.directory = state();
    membership_ = *membership::Membership::Open(*enrolment_, std::move(remembered));
    key_ = std::make_unique<crypto::SigningKey>(*spool::LoadOrMakeKey(state()));
    uplink_ = *uplink::Uplink::Start(
        *context_,
        uplink::OptionsOf(*enrolment_, "host", spool::HashMachine(kMachineIdFile), std::string(kVersion)),
        *key_, uplink::RecordOf(*spool_), uplink::MemoriesOf(*membership_));
  }
  void Close() {
    uplink_.reset();
    membership_.reset();
    ASSERT_TRUE(spool_->Close());
    spool_.reset();
  }

  void Exchange(int number) {
    for (const auto& event : {Intent(number), Outcome(number)}) {
      // The queue takes 16,384 events: wait for the thread where it is full.
      ASSERT_TRUE(Fleet::Until([&] { return spool_->Append(event).has_value(); }));
    }
  }
  bool Settled() {
    const auto standpoint = spool_->standpoint();
    return standpoint.unacknowledged == 0 && spool_->stats().queued == 0;
  }

  Keep keep_;
  const support::TemporaryDirectory directory_;
  std::unique_ptr<bus::Context> context_ = *bus::Context::Make();
  std::optional<membership::Enrolment> enrolment_;
  std::unique_ptr<spool::Spool> spool_;
  std::unique_ptr<membership::Membership> membership_;
  std::unique_ptr<crypto::SigningKey> key_;
  std::unique_ptr<uplink::Uplink> uplink_;
};

TEST_F(AwayTest, TenThousandExchangesArriveInOrderWhenTheCollectorIsBack) {
  ASSERT_TRUE(Fleet::Until([&] { return uplink_->stats().welcomed && Settled(); }));
  keep_.Kill();
  for (int i = 0; i < kExchanges / 2; ++i) Exchange(i);
  Close();  // the agent is started anew while its collector is away
  Open();
  for (int i = kExchanges / 2; i < kExchanges; ++i) Exchange(i);

  keep_.Start();
  ASSERT_TRUE(Fleet::Until([&] { return uplink_->stats().welcomed; }));
  const auto took = Fleet::Until([&] { return Settled(); });
  ASSERT_TRUE(took) << spool_->standpoint().unacknowledged << " events are not acknowledged; "
                    << uplink_->stats().trouble;
  std::printf("%d exchanges arrived in %.2f s: %.0f events/s\n", kExchanges, took->count(),
              2 * kExchanges / took->count());

  // In order and whole, or the collector would have refused some: it verifies each chain.
  EXPECT_EQ(keep_.Metric("postern_collector_refused_total{reason=\"unverified\"}"), 0);
  EXPECT_EQ(keep_.Metric("postern_collector_refused_total{reason=\"fork\"}"), 0);
  EXPECT_EQ(keep_.Metric("postern_collector_holes_total"), 0);
  const std::string usage = keep_.Done("GET", "/v1/usage");
  EXPECT_NE(usage.find("\"requests\":" + std::to_string(kExchanges)), std::string::npos) << usage;
  EXPECT_NE(usage.find(std::to_string(kExchanges * 11)), std::string::npos) << usage;
  Close();
  EXPECT_EQ(keep_.Stop().code, 0);
  const support::Finished check = keep_.Run({"check"});
  EXPECT_EQ(check.ending.code, 0) << check.output << check.errors;
}

}  // namespace
}  // namespace postern::end_to_end
