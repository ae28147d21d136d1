// What wallet and ledger say to each other on the way, and the time.
#include "shared/limits/wire_form.h"
#include "tests/agent/uplink/conversing.h"

namespace postern::uplink {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr WallTime kCollectors{seconds(1'795'435'200)};

class Money : public Conversing {
 protected:
  static wire::FromAgent Demand(uint64_t number) {
    wire::FromAgent message;
    message.mutable_demand()->set_number(number);
    return message;
  }
  void Tell(wire::FromAgent message) {
    conversation_.SayMoney(std::move(message));
    Collect();
  }
};

TEST_F(Money, HelloSaysTheTimeAndWhatIsHeldUnderItsIncarnation) {
  clock_ = kCollectors;
  holdings_.push_back(
      limits::ToWire(limits::Held{"team", {kCollectors, kCollectors + seconds(1)}, {Amount(5), {}, {}}}));
  Connect();
  const wire::Hello hello = Said(wire::FromAgent::kHello).at(0).hello();
  EXPECT_EQ(hello.at(), kCollectors.time_since_epoch().count());
  EXPECT_EQ(asked_holdings_, kIncarnation);
  ASSERT_EQ(hello.holdings_size(), 1);
  EXPECT_EQ(hello.holdings(0).granted(), 5);
}

TEST_F(Money, HelloFitsItsFrameHoweverMuchIsHeld) {
  wire::Holding large;
  large.set_account(std::string(wire::kMaxTextBytes, 'a'));
  *large.mutable_window() = limits::ToWire(limits::Window{kCollectors, kCollectors + seconds(1)});
  holdings_.assign(2 * wire::kMaxHoldings, large);
  Connect();
  const auto said = Said(wire::FromAgent::kHello);
  ASSERT_EQ(said.size(), 1u);
  EXPECT_GT(said[0].hello().holdings_size(), 1000);
  EXPECT_TRUE(wire::Encode(said[0]));
}

TEST_F(Money, TheTimeIsTakenFromEachAnswer) {
  Connect();
  now_ += milliseconds(10);
  wire::FromCollector welcome = Welcome();
  welcome.mutable_welcome()->set_wall_time(kCollectors.time_since_epoch().count());
  Hear(welcome);
  ASSERT_EQ(All<Clocked>().size(), 1u);
  EXPECT_EQ(All<Clocked>()[0].arrived - All<Clocked>()[0].sent, milliseconds(10));
  EXPECT_EQ(All<Clocked>()[0].collector, kCollectors);
  EXPECT_FALSE(All<Clocked>()[0].renews);
  const wire::Heartbeat heartbeat = Said(wire::FromAgent::kHeartbeat).at(0).heartbeat();
  EXPECT_EQ(heartbeat.at(), 0) << "it has no clock yet";
  now_ += milliseconds(4);
  clock_ = kCollectors;
  Answer(heartbeat.nonce(), wire::AGENT_ACTIVE);
  ASSERT_EQ(All<Clocked>().size(), 1u);
  EXPECT_EQ(All<Clocked>()[0].arrived - All<Clocked>()[0].sent, milliseconds(4));
  EXPECT_TRUE(All<Clocked>()[0].renews);
  Wait(seconds(5));
  EXPECT_EQ(Said(wire::FromAgent::kHeartbeat).at(0).heartbeat().at(), kCollectors.time_since_epoch().count());
}

TEST_F(Money, DemandsAndReturnsAreSaidOnceWelcomedAndElseLost) {
  Tell(Demand(1));
  Connect();
  Tell(Demand(2));
  EXPECT_TRUE(Said(wire::FromAgent::kDemand).empty());
  Hear(Welcome());
  Tell(Demand(3));
  ASSERT_EQ(Said(wire::FromAgent::kDemand).size(), 1u);
  EXPECT_EQ(Said(wire::FromAgent::kDemand)[0].demand().number(), 3u);
  wire::FromAgent back;
  back.mutable_returned()->set_recall(7);
  Tell(std::move(back));
  EXPECT_EQ(Said(wire::FromAgent::kReturned).size(), 1u);
  conversation_.OnDisconnected();
  Tell(Demand(4));
  EXPECT_TRUE(Said(wire::FromAgent::kDemand).empty());
}

TEST_F(Money, GrantsGoToThePurse) {
  Meet();
  wire::FromCollector message;
  message.mutable_grant()->set_number(3);
  Hear(message);
  ASSERT_EQ(All<Pay>().size(), 1u);
  EXPECT_EQ(All<Pay>()[0].grant.number(), 3u);
}

TEST_F(Money, ThePurseHearsOfAnotherIncarnationWhateverHappensMeanwhile) {
  Connect();
  wire::FromCollector welcome = Welcome();
  welcome.mutable_welcome()->set_incarnation(0xB2);
  Hear(welcome);
  EXPECT_TRUE(All<Begun>().empty());
  Tell(Demand(1));
  EXPECT_TRUE(Said(wire::FromAgent::kDemand).empty()) << "it would be the former one's";
  conversation_.OnDisconnected();
  conversation_.OnBegun(0xB2, Ok{}, now_);
  Collect();
  ASSERT_EQ(All<Begun>().size(), 1u);
  EXPECT_EQ(All<Begun>()[0].incarnation, 0xB2u);
}

TEST_F(Money, EachWelcomeSaysUnderWhichIncarnationItGoesOn) {
  Meet();
  ASSERT_EQ(All<Begun>().size(), 1u);
  EXPECT_EQ(All<Begun>()[0].incarnation, kIncarnation);
}

}  // namespace
}  // namespace postern::uplink
