// Policies on their way to agents, by a bus that takes what the test lets it take.
#include "collector/intake/courier.h"

#include <deque>
#include <set>

#include <gtest/gtest.h>

#include "shared/crypto/sha256.h"

namespace postern::intake {
namespace {

using namespace std::chrono_literals;

const BootTime kStart{std::chrono::hours(1)};
constexpr size_t kLargest = size_t{32} << 20;

SentPolicy PolicyOf(uint64_t version, size_t bytes) {
  auto text = std::make_shared<std::string>(bytes, '\0');
  for (size_t i = 0; i < bytes; ++i) (*text)[i] = static_cast<char>(i * 7 + version);
  return {version, std::string(32, static_cast<char>('a' + version)), text,
          std::string(crypto::AsBytes(crypto::Sha256(*text)))};
}

std::shared_ptr<const Consignment> Packed(uint64_t version, size_t bytes = 100) {
  return *Consignment::Pack(PolicyOf(version, bytes));
}

wire::Seen SeenOf(const Consignment& policy) {
  wire::Seen seen;
  seen.set_policy(policy.version());
  seen.set_policy_sha256(policy.snapshot_sha256());
  return seen;
}

// ZeroMQ's queues: what a peer hasn't taken stays in them, and is counted.
class Queues {
 public:
  struct Frame {
    std::shared_ptr<const std::string> bytes;
    bus::Server::Waiting waiting;
  };

  Status Send(bus::Peer peer, const std::shared_ptr<const std::string>& frame,
              const bus::Server::Waiting& waiting) {
    if (full.contains(peer)) return Error{ErrorCode::kExhausted, "full"};
    ++*waiting;
    queues_[peer].push_back({frame, waiting});
    largest = std::max(largest, Bytes());
    return Ok{};
  }
  // The same, of which only the size is wanted.
  size_t TakeBytes(bus::Peer peer) {
    size_t bytes = 0;
    for (const Frame& frame : std::exchange(queues_[peer], {})) {
      --*frame.waiting;
      bytes += frame.bytes->size();
      distinct.insert(frame.bytes.get());
    }
    return bytes;
  }
  // All that waits for the peer, as messages.
  std::vector<wire::PolicyPart> Take(bus::Peer peer) {
    std::vector<wire::PolicyPart> parts;
    for (const Frame& frame : std::exchange(queues_[peer], {})) {
      --*frame.waiting;
      const auto message = wire::DecodeFromCollector(*frame.bytes);
      EXPECT_TRUE(message) << message.error().message;
      parts.push_back(message->policy_part());
      distinct.insert(frame.bytes.get());
    }
    return parts;
  }
  size_t Bytes(bus::Peer peer) const {
    size_t bytes = 0;
    const auto found = queues_.find(peer);
    if (found == queues_.end()) return 0;
    for (const Frame& frame : found->second) bytes += frame.bytes->size();
    return bytes;
  }
  size_t Bytes() const {
    size_t bytes = 0;
    for (const auto& [peer, queue] : queues_) bytes += Bytes(peer);
    return bytes;
  }

  std::set<bus::Peer> full;
  std::set<const std::string*> distinct;  // frames that were ever sent
  size_t largest = 0;                     // bytes that waited at a time

 private:
  std::map<bus::Peer, std::deque<Frame>> queues_;
};

class CourierTest : public testing::Test {
 protected:
  void Greet(uint32_t peer, uint64_t version = 0, const std::string& sha256 = "") {
    courier_.Greet(bus::Peer{peer}, "agent" + std::to_string(peer), version, sha256, now_);
  }
  // What a peer gets until nothing more comes, put together.
  std::string TakeWhole(uint32_t peer) {
    std::string whole;
    for (bool more = true; more;) {
      courier_.Proceed(now_);
      const auto parts = queues_.Take(bus::Peer{peer});
      for (const wire::PolicyPart& part : parts) {
        EXPECT_EQ(part.offset(), whole.size());
        whole += part.piece();
      }
      more = !parts.empty();
      now_ += 1ms;
    }
    return whole;
  }

  BootTime now_ = kStart;
  Queues queues_;
  Courier courier_{10s, [this](bus::Peer peer, const auto& frame, const auto& waiting) {
                     return queues_.Send(peer, frame, waiting);
                   }};
};

TEST(Consignment, IsCutIntoPiecesThatMakeTheWhole) {
  const SentPolicy policy = PolicyOf(7, 3 * Consignment::kPieceBytes + 5);
  const auto packed = *Consignment::Pack(policy);
  ASSERT_EQ(packed->frames().size(), 4u);
  std::string whole;
  for (const auto& frame : packed->frames()) {
    const auto part = wire::DecodeFromCollector(*frame)->policy_part();
    EXPECT_EQ(part.version(), 7u);
    EXPECT_EQ(part.sha256(), policy.sha256);
    EXPECT_EQ(part.size(), policy.bytes->size());
    EXPECT_EQ(part.offset(), whole.size());
    whole += part.piece();
  }
  EXPECT_TRUE(whole == *policy.bytes);
}

TEST(Consignment, HasAtMost32MiBAndMoreThanNothing) {
  EXPECT_TRUE(Consignment::Pack(PolicyOf(1, kLargest)));
  EXPECT_EQ(Consignment::Pack(PolicyOf(1, kLargest + 1)).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(Consignment::Pack(PolicyOf(1, 0)).error().code, ErrorCode::kInvalid);
}

TEST_F(CourierTest, WhoHasItIsSentNothing) {
  const auto policy = Packed(3);
  courier_.Use(policy, now_);
  Greet(1, 3, policy->snapshot_sha256());
  EXPECT_FALSE(courier_.Proceed(now_));
  EXPECT_EQ(queues_.Bytes(), 0u);
  EXPECT_EQ(courier_.InForce(bus::Peer{1}), 3u);
}

TEST_F(CourierTest, WhoHasAnotherOfTheSameNumberIsSentIt) {
  courier_.Use(Packed(3), now_);
  Greet(1, 3, std::string(32, 'x'));
  EXPECT_TRUE(TakeWhole(1) == *PolicyOf(3, 100).bytes);
}

TEST_F(CourierTest, WhoHasANewerOneThanThereIsHereIsSentNoOlder) {
  courier_.Use(Packed(4), now_);
  Greet(1, 7, std::string(32, 'x'));
  EXPECT_EQ(TakeWhole(1), "");
  EXPECT_FALSE(courier_.Refuses(bus::Peer{1}));
  courier_.Use(Packed(8), now_);
  EXPECT_TRUE(TakeWhole(1) == *PolicyOf(8, 100).bytes);
}

TEST_F(CourierTest, ANewOneGoesToEverybodyAtOnce) {
  courier_.Use(Packed(1), now_);
  for (uint32_t peer = 1; peer <= 1000; ++peer) Greet(peer);
  EXPECT_FALSE(courier_.Proceed(now_));
  for (uint32_t peer = 1; peer <= 1000; ++peer) ASSERT_EQ(queues_.Take(bus::Peer{peer}).size(), 1u);
  courier_.Use(Packed(2), now_);
  EXPECT_FALSE(courier_.Proceed(now_));
  for (uint32_t peer = 1; peer <= 1000; ++peer) ASSERT_EQ(queues_.Take(bus::Peer{peer}).at(0).version(), 2u);
}

TEST_F(CourierTest, TheLargestIsSharedByAThousandAndLittleOfItWaits) {
  courier_.Use(Packed(1, kLargest), now_);
  constexpr uint32_t kAgents = 1000;
  for (uint32_t peer = 1; peer <= kAgents; ++peer) Greet(peer);
  std::map<uint32_t, size_t> got;
  // A part of the way, in which all have their turn.
  for (int round = 0; round < 200; ++round) {
    EXPECT_TRUE(courier_.Proceed(now_));
    for (uint32_t peer = 1; peer <= kAgents; ++peer) {
      ASSERT_LE(queues_.Bytes(bus::Peer{peer}), Courier::kMostAhead);
      got[peer] += queues_.TakeBytes(bus::Peer{peer});
    }
    now_ += 1ms;
  }
  EXPECT_LE(queues_.largest, Courier::kMostTogether + Courier::kMostAhead);
  EXPECT_LE(queues_.distinct.size(), courier_.policy()->frames().size());
  size_t least = SIZE_MAX, most = 0;
  for (uint32_t peer = 1; peer <= kAgents; ++peer) {
    least = std::min(least, got[peer]);
    most = std::max(most, got[peer]);
  }
  EXPECT_GT(least, 0u);
  EXPECT_LE(most - least, 2 * Courier::kMostAhead);
}

TEST_F(CourierTest, WhoTakesNothingHoldsUpNobody) {
  courier_.Use(Packed(1, 1 << 20), now_);
  for (uint32_t peer = 1; peer <= 500; ++peer) Greet(peer);  // and none of them takes anything
  for (int i = 0; i < 300; ++i) {
    courier_.Proceed(now_);
    now_ += 10ms;
  }
  Greet(501);
  EXPECT_TRUE(TakeWhole(501) == *PolicyOf(1, 1 << 20).bytes);
  for (uint32_t peer = 1; peer <= 500; ++peer)
    ASSERT_LE(queues_.Bytes(bus::Peer{peer}), Consignment::kPieceBytes + 200);
  // Nothing is to be looked at every few milliseconds for those who take nothing.
  EXPECT_FALSE(courier_.Proceed(now_ + 1s));
}

TEST_F(CourierTest, AFullQueueIsTriedAgainFromWhereItWas) {
  courier_.Use(Packed(1, 3 * Consignment::kPieceBytes), now_);
  queues_.full.insert(bus::Peer{1});
  Greet(1);
  EXPECT_TRUE(courier_.Proceed(now_));
  queues_.full.clear();
  EXPECT_TRUE(TakeWhole(1) == *PolicyOf(1, 3 * Consignment::kPieceBytes).bytes);
}

TEST_F(CourierTest, ItIsRepeatedLessAndLessOftenUntilItIsSeen) {
  const auto policy = Packed(1);
  courier_.Use(policy, now_);
  Greet(1);
  std::vector<std::chrono::seconds> sent;
  for (int second = 0; second < 1300; ++second) {
    courier_.Proceed(now_);
    if (!queues_.Take(bus::Peer{1}).empty()) sent.emplace_back(second);
    now_ += 1s;
  }
  EXPECT_EQ(sent, (std::vector<std::chrono::seconds>{0s, 10s, 30s, 70s, 150s, 310s, 610s, 910s, 1210s}));
  EXPECT_EQ(courier_.Hear(bus::Peer{1}, SeenOf(*policy), now_), Courier::Word::kTaken);
  courier_.Proceed(now_ + 1h);
  EXPECT_EQ(queues_.Bytes(), 0u);
}

TEST_F(CourierTest, WhileItIsStillOnItsWayItIsNotRepeated) {
  courier_.Use(Packed(1), now_);
  Greet(1);
  courier_.Proceed(now_);
  courier_.Proceed(now_ + 1h);
  EXPECT_EQ(queues_.Take(bus::Peer{1}).size(), 1u);
}

TEST_F(CourierTest, OneThatIsRefusedIsNotSentAgainOnThatConnectionNorSoonOnAnother) {
  courier_.Use(Packed(1), now_);
  Greet(1);
  TakeWhole(1);
  wire::Seen refused;
  refused.set_policy(1);
  refused.set_policy_refused("its signature is another key's");
  EXPECT_FALSE(courier_.Refuses(bus::Peer{1}));
  EXPECT_EQ(courier_.Hear(bus::Peer{1}, refused, now_), Courier::Word::kRefused);
  EXPECT_TRUE(courier_.Refuses(bus::Peer{1}));
  EXPECT_EQ(courier_.Hear(bus::Peer{1}, refused, now_), Courier::Word::kNothing);  // told once
  courier_.Proceed(now_ + 1h);
  EXPECT_EQ(queues_.Bytes(), 0u);
  Greet(1);
  courier_.Proceed(now_);
  EXPECT_EQ(queues_.Bytes(), 0u);
  courier_.Use(Packed(2), now_);  // another is another matter
  EXPECT_TRUE(TakeWhole(1) == *PolicyOf(2, 100).bytes);
}

TEST_F(CourierTest, ARefusedOneIsOfferedAgainToALaterConnection) {
  courier_.Use(Packed(1), now_);
  Greet(1);
  TakeWhole(1);
  wire::Seen refused;
  refused.set_policy(1);
  refused.set_policy_refused("no room on the disk");
  courier_.Hear(bus::Peer{1}, refused, now_);
  now_ += Courier::kRefusalStands;
  Greet(1);
  EXPECT_TRUE(TakeWhole(1) == *PolicyOf(1, 100).bytes);
}

TEST_F(CourierTest, WordsOfWhatWasNeverSentAreFoundOut) {
  const auto policy = Packed(2);
  wire::Seen seen = SeenOf(*policy);
  Greet(1);
  EXPECT_EQ(courier_.Hear(bus::Peer{1}, seen, now_), Courier::Word::kUnheardOf);  // there is none at all
  courier_.Use(policy, now_);
  seen.set_policy(3);
  EXPECT_EQ(courier_.Hear(bus::Peer{1}, seen, now_), Courier::Word::kUnheardOf);
  seen = SeenOf(*policy);
  seen.set_policy_sha256(std::string(32, 'z'));
  EXPECT_EQ(courier_.Hear(bus::Peer{1}, seen, now_), Courier::Word::kUnheardOf);
  EXPECT_EQ(courier_.InForce(bus::Peer{1}), 0u);
  seen.set_policy(1);  // an earlier one: late, and nothing to say about it
  EXPECT_EQ(courier_.Hear(bus::Peer{1}, seen, now_), Courier::Word::kNothing);
  EXPECT_TRUE(TakeWhole(1) == *PolicyOf(2, 100).bytes);  // all of that has kept nothing back
}

TEST_F(CourierTest, AnotherOneOnTheWayBeginsAnew) {
  courier_.Use(Packed(1, 1 << 20), now_);
  Greet(1);
  courier_.Proceed(now_);
  EXPECT_FALSE(queues_.Take(bus::Peer{1}).empty());
  courier_.Use(Packed(2, 1 << 20), now_);
  EXPECT_TRUE(TakeWhole(1) == *PolicyOf(2, 1 << 20).bytes);
}

TEST_F(CourierTest, WhoHasLeftIsSentNothing) {
  courier_.Use(Packed(1), now_);
  Greet(1);
  courier_.Leave(bus::Peer{1});
  courier_.Proceed(now_);
  EXPECT_EQ(queues_.Bytes(), 0u);
}

}  // namespace
}  // namespace postern::intake
