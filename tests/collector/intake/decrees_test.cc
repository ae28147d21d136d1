// What reaches hosts without their asking, and who is known to have heard: revocations, freezes, the policy,
// last words. Over the real bus.
#include <atomic>
#include <future>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "collector/intake/intake.h"
#include "shared/base/guarded.h"
#include "shared/crypto/sha256.h"
#include "tests/collector/intake/keep.h"

namespace postern::intake {
namespace {

using namespace std::chrono_literals;
using Why = Straggler::Why;

SentPolicy PolicyOf(uint64_t version, size_t bytes) {
  auto text = std::make_shared<std::string>(bytes, static_cast<char>('a' + version));
  return {version, std::string(crypto::AsBytes(crypto::Sha256("snapshot " + std::to_string(version)))), text,
          std::string(crypto::AsBytes(crypto::Sha256(*text)))};
}

// What collector/policy would decide, in memory.
class Decisions {
 public:
  Decrees decrees() {
    return {
        .policy =
            [this] {
              return Result<std::shared_ptr<const SentPolicy>>(state_.With([](auto& s) { return s.policy; }));
            },
        .freeze = [this] { return Result<wire::Freeze>(state_.With([](auto& s) { return s.freeze; })); },
        .note_in_force =
            [this](const std::string&, uint64_t version) {
              state_.With([&](auto& s) { s.in_force = std::max(s.in_force, version); });
            },
        .policy_key = std::string(32, 'k')};
  }
  void Apply(SentPolicy policy) {
    state_.With([&](auto& s) { s.policy = std::make_shared<const SentPolicy>(std::move(policy)); });
  }
  void Freeze(const wire::Freeze& freeze) {
    state_.With([&](auto& s) { s.freeze = freeze; });
  }
  uint64_t in_force() const {
    return state_.With([](const auto& s) { return s.in_force; });
  }

 private:
  struct State {
    std::shared_ptr<const SentPolicy> policy;
    wire::Freeze freeze;
    uint64_t in_force = 0;
  };
  Guarded<State> state_;
};

class DecreesTest : public testing::Test {
 protected:
  DecreesTest() {
    keep_.Close();
    keep_.decrees = decisions_.decrees();
    keep_.wall_now = [this] { return WallTime(std::chrono::seconds(now_.load())); };
    keep_.Open();
  }

  // A host that has joined and speaks, best_effort for an hour unless it is said otherwise.
  struct Speaker {
    Host host;
    std::unique_ptr<Caller> caller;
    wire::Welcome welcome;
  };
  Speaker Come(Host host, const std::function<void(wire::Hello&)>& shape = {}) {
    Speaker speaker{std::move(host), nullptr, {}};
    speaker.caller = std::make_unique<Caller>(keep_, speaker.host);
    EXPECT_TRUE(speaker.caller->WaitUntilConnected());
    wire::FromAgent message = HelloOf(speaker.host);
    message.mutable_hello()->set_policy_ttl(3600);
    if (shape) shape(*message.mutable_hello());
    speaker.caller->Say(message);
    const auto answer = speaker.caller->Hear(wire::FromCollector::kWelcome);
    EXPECT_TRUE(answer);
    if (!answer) return speaker;
    speaker.welcome = answer->welcome();
    if (speaker.welcome.incarnation() != speaker.host.chain.incarnation()) {
      speaker.host.older.push_back(wire::ToMark(speaker.host.chain.now()));
      speaker.host.chain = HostChain(speaker.host.seal_key, speaker.welcome.incarnation());
      speaker.host.chain.Start();
    }
    return speaker;
  }
  void Leave(Speaker& speaker) {
    speaker.caller.reset();
    ASSERT_TRUE(keep_.Until([&] { return !keep_.presence().Find(speaker.host.agent)->connected; }));
  }

  static wire::Directory Ask(Speaker& speaker, const std::string& key) {
    wire::FromAgent message;
    message.mutable_query()->add_key_ids(key);
    speaker.caller->Say(message);
    const auto answer = speaker.caller->Hear(wire::FromCollector::kDirectory);
    EXPECT_TRUE(answer);
    return answer ? answer->directory() : wire::Directory();
  }
  static void SaySeen(Speaker& speaker, uint64_t revision) {
    wire::FromAgent message;
    message.mutable_seen()->set_revision(revision);
    speaker.caller->Say(message);
  }
  static wire::Directory HearRevoked(Speaker& speaker) {
    for (auto message = speaker.caller->Hear(wire::FromCollector::kDirectory); message;
         message = speaker.caller->Hear(wire::FromCollector::kDirectory)) {
      if (message->directory().keys_size() > 0 && message->directory().keys(0).revoked())
        return message->directory();
    }
    ADD_FAILURE() << "it was not told";
    return {};
  }
  static wire::Freeze HearFreeze(Speaker& speaker) {
    for (auto message = speaker.caller->Hear(wire::FromCollector::kDirectory); message;
         message = speaker.caller->Hear(wire::FromCollector::kDirectory)) {
      if (message->directory().has_freeze()) return message->directory().freeze();
    }
    ADD_FAILURE() << "it was not told";
    return {};
  }
  // The bytes of the policy that comes next, from its first piece on.
  static std::string HearPolicy(Speaker& speaker, uint64_t version) {
    std::string whole;
    for (auto message = speaker.caller->Hear(wire::FromCollector::kPolicyPart); message;
         message = speaker.caller->Hear(wire::FromCollector::kPolicyPart)) {
      const wire::PolicyPart& part = message->policy_part();
      if (part.version() != version) continue;
      if (part.offset() == 0) whole.clear();
      EXPECT_EQ(part.offset(), whole.size());
      whole += part.piece();
      if (whole.size() == part.size()) return whole;
    }
    ADD_FAILURE() << "it didn't come";
    return whole;
  }
  static void SayPolicy(Speaker& speaker, const SentPolicy& policy, const std::string& refused = "") {
    wire::FromAgent message;
    message.mutable_seen()->set_policy(policy.version);
    message.mutable_seen()->set_policy_sha256(policy.snapshot_sha256);
    message.mutable_seen()->set_policy_refused(refused);
    speaker.caller->Say(message);
  }
  void Apply(const SentPolicy& policy) {
    decisions_.Apply(policy);
    keep_.intake->NoteDecree();
  }
  // A freeze that has been committed, as collector/policy does it.
  wire::Freeze Freeze(bool frozen) {
    EXPECT_TRUE(keep_.directory->settings().Note("frozen", frozen ? "yes" : "no"));
    wire::Freeze freeze;
    freeze.set_frozen(frozen);
    freeze.set_sentence("ask Ada");
    freeze.set_revision(keep_.directory->revision());
    decisions_.Freeze(freeze);
    keep_.intake->NoteDecree();
    return freeze;
  }

  uint64_t Revoke(const std::string& key) {
    const auto revoked = keep_.directory->keys().Revoke(keep_.administrator, key, "it was lost");
    EXPECT_TRUE(revoked);
    return revoked->revision();
  }
  Reach ReachOf(const Concern& concern, uint64_t revision, std::chrono::nanoseconds wait = 0s) {
    const auto reach = keep_.intake->acknowledgements().Await(concern, revision, wait);
    EXPECT_TRUE(reach) << reach.error().message;
    return reach ? *reach : Reach();
  }
  static Concern OfKey(const std::string& key) { return {Concern::Kind::kKey, key}; }

  std::atomic<int64_t> now_{std::chrono::floor<std::chrono::seconds>(WallNow()).time_since_epoch().count()};
  Decisions decisions_;
  Keep keep_;
};

// ── whom a revocation has reached ──────────────────────────────────────────────────────────────────────────

TEST_F(DecreesTest, WaitingEndsWhenEveryHolderHasSaidSeen) {
  const std::string key = keep_.MakeKey("alice");
  Speaker one = Come(keep_.Enrol("laptop-1")), two = Come(keep_.Enrol("laptop-2"));
  Speaker bystander = Come(keep_.Enrol("laptop-3"));  // has never asked for it
  Ask(one, key);
  Ask(two, key);
  const uint64_t revision = Revoke(key);
  auto waiting = std::async(std::launch::async, [&] { return ReachOf(OfKey(key), revision, 30s); });
  SaySeen(one, HearRevoked(one).revision());
  const Reach half = ReachOf(OfKey(key), revision);
  EXPECT_EQ(half.holders, 2u);
  SaySeen(two, HearRevoked(two).revision());
  const Reach reach = waiting.get();
  EXPECT_EQ(reach.holders, 2u);
  EXPECT_EQ(reach.acknowledged, 2u);
  EXPECT_TRUE(reach.complete());
}

TEST_F(DecreesTest, OneThatNeverAcknowledgesIsNamedWithoutAnEnd) {
  const std::string key = keep_.MakeKey("alice");
  Speaker one = Come(keep_.Enrol("laptop-1"));
  Ask(one, key);
  const Reach reach = ReachOf(OfKey(key), Revoke(key), 50ms);
  EXPECT_EQ(reach.holders, 1u);
  EXPECT_EQ(reach.acknowledged, 0u);
  ASSERT_EQ(reach.others.size(), 1u);
  EXPECT_EQ(reach.others[0].agent, one.host.agent);
  EXPECT_EQ(reach.others[0].why, Why::kWaiting);
  EXPECT_FALSE(reach.others[0].until);
}

TEST_F(DecreesTest, AHolderThatLeavesWithoutAWordIsAwayUntilItsTimeIsOver) {
  const std::string key = keep_.MakeKey("alice");
  Speaker one = Come(keep_.Enrol("laptop-1"));
  Speaker strict = Come(keep_.Enrol("laptop-2"), [](wire::Hello& hello) { hello.set_strict(true); });
  Ask(one, key);
  const uint64_t revision = Revoke(key);
  Leave(one);
  Leave(strict);
  Reach reach = ReachOf(OfKey(key), revision, 30s);  // nobody is left to wait for
  EXPECT_EQ(reach.holders, 0u);
  ASSERT_EQ(reach.others.size(), 2u);
  for (const Straggler& other : reach.others) {
    const bool is_strict = other.agent == strict.host.agent;
    EXPECT_EQ(other.why, Why::kAway);
    EXPECT_EQ(other.mode, is_strict ? Mode::kStrict : Mode::kBestEffort);
    EXPECT_EQ(*other.until, now_ + (is_strict ? 30 : 3600));
  }
  now_ += 31;
  reach = ReachOf(OfKey(key), revision);
  ASSERT_EQ(reach.others.size(), 1u);
  EXPECT_EQ(reach.others[0].agent, one.host.agent);
  now_ += 3600;
  EXPECT_TRUE(ReachOf(OfKey(key), revision).complete());
}

TEST_F(DecreesTest, ARestartedCollectorStillSaysWhoMayGoOnAndNeverTooShort) {
  const std::string key = keep_.MakeKey("alice");
  Speaker one = Come(keep_.Enrol("laptop-1"));
  Ask(one, key);
  const uint64_t revision = Revoke(key);
  now_ += 50;
  wire::FromAgent beat = HeartbeatOf(one.host);
  one.caller->Say(beat);
  ASSERT_TRUE(one.caller->Hear(wire::FromCollector::kHeartbeatAnswer));
  keep_.Close();
  one.caller.reset();
  keep_.Open();
  const Reach reach = ReachOf(OfKey(key), revision);
  ASSERT_EQ(reach.others.size(), 1u);
  EXPECT_EQ(reach.others[0].why, Why::kAway);
  EXPECT_EQ(*reach.others[0].until, now_ + 3600);
}

TEST_F(DecreesTest, WhoNeverSaidHelloAndWhomTheKeyIsNotBoundToAreNotNamed) {
  keep_.MakeKey("alice");
  const Host never = keep_.Enrol("laptop-1");
  Speaker bound = Come(keep_.Enrol("build-1")), other = Come(keep_.Enrol("laptop-2"));
  const auto key = keep_.directory->keys().Create(
      keep_.administrator,
      {.user = "alice", .label = "", .hosts = {"build-1"}, .os_users = {}, .credentials = {}});
  ASSERT_TRUE(key);
  Leave(bound);
  Leave(other);
  const Reach reach = ReachOf(OfKey(key->record.id()), Revoke(key->record.id()));
  ASSERT_EQ(reach.others.size(), 1u);
  EXPECT_EQ(reach.others[0].host, "build-1");
}

TEST_F(DecreesTest, AUserIsHeldByWhoHoldsAKeyOfTheUserOrKnowsAnOsUser) {
  const std::string key = keep_.MakeKey("alice");
  Speaker one = Come(keep_.Enrol("laptop-1")), two = Come(keep_.Enrol("laptop-2"));
  Ask(one, key);
  wire::FromAgent message;
  message.mutable_query()->add_os_users()->set_uid(1000);
  message.mutable_query()->mutable_os_users(0)->set_name("alice");
  two.caller->Say(message);
  ASSERT_TRUE(two.caller->Hear(wire::FromCollector::kDirectory)->directory().os_users(0).known());
  const Concern user{Concern::Kind::kUser, "alice"};
  EXPECT_EQ(ReachOf(user, keep_.directory->revision()).holders, 2u);
  directory::UserUpdate update;
  update.disabled = true;
  const auto disabled = keep_.directory->people().UpdateUser(keep_.administrator, "alice", update);
  ASSERT_TRUE(disabled);
  Reach reach = ReachOf(user, disabled->revision(), 50ms);
  EXPECT_EQ(reach.others.size(), 2u);
  auto waiting = std::async(std::launch::async, [&] { return ReachOf(user, disabled->revision(), 30s); });
  SaySeen(one, one.caller->Hear(wire::FromCollector::kDirectory)->directory().revision());
  SaySeen(two, two.caller->Hear(wire::FromCollector::kDirectory)->directory().revision());
  EXPECT_TRUE(waiting.get().complete());
}

TEST_F(DecreesTest, ASeenOfWhatWasNeverToldCountsForNothingAndIsAnAlarm) {
  const std::string key = keep_.MakeKey("alice");
  Speaker one = Come(keep_.Enrol("laptop-1"));
  Ask(one, key);
  SaySeen(one, UINT64_MAX);
  EXPECT_TRUE(keep_.HasAlarm("unheard_of"));
  const Reach reach = ReachOf(OfKey(key), Revoke(key), 50ms);
  EXPECT_EQ(reach.acknowledged, 0u);
  EXPECT_LE(keep_.presence().Find(one.host.agent)->revision, keep_.directory->revision());
}

TEST_F(DecreesTest, NobodyWaitsForACollectorThatStops) {
  const std::string key = keep_.MakeKey("alice");
  Speaker one = Come(keep_.Enrol("laptop-1"));
  Ask(one, key);
  const uint64_t revision = Revoke(key);
  auto waiting = std::async(
      std::launch::async, [&] { return keep_.intake->acknowledgements().Await(OfKey(key), revision, 60s); });
  ASSERT_TRUE(keep_.Until([&] { return keep_.intake->acknowledgements().asked(); }));
  keep_.intake->acknowledgements().Close();
  waiting.wait();
  EXPECT_EQ(keep_.intake->acknowledgements().Await(OfKey(key), revision, 0s).error().code,
            ErrorCode::kUnavailable);
}

// ── last words ─────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(DecreesTest, ARevokedHostIsToldSoAndCutWhenItHasSaidSeen) {
  Speaker one = Come(keep_.Enrol("laptop-1"));
  ASSERT_TRUE(keep_.directory->agents().Revoke(keep_.administrator, one.host.agent));
  const auto word = one.caller->Hear(wire::FromCollector::kRejected);
  ASSERT_TRUE(word);
  EXPECT_EQ(word->rejected().reason(), "revoked");
  EXPECT_NE(word->rejected().revision(), 0u);
  const Concern agent{Concern::Kind::kAgent, one.host.agent};
  const uint64_t revision = keep_.Record(one.host.agent).revision();
  Reach reach = ReachOf(agent, revision);
  EXPECT_EQ(reach.holders, 1u);
  EXPECT_FALSE(reach.complete());
  auto waiting = std::async(std::launch::async, [&] { return ReachOf(agent, revision, 30s); });
  ASSERT_TRUE(keep_.Until([&] { return keep_.intake->acknowledgements().asked(); }));
  // Nothing else of it is taken.
  one.caller->Say(HeartbeatOf(one.host));
  SaySeen(one, word->rejected().revision());
  EXPECT_TRUE(waiting.get().complete());
  ASSERT_TRUE(keep_.Until([&] {
    one.caller->client().Wait(10ms);
    return one.caller->client().state() == bus::ClientState::kRefused;
  }));
  EXPECT_TRUE(ReachOf(agent, revision).complete());  // it lets nothing through any more
}

TEST_F(DecreesTest, ARevokedHostThatSaysNothingIsCutAllTheSame) {
  Speaker one = Come(keep_.Enrol("laptop-1"));
  ASSERT_TRUE(keep_.directory->agents().Revoke(keep_.administrator, one.host.agent));
  ASSERT_TRUE(keep_.Until([&] {
    one.caller->client().Wait(10ms);
    return one.caller->client().state() == bus::ClientState::kRefused;
  }));
  const Concern agent{Concern::Kind::kAgent, one.host.agent};
  const Reach reach = ReachOf(agent, keep_.Record(one.host.agent).revision());
  ASSERT_EQ(reach.others.size(), 1u);
  EXPECT_EQ(reach.others[0].until, now_ + 3600);
}

// ── freezes ────────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(DecreesTest, AFreezeStandsInEveryWelcomeAndIsPushedUntilItIsSeen) {
  Speaker one = Come(keep_.Enrol("laptop-1"));
  EXPECT_FALSE(one.welcome.freeze().frozen());
  EXPECT_EQ(one.welcome.policy_key(), std::string(32, 'k'));
  const wire::Freeze freeze = Freeze(true);
  EXPECT_EQ(HearFreeze(one).sentence(), "ask Ada");
  EXPECT_EQ(HearFreeze(one).revision(), freeze.revision());  // again, since it wasn't seen
  Speaker two = Come(keep_.Enrol("laptop-2"));
  EXPECT_TRUE(two.welcome.freeze().frozen());
  const Concern everybody{Concern::Kind::kEverybody, ""};
  EXPECT_EQ(ReachOf(everybody, freeze.revision(), 50ms).others.size(), 2u);
  auto waiting = std::async(std::launch::async, [&] { return ReachOf(everybody, freeze.revision(), 30s); });
  SaySeen(one, freeze.revision());
  SaySeen(two, freeze.revision());
  EXPECT_TRUE(waiting.get().complete());
  Freeze(false);
  EXPECT_FALSE(HearFreeze(one).frozen());
}

// ── the policy ─────────────────────────────────────────────────────────────────────────────────────────────

TEST_F(DecreesTest, APolicyComesAfterTheWelcomeAndWhenThereIsAnother) {
  Apply(PolicyOf(1, 300'000));
  Speaker one = Come(keep_.Enrol("laptop-1"));
  EXPECT_TRUE(HearPolicy(one, 1) == *PolicyOf(1, 300'000).bytes);
  SayPolicy(one, PolicyOf(1, 300'000));
  ASSERT_TRUE(keep_.Until([&] { return keep_.presence().Find(one.host.agent)->policy == 1; }));
  EXPECT_EQ(decisions_.in_force(), 1u);
  Apply(PolicyOf(2, 100));
  EXPECT_TRUE(HearPolicy(one, 2) == *PolicyOf(2, 100).bytes);
  const Concern policy{Concern::Kind::kPolicy, ""};
  EXPECT_EQ(ReachOf(policy, 2, 50ms).others.size(), 1u);
  EXPECT_EQ(ReachOf(policy, 2).others.at(0).why, Why::kWaiting);
  SayPolicy(one, PolicyOf(2, 100));
  EXPECT_TRUE(ReachOf(policy, 2, 30s).complete());
}

TEST_F(DecreesTest, WhoHasThePolicyIsNotSentIt) {
  Apply(PolicyOf(1, 100));
  Speaker one = Come(keep_.Enrol("laptop-1"), [](wire::Hello& hello) {
    hello.set_policy(1);
    hello.set_policy_sha256(PolicyOf(1, 100).snapshot_sha256);
  });
  const std::string key = keep_.MakeKey("alice");
  one.caller->Say([&] {
    wire::FromAgent message;
    message.mutable_query()->add_key_ids(key);
    return message;
  }());
  for (auto next = one.caller->HearAny(); next && !next->has_directory(); next = one.caller->HearAny())
    EXPECT_FALSE(next->has_policy_part());
}

TEST_F(DecreesTest, APolicyIsRepeatedUntilItIsSeen) {
  Apply(PolicyOf(1, 100));
  Speaker one = Come(keep_.Enrol("laptop-1"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(HearPolicy(one, 1).size(), 100u);
}

TEST_F(DecreesTest, ARefusedPolicyIsAnAlarmAndNotSentAgain) {
  Apply(PolicyOf(1, 100));
  Speaker one = Come(keep_.Enrol("laptop-1"));
  HearPolicy(one, 1);
  SayPolicy(one, PolicyOf(1, 100), "it was signed with another key");
  EXPECT_TRUE(keep_.HasAlarm("policy_refused"));
  EXPECT_EQ(keep_.presence().Find(one.host.agent)->refused, "it was signed with another key");
  const Reach reach = ReachOf({Concern::Kind::kPolicy, ""}, 1, 30s);  // nobody is waited for
  EXPECT_EQ(reach.holders, 1u);
  EXPECT_EQ(reach.acknowledged, 0u);
  ASSERT_EQ(reach.others.size(), 1u);
  EXPECT_EQ(reach.others[0].why, Why::kRefuses);
  for (int i = 0; i < 20; ++i) SayPolicy(one, PolicyOf(1, 100), "it was signed with another key");
  Apply(PolicyOf(2, 100));
  EXPECT_EQ(HearPolicy(one, 2).size(), 100u);
  EXPECT_EQ(keep_.CountAlarms("policy_refused"), 1u);
}

TEST_F(DecreesTest, AnAgentCanNotUseUpTheNumbersOfVersions) {
  Apply(PolicyOf(1, 100));
  Speaker one = Come(keep_.Enrol("laptop-1"), [](wire::Hello& hello) { hello.set_policy(UINT64_MAX); });
  SayPolicy(one, PolicyOf(UINT64_MAX, 100));
  EXPECT_TRUE(keep_.HasAlarm("unheard_of"));
  EXPECT_EQ(decisions_.in_force(), 0u);
  EXPECT_EQ(HearPolicy(one, 1).size(), 100u);
}

TEST_F(DecreesTest, ARestartInTheMiddleOfAPushLosesNothing) {
  const size_t large = size_t{8} << 20;
  Apply(PolicyOf(1, large));
  Speaker one = Come(keep_.Enrol("laptop-1"));
  ASSERT_TRUE(one.caller->Hear(wire::FromCollector::kPolicyPart));
  keep_.Close();
  one.caller.reset();
  keep_.Open();
  Speaker again = Come(std::move(one.host));
  EXPECT_TRUE(HearPolicy(again, 1) == *PolicyOf(1, large).bytes);
}

TEST_F(DecreesTest, ARevocationDoesNotWaitForAPolicyThatIsOnItsWay) {
  const std::string key = keep_.MakeKey("alice");
  Speaker one = Come(keep_.Enrol("laptop-1"));
  Ask(one, key);
  Apply(PolicyOf(1, size_t{32} << 20));
  ASSERT_TRUE(one.caller->Hear(wire::FromCollector::kPolicyPart));
  Revoke(key);
  size_t pieces = 0;
  for (auto next = one.caller->HearAny(); next; next = one.caller->HearAny()) {
    if (next->has_policy_part()) ++pieces;
    if (next->has_directory() && next->directory().keys_size() > 0 && next->directory().keys(0).revoked())
      break;
  }
  EXPECT_LT(pieces, 500u);  // there are 512 in all
}

}  // namespace
}  // namespace postern::intake
