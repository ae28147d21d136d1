// Revocations with agents' own uplinks and memories, on disks, and the collector as a process of its own.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "shared/base/check.h"
#include "shared/base/log.h"
#include "shared/json/value.h"
#include "tests/end_to_end/fleet/station.h"
#include "tests/end_to_end/fleet/until.h"
#include "tests/end_to_end/keep.h"

namespace postern::end_to_end {
namespace {

constexpr size_t kStations = 8;

json::Object Object(const std::string& text) {
  const auto value = json::Parse(text);
  CHECK(value);
  return *value->AsOpenObject();
}

// What the API says of whom it has reached.
struct Reach {
  explicit Reach(const json::Object& object)
      : holders(*object.Integer("holders", 0, INT64_MAX)),
        acknowledged(*object.Integer("acknowledged", 0, INT64_MAX)),
        complete(*object.Boolean("complete")) {
    const auto named = object.Require("others")->AsList();
    for (const json::Value& other : *named) {
      const json::Object fields = *other.AsOpenObject();
      others.push_back(*fields.Text("agent") + " " + *fields.Text("why"));
    }
  }
  int64_t holders, acknowledged;
  bool complete;
  std::vector<std::string> others;
};

class RevocationTest : public testing::Test {
 protected:
  void SetUp() override {
    ConfigureLog(Level::kError, LogFormat::kText);
    keep_.Start();
    keep_.Done("POST", "/v1/users", R"({"id":"alice@example.com"})");
    key_ = *Object(keep_.Done("POST", "/v1/keys", R"({"user":"alice@example.com"})"))
                .Require("key")
                ->AsOpenObject()
                ->Text("id");
    for (size_t i = 0; i < kStations; ++i) {
      stations_.push_back(std::make_unique<Station>(keep_));
      stations_.back()->Open();
    }
  }

  // Each station's gate was shown the key.
  void Learn() {
    for (const auto& station : stations_) {
      ASSERT_TRUE(Until([&] { return station->uplink().welcomed; }));
      ASSERT_TRUE(station->Ask(key_));
      ASSERT_TRUE(Until([&] { return MayUse(*station); }));
    }
  }
  bool MayUse(Station& station) const {
    const membership::KeyAnswer answer = station.membership().FindKey(key_);
    return answer.certainty == membership::Certainty::kConfirmed && answer.key && !answer.key->revoked;
  }
  bool IsRevokedAt(Station& station) const {
    const membership::KeyAnswer answer = station.membership().FindKey(key_);
    return answer.key && answer.key->revoked;
  }
  Reach Revoke(const std::string& wait) const {
    const std::string answer = keep_.Done("POST", "/v1/keys/" + key_ + "/revoke?wait=" + wait, "{}");
    return Reach(*Object(answer).Require("reach")->AsOpenObject());
  }
  Reach Ask(const std::string& wait) const {
    return Reach(Object(keep_.Done("GET", "/v1/reach?kind=key&id=" + key_ + "&wait=" + wait)));
  }

  Keep keep_;
  std::string key_;
  std::vector<std::unique_ptr<Station>> stations_;
};

TEST_F(RevocationTest, WaitingEndsWhenEveryAgentGoesByItAndHasItOnItsDisk) {
  Learn();
  const Reach reach = Revoke("60");
  EXPECT_EQ(reach.holders, static_cast<int64_t>(kStations));
  EXPECT_EQ(reach.acknowledged, static_cast<int64_t>(kStations));
  EXPECT_TRUE(reach.complete);
  for (const auto& station : stations_) EXPECT_TRUE(IsRevokedAt(*station));
  // Each of them remembers it in its next life, without its collector.
  keep_.Kill();
  for (const auto& station : stations_) {
    station->Close();
    station->Open();
    EXPECT_TRUE(IsRevokedAt(*station));
  }
}

TEST_F(RevocationTest, AHostThatIsOffIsNamedAlsoByACollectorThatWasKilledInTheMeantime) {
  Learn();
  Station& off = *stations_.front();
  const std::string named = off.agent() + " away";
  off.Close();
  ASSERT_TRUE(Until([&] { return Ask("0").others == std::vector<std::string>{named}; }));
  Reach reach = Revoke("60");
  EXPECT_EQ(reach.holders, static_cast<int64_t>(kStations - 1));
  EXPECT_EQ(reach.acknowledged, reach.holders);
  EXPECT_EQ(reach.others, std::vector<std::string>{named});
  keep_.Kill();
  keep_.Start();
  ASSERT_TRUE(Until([&] { return Ask("0").others == std::vector<std::string>{named}; }));
  // When it is back it asks before it lets anything through.
  off.Open();
  ASSERT_TRUE(Until([&] { return off.uplink().welcomed; }));
  ASSERT_TRUE(Until([&] { return Ask("0").complete; }));
  ASSERT_TRUE(off.Ask(key_));
  EXPECT_TRUE(Until([&] { return IsRevokedAt(off); }));
}

TEST_F(RevocationTest, OneThatWasCommittedBeforeTheCollectorDiedReachesAllWhoComeBack) {
  Learn();
  Revoke("0");
  keep_.Kill();
  keep_.Start();
  for (const auto& station : stations_) {
    ASSERT_TRUE(Until([&] { return station->uplink().welcomed; }));
    EXPECT_FALSE(MayUse(*station));  // nothing is confirmed but what the new one says
    ASSERT_TRUE(station->Ask(key_));
    EXPECT_TRUE(Until([&] { return IsRevokedAt(*station); }));
  }
  EXPECT_TRUE(Ask("60").complete);
}

}  // namespace
}  // namespace postern::end_to_end
