#include "agent/gate/live_exchanges.h"

#include <memory>

#include <gtest/gtest.h>

namespace postern::gate {
namespace {

class LiveExchangesTest : public testing::Test {
 protected:
  // A strand and somebody whom it serves.
  struct One {
    One(http::Loop& loop, const std::string& key)
        : strand(loop), who{.principal = {}, .key = KeyId{key}}, live(strand, who, std::nullopt) {}
    http::Strand strand;
    identity::Identity who;
    LiveExchange live;
  };

  One& Enter(const std::string& key) {
    ones_.push_back(std::make_unique<One>(*loop_, key));
    ones_.back()->live.Enter(live_);
    return *ones_.back();
  }

  static LiveExchanges::WhyBarred Bar(const std::string& key) {
    return [key](const LiveExchange& exchange) {
      return exchange.who().key->value == key ? std::optional(Refusal{Reason::kRevokedKey, "Gone."})
                                              : std::nullopt;
    };
  }

  const std::unique_ptr<http::Loop> loop_ = *http::Loop::Make();
  LiveExchanges live_;
  std::vector<std::unique_ptr<One>> ones_;
};

TEST_F(LiveExchangesTest, EndsThoseThatAreBarredAndNoOthers) {
  One& alice = Enter("alice0000001");
  One& bob = Enter("bob000000001");
  One& alice_too = Enter("alice0000001");
  EXPECT_EQ(live_.EndThose(Bar("alice0000001")), 2u);
  EXPECT_TRUE(alice.strand.cancelled());
  EXPECT_TRUE(alice_too.strand.cancelled());
  ASSERT_TRUE(alice.live.ended_by());
  EXPECT_EQ(alice.live.ended_by()->sentence, "Gone.");
  EXPECT_FALSE(bob.strand.cancelled());
  EXPECT_FALSE(bob.live.ended_by());
}

TEST_F(LiveExchangesTest, EndsEachOnce) {
  One& alice = Enter("alice0000001");
  EXPECT_EQ(live_.EndThose(Bar("alice0000001")), 1u);
  alice.strand.Recover();
  EXPECT_EQ(live_.EndThose(Bar("alice0000001")), 0u);
  EXPECT_FALSE(alice.strand.cancelled()) << "what is being said at its end is not cut short";
}

TEST_F(LiveExchangesTest, ForgetsThoseThatAreGone) {
  for (const char* key : {"a", "b", "c", "d"}) Enter(key);
  EXPECT_EQ(live_.size(), 4u);
  ones_.erase(ones_.begin() + 1);
  ones_.erase(ones_.begin());
  ones_.pop_back();
  EXPECT_EQ(live_.size(), 1u);
  EXPECT_EQ(live_.EndThose(Bar("c")), 1u);
  ones_.clear();
  EXPECT_EQ(live_.size(), 0u);
  EXPECT_EQ(live_.EndThose(Bar("c")), 0u);
}

TEST_F(LiveExchangesTest, OneThatHasNotEnteredIsNobodysBusiness) {
  One outside(*loop_, "a");
  EXPECT_EQ(live_.EndThose(Bar("a")), 0u);
}

}  // namespace
}  // namespace postern::gate
