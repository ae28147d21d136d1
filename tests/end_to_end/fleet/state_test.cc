// What becomes of an agent whose state was cloned, lost or moved, and of a collector that was restored from a
// backup: with real records on a disk, real conversations, and a collector that is a process.
#include <filesystem>

#include <gtest/gtest.h>

#include "shared/base/log.h"
#include "tests/end_to_end/fleet/station.h"
#include "tests/end_to_end/fleet/until.h"

namespace postern::end_to_end {
namespace {

class StateTest : public testing::Test {
 protected:
  void SetUp() override {
    ConfigureLog(Level::kError, LogFormat::kText);
    keep_.Start();
    station_.emplace(keep_);
  }

  void Exchange(Station& station, int exchanges) {
    for (int i = 0; i < exchanges; ++i) station.Exchange();
  }
  bool Requests(int64_t count) {
    return Until([&] { return keep_.Requests() == count; }).has_value();
  }
  bool AgentIs(const std::string& state) {
    return Until([&] {
             return keep_.Done("GET", "/v1/agents/" + station_->agent())
                        .find("\"state\":\"" + state + "\"") != std::string::npos;
           })
        .has_value();
  }
  void ExpectWholeStore() {
    EXPECT_EQ(keep_.Stop().code, 0);
    const support::Finished check = keep_.Run({"check"});
    EXPECT_EQ(check.ending.code, 0) << check.output << check.errors;
  }

  Keep keep_;
  std::optional<Station> station_;
};

TEST_F(StateTest, AFreshAgentBeginsTheIncarnationThatItIsIssued) {
  station_->Open();
  const uint64_t own = station_->record().incarnation();
  Exchange(*station_, 3);
  EXPECT_TRUE(Requests(3));
  EXPECT_NE(station_->record().incarnation(), own);
  const uint64_t issued = station_->record().incarnation();
  station_->Close();
  station_->Open();
  ASSERT_TRUE(Until([&] { return station_->uplink().welcomed; }));
  EXPECT_EQ(station_->record().incarnation(), issued);
  Exchange(*station_, 2);
  EXPECT_TRUE(Requests(5));
  ExpectWholeStore();
}

TEST_F(StateTest, AClonedStateIsAForkAndTheAgentIsSetAsideUntilItForfeits) {
  station_->Open();
  Exchange(*station_, 3);
  ASSERT_TRUE(Requests(3));
  ASSERT_TRUE(Until([&] { return station_->Settled(); }));
  station_->Close();
  Station clone(*station_);
  station_->Open();
  Exchange(*station_, 2);
  ASSERT_TRUE(Requests(5));
  station_->Close();

  clone.Open();
  Exchange(clone, 1);
  ASSERT_TRUE(AgentIs("quarantined"));
  ASSERT_TRUE(Until([&] { return !clone.uplink().trouble.empty(); }));
  clone.Close();
  EXPECT_EQ(keep_.Requests(), 5);

  station_->Open();
  ASSERT_TRUE(Until([&] { return !station_->uplink().trouble.empty(); }));
  keep_.Done("POST", "/v1/agents/" + station_->agent() + "/forfeit", "{}");
  ASSERT_TRUE(Until([&] { return station_->uplink().trouble.empty(); }));
  Exchange(*station_, 4);
  EXPECT_TRUE(Requests(9));
  station_->Close();
  ExpectWholeStore();
}

TEST_F(StateTest, ALostRecordIsGoneOnWithUnderANewIncarnation) {
  station_->Open();
  Exchange(*station_, 3);
  ASSERT_TRUE(Requests(3));
  const uint64_t before = station_->record().incarnation();
  station_->Close();
  station_->LoseRecord();
  station_->Open();
  Exchange(*station_, 2);
  EXPECT_TRUE(Requests(5));
  EXPECT_NE(station_->record().incarnation(), before);
  ExpectWholeStore();
}

TEST_F(StateTest, AStateOnAnotherMachineIsGoneOnWithUnderANewIncarnation) {
  station_->Open();
  Exchange(*station_, 3);
  ASSERT_TRUE(Requests(3));
  const uint64_t before = station_->record().incarnation();
  station_->Close();
  station_->MoveToAnotherMachine();
  station_->Open();
  Exchange(*station_, 2);
  EXPECT_TRUE(Requests(5));
  EXPECT_NE(station_->record().incarnation(), before);
  EXPECT_TRUE(AgentIs("active"));
  ExpectWholeStore();
}

TEST_F(StateTest, ARevokedAgentIsShutOutAtOnce) {
  station_->Open();
  Exchange(*station_, 3);
  ASSERT_TRUE(Requests(3));
  keep_.Done("POST", "/v1/agents/" + station_->agent() + "/revoke", "{}");
  EXPECT_TRUE(Until([&] { return station_->uplink().connection == bus::ClientState::kRefused; }));
  EXPECT_EQ(station_->membership().standing().link, membership::Link::kRefused);
  ExpectWholeStore();
}

TEST_F(StateTest, ARestoredCollectorTakesNothingUntilItIsRecoveredAndThenEverythingAgain) {
  station_->Open();
  Exchange(*station_, 3);
  ASSERT_TRUE(Requests(3));
  const std::string backup = keep_.directory() / "backup";
  const support::Finished saved = keep_.Run({"backup", backup});
  ASSERT_EQ(saved.ending.code, 0) << saved.errors;
  Exchange(*station_, 4);
  ASSERT_TRUE(Requests(7));
  ASSERT_TRUE(Until([&] { return station_->Settled(); }));

  EXPECT_EQ(keep_.Stop().code, 0);
  const std::filesystem::path state = keep_.directory() / "collector";
  std::filesystem::rename(state, state.string() + ".lost");
  std::filesystem::copy(backup, state, std::filesystem::copy_options::recursive);
  std::filesystem::copy(state.string() + ".lost/master.key", state / "master.key");
  keep_.Start();
  ASSERT_TRUE(Until([&] { return !station_->uplink().trouble.empty(); }));
  Exchange(*station_, 1);
  EXPECT_EQ(keep_.Requests(), 3);

  EXPECT_EQ(keep_.Stop().code, 0);
  const support::Finished recovered = keep_.Run({"recover"});
  ASSERT_EQ(recovered.ending.code, 0) << recovered.output << recovered.errors;
  keep_.Start();
  EXPECT_TRUE(Requests(8));
  EXPECT_TRUE(Until([&] { return station_->Settled(); }));
  EXPECT_EQ(station_->uplink().trouble, "");
  station_->Close();
  ExpectWholeStore();
}

}  // namespace
}  // namespace postern::end_to_end
