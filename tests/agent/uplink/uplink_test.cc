// The uplink's thread, with a real connection to a collector whose part the test plays.
#include "agent/uplink/uplink.h"

#include <deque>
#include <thread>

#include <gtest/gtest.h>

#include "shared/bus/server.h"
#include "tests/agent/uplink/chain_record.h"
#include "tests/agent/uplink/notebook.h"
#include "tests/support/held_port.h"

namespace postern::uplink {
namespace {

using std::chrono::milliseconds;

constexpr uint64_t kIncarnation = 0xA1;

class UplinkTest : public testing::Test {
 protected:
  UplinkTest() : context_(*bus::Context::Make()) {
    Listen();
    admission_.Admit(keys_.public_key, "agent1");
  }

  void Listen() {
    server_ = *bus::Server::Listen(
        {.address = "127.0.0.1:" + std::to_string(port_.number()), .keys = server_keys_}, admission_);
  }
  std::unique_ptr<Uplink> Start(Record record) {
    Options options;
    options.bus = {.address = "127.0.0.1:" + std::to_string(port_.number()),
                   .keys = keys_,
                   .server_key = server_keys_.public_key,
                   .first_retry = milliseconds(20),
                   .last_retry = milliseconds(100)};
    options.self = {.life = {},
                    .agent_version = "1",
                    .host = "host",
                    .machine = record_.machine(),
                    .collector = "c0ffee",
                    .log_key = std::string(32, 'k')};
    return *Uplink::Start(*context_, std::move(options), record_.key(), std::move(record),
                          notebook_.memories());
  }

  bool Until(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      if (!server_) {
        std::this_thread::sleep_for(milliseconds(1));
        continue;
      }
      server_->Wait(milliseconds(1));
      while (auto incoming = server_->Receive()) {
        peer_ = incoming->peer;
        auto message = wire::DecodeFromAgent(incoming->frame);
        EXPECT_TRUE(message);
        if (message) messages_.push_back(*std::move(message));
      }
    }
    return true;
  }
  // The next message of this kind; those before it are dropped.
  std::optional<wire::FromAgent> Next(wire::FromAgent::BodyCase body) {
    std::optional<wire::FromAgent> found;
    Until([&] {
      while (!messages_.empty() && !found) {
        if (messages_.front().body_case() == body) found = messages_.front();
        messages_.pop_front();
      }
      return found.has_value();
    });
    return found;
  }
  void Reply(const wire::FromCollector& message) {
    EXPECT_TRUE(server_->Send(peer_, *wire::Encode(message)));
  }
  static wire::FromCollector WelcomeTo(const wire::Hello& hello) {
    wire::FromCollector message;
    wire::Welcome& welcome = *message.mutable_welcome();
    welcome.set_life(hello.life());
    welcome.set_collector("c0ffee");
    welcome.set_log_key(std::string(32, 'k'));
    welcome.set_incarnation(hello.now().incarnation());
    return message;
  }
  void WelcomeIt(uint64_t stored = 0) {
    const auto hello = Next(wire::FromAgent::kHello);
    ASSERT_TRUE(hello);
    wire::FromCollector message = WelcomeTo(hello->hello());
    wire::Welcome& welcome = *message.mutable_welcome();
    wire::Place place{kIncarnation, stored, {}};
    for (const std::string& event : record_.events(kIncarnation)) {
      if (stored-- == 0) break;
      place.head = wire::Extend(place.head, event);
    }
    *welcome.add_acknowledged() = wire::ToMark(place);
    Reply(message);
  }
  void AcknowledgeAll() {
    wire::FromCollector message;
    *message.mutable_acknowledged()->add_marks() = wire::ToMark(record_.standpoint().now);
    Reply(message);
  }

  const bus::CurveKeys server_keys_ = bus::CurveKeys::Generate();
  const bus::CurveKeys keys_ = bus::CurveKeys::Generate();
  bus::Admission admission_;
  std::unique_ptr<bus::Context> context_;
  const support::HeldPort port_;
  std::unique_ptr<bus::Server> server_;
  bus::Peer peer_{};
  std::deque<wire::FromAgent> messages_;
  ChainRecord record_{kIncarnation};
  Notebook notebook_;
};

TEST_F(UplinkTest, SendsTheRecordAndTakesOverWhatIsAcknowledged) {
  record_.Append(5);
  const auto uplink = Start(record_.record());
  WelcomeIt();
  const auto events = Next(wire::FromAgent::kEvents);
  ASSERT_TRUE(events);
  EXPECT_EQ(events->events().groups_size(), 2);
  AcknowledgeAll();
  EXPECT_TRUE(Until([&] { return record_.acknowledged(kIncarnation) == 6; }));
  record_.Append(1);
  EXPECT_TRUE(Next(wire::FromAgent::kEvents));
  EXPECT_TRUE(Until([&] { return uplink->stats().events_sent == 7; }));
}

TEST_F(UplinkTest, WhatWasOnTheWayWhenTheCollectorWentIsSentAgain) {
  record_.Append(5);
  const auto uplink = Start(record_.record());
  WelcomeIt();
  ASSERT_TRUE(Next(wire::FromAgent::kEvents));
  server_.reset();
  ASSERT_TRUE(Until([&] { return notebook_.With([](Notes& notes) { return notes.disconnected == 1; }); }));
  ASSERT_TRUE(Until([&] { return !uplink->stats().welcomed; }));
  const Status asked = uplink->Ask({"key"}, {});
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().code, ErrorCode::kUnavailable);
  record_.Append(2);
  messages_.clear();
  Listen();
  WelcomeIt(3);  // of the six that were sent three were stored
  const auto again = Next(wire::FromAgent::kEvents);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->events().groups(0).first_sequence(), 4u);
  EXPECT_EQ(again->events().groups_size(), 2);
}

TEST_F(UplinkTest, AskedKeysGoToTheMembershipAndAreSeenWhenTheyAreDurable) {
  const auto uplink = Start(record_.record());
  WelcomeIt();
  ASSERT_TRUE(Until([&] { return uplink->stats().welcomed; }));
  ASSERT_TRUE(uplink->Ask({"key1"}, {}));
  const auto query = Next(wire::FromAgent::kQuery);
  ASSERT_TRUE(query);
  EXPECT_EQ(query->query().key_ids(0), "key1");
  wire::FromCollector answer;
  answer.mutable_directory()->set_revision(12);
  answer.mutable_directory()->add_unknown_keys("key1");
  Reply(answer);
  const auto seen = Next(wire::FromAgent::kSeen);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->seen().revision(), 12u);
  EXPECT_EQ(notebook_.With([](Notes& notes) { return notes.directories.size(); }), 1u);

  answer.mutable_directory()->set_revision(11);
  Reply(answer);
  EXPECT_TRUE(Next(wire::FromAgent::kQuery)) << "what is out of date is asked for again";
}

TEST_F(UplinkTest, ACredentialThatCouldBeOpenedIsSeen) {
  const auto uplink = Start(record_.record());
  WelcomeIt();
  wire::FromCollector message;
  message.mutable_credential()->set_name("main");
  message.mutable_credential()->set_provider("anthropic");
  message.mutable_credential()->set_generation(2);
  message.mutable_credential()->set_box("box");
  Reply(message);
  const auto seen = Next(wire::FromAgent::kSeen);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->seen().credential(), "main#2");
}

TEST_F(UplinkTest, APolicyIsHandedOnPieceByPieceAndWhatBecameOfItIsSaid) {
  const auto uplink = Start(record_.record());
  WelcomeIt();
  wire::FromCollector message;
  wire::PolicyPart& part = *message.mutable_policy_part();
  part.set_version(5);
  part.set_sha256(std::string(32, 'd'));
  part.set_size(6);
  part.set_piece("abc");
  Reply(message);
  part.set_offset(3);
  Reply(message);
  auto seen = Next(wire::FromAgent::kSeen);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->seen().policy(), 5u);
  EXPECT_EQ(seen->seen().policy_sha256(), std::string(32, 'p'));
  EXPECT_EQ(seen->seen().policy_refused(), "");
  EXPECT_EQ(notebook_.With([](Notes& notes) { return notes.parts.size(); }), 2u);
  notebook_.With([](Notes& notes) { notes.policy_refused = "It is another collector's."; });
  Reply(message);
  seen = Next(wire::FromAgent::kSeen);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->seen().policy(), 5u);
  EXPECT_EQ(seen->seen().policy_refused(), "It is another collector's.");
}

TEST_F(UplinkTest, TheFreezeOfAWelcomeIsAcknowledged) {
  const auto uplink = Start(record_.record());
  const auto hello = Next(wire::FromAgent::kHello);
  ASSERT_TRUE(hello);
  wire::FromCollector message = WelcomeTo(hello->hello());
  wire::Welcome& welcome = *message.mutable_welcome();
  welcome.mutable_freeze()->set_frozen(true);
  welcome.mutable_freeze()->set_revision(77);
  Reply(message);
  const auto seen = Next(wire::FromAgent::kSeen);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->seen().revision(), 77u);
}

TEST_F(UplinkTest, ARevocationThatIsToldOnTheOpenConnectionIsTakenThere) {
  const auto uplink = Start(record_.record());
  WelcomeIt();
  ASSERT_TRUE(Next(wire::FromAgent::kHeartbeat));
  wire::FromCollector message;
  message.mutable_rejected()->set_reason("revoked");
  message.mutable_rejected()->set_sentence("This host was sold.");
  Reply(message);
  ASSERT_TRUE(Until([&] { return notebook_.With([](Notes& notes) { return !notes.dismissals.empty(); }); }));
  EXPECT_EQ(notebook_.With([](Notes& notes) { return notes.dismissals[0]; }), "This host was sold.");
  EXPECT_EQ(uplink->stats().connection, bus::ClientState::kConnected);
}

TEST_F(UplinkTest, AnAnsweredHeartbeatCountsFromItsSending) {
  const BootTime before = BootClock::now();
  const auto uplink = Start(record_.record());
  WelcomeIt();
  const auto beat = Next(wire::FromAgent::kHeartbeat);
  ASSERT_TRUE(beat);
  const BootTime received = BootClock::now();
  wire::FromCollector answer;
  answer.mutable_heartbeat_answer()->set_nonce(beat->heartbeat().nonce());
  Reply(answer);
  ASSERT_TRUE(Until([&] { return notebook_.With([](Notes& notes) { return !notes.beats.empty(); }); }));
  const BootTime sent = notebook_.With([](Notes& notes) { return notes.beats[0]; });
  EXPECT_GE(sent, before);
  EXPECT_LE(sent, received);
}

TEST_F(UplinkTest, ARevokedKeyIsSaidToTheMembership) {
  admission_.Revoke(keys_.public_key);
  const auto uplink = Start(record_.record());
  EXPECT_TRUE(Until([&] { return notebook_.With([](Notes& notes) { return !notes.dismissals.empty(); }); }));
  EXPECT_TRUE(Until([&] { return uplink->stats().connection == bus::ClientState::kRefused; }));
}

TEST_F(UplinkTest, WhatCantBeReadIsPassedOver) {
  const auto uplink = Start(record_.record());
  const auto hello = Next(wire::FromAgent::kHello);
  ASSERT_TRUE(hello);
  for (const std::string junk : {"", "junk", "\xff\xff\xff\xff"}) EXPECT_TRUE(server_->Send(peer_, junk));
  messages_.push_front(*hello);
  WelcomeIt();
  EXPECT_TRUE(Next(wire::FromAgent::kEvents));
}

TEST_F(UplinkTest, ARecordMayCallBackAfterTheUplinkIsGone) {
  Record slow = record_.record();
  std::function<void(Result<std::vector<spool::SealedGroup>>)> held;
  Guarded<bool> asked(false);
  slow.read_groups = [&](spool::Mark, size_t, auto done) {
    held = std::move(done);
    asked.With([](bool& value) { value = true; });
  };
  auto uplink = Start(slow);
  WelcomeIt();
  ASSERT_TRUE(Until([&] { return asked.With([](bool& value) { return value; }); }));
  uplink.reset();
  held(std::vector<spool::SealedGroup>{});
}

}  // namespace
}  // namespace postern::uplink
