// What the design promises of state that is cloned, restored, lost or moved, and of a collector that was
// restored: each with real agents' messages over the real bus.
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "collector/intake/recovery.h"
#include "collector/store/rocks_store.h"
#include "tests/collector/intake/keep.h"
#include "tests/support/temporary_directory.h"

namespace postern::intake {
namespace {

std::string At(const Host& host) {
  return std::to_string(host.chain.incarnation()) + ":" + std::to_string(host.chain.now().sequence);
}

// A host that was greeted and whose start is stored.
Host Joined(Keep& keep, const std::string& name) {
  Host host = keep.Enrol(name);
  Caller caller(keep, host);
  Join(caller, host);
  EXPECT_EQ(caller.Send(host, host.chain.Group()), At(host));
  return host;
}

TEST(Incarnation, AHostThatIsNewIsIssuedOneAndItsHistoryIsTakenAsItIs) {
  Keep keep;
  Host host = keep.Enrol("laptop-17");
  host.chain.Exchange("alice");
  const wire::Group history = host.chain.Group();
  Caller caller(keep, host);
  const wire::Welcome welcome = Join(caller, host);
  EXPECT_NE(welcome.incarnation(), 1u);
  EXPECT_EQ(welcome.why(), "it is new to this collector");
  EXPECT_EQ(welcome.state(), wire::AGENT_ACTIVE);
  EXPECT_EQ(welcome.log_key(), keep.log_key->public_key().raw());
  EXPECT_EQ(caller.Send(host, {history, host.chain.Group()}), At(host));
  const auto older = *keep.store->FindChain(host.agent, 1);
  ASSERT_TRUE(older);
  EXPECT_FALSE(older->issued);
  EXPECT_EQ(older->sequence, 3u);
  EXPECT_TRUE((*keep.store->FindChain(host.agent, host.chain.incarnation()))->issued);
  EXPECT_EQ(keep.CountAlarms("lost"), 0u);
}

TEST(Incarnation, ARestartedAgentGoesOn) {
  Keep keep;
  Host host = Joined(keep, "laptop-17");
  const uint64_t incarnation = host.chain.incarnation();
  host.life = std::string(16, 'k');
  host.chain.Exchange("alice");
  Caller caller(keep, host);
  const wire::Welcome welcome = Join(caller, host);
  EXPECT_EQ(welcome.incarnation(), incarnation);
  EXPECT_EQ(welcome.why(), "");
  // It says how far each is stored.
  bool told = false;
  for (const wire::Mark& mark : welcome.acknowledged()) {
    told |= mark.incarnation() == incarnation && mark.sequence() == 1;
  }
  EXPECT_TRUE(told);
  EXPECT_EQ(caller.Send(host, host.chain.Group()), At(host));
}

TEST(Incarnation, ARestartedCollectorGoesOn) {
  Keep keep;
  Host host = Joined(keep, "laptop-17");
  const uint64_t incarnation = host.chain.incarnation();
  keep.Close();
  keep.Open();
  Caller caller(keep, host);
  EXPECT_EQ(Join(caller, host).incarnation(), incarnation);
  host.chain.Exchange("alice");
  EXPECT_EQ(caller.Send(host, host.chain.Group()), At(host));
}

TEST(Incarnation, OneThatWasNotBegunIsOfferedAgain) {
  Keep keep;
  Host host = keep.Enrol("laptop-17");
  Caller caller(keep, host);
  const auto first = caller.Greet(host);
  const auto again = caller.Greet(host);
  ASSERT_TRUE(first && again);
  EXPECT_EQ(first->incarnation(), again->incarnation());
}

TEST(Incarnation, AClonedMachineIsFoundOutAndQuarantined) {
  Keep keep;
  Host host = Joined(keep, "laptop-17");
  Host clone = host;
  clone.life = std::string(16, 'c');
  Caller caller(keep, host);
  Join(caller, host);
  host.chain.Exchange("alice");
  EXPECT_EQ(caller.Send(host, host.chain.Group()), At(host));
  // The clone went another way since: more of it than is stored, so its Hello tells nothing.
  clone.chain.Exchange("mallory").Exchange("mallory");
  Caller other(keep, clone);
  Join(other, clone);
  EXPECT_EQ(other.Send(clone, clone.chain.Group()), "fork");
  EXPECT_EQ(keep.Record(host.agent).state(), wire::AGENT_QUARANTINED);
  EXPECT_TRUE(keep.HasAlarm("fork"));
  EXPECT_EQ(keep.CountStored(host.agent), 3u);
  EXPECT_EQ(keep.store->ListSetAside(host.agent, 10)->size(), 1u);
  // The original is held up as well: nobody can tell which of the two is it.
  Caller again(keep, host);
  const auto welcome = again.Greet(host);
  ASSERT_TRUE(welcome);
  EXPECT_EQ(welcome->state(), wire::AGENT_QUARANTINED);
  EXPECT_EQ(welcome->acknowledged_size(), 0);
  host.chain.Exchange("alice");
  EXPECT_EQ(again.Send(host, host.chain.Group()), "quarantined");
  EXPECT_TRUE(keep.HasAlarm("two_lives"));
}

TEST(Incarnation, ForfeitEndsAQuarantineWithANewIncarnation) {
  Keep keep;
  Host host = Joined(keep, "laptop-17");
  const uint64_t before = host.chain.incarnation();
  ASSERT_TRUE(keep.directory->agents().Quarantine(host.agent, "fork", "its history forked", before));
  Caller caller(keep, host);
  ASSERT_EQ(caller.Greet(host)->state(), wire::AGENT_QUARANTINED);
  ASSERT_TRUE(keep.directory->agents().Forfeit(keep.administrator, host.agent));
  // It is asked to say Hello without having done anything.
  const auto asked = caller.Hear(wire::FromCollector::kRejected);
  ASSERT_TRUE(asked);
  EXPECT_TRUE(asked->rejected().say_hello());
  const wire::Group old = host.chain.Exchange("alice").Group();
  const wire::Welcome welcome = Join(caller, host);
  EXPECT_NE(welcome.incarnation(), before);
  // What is stored of the closed chain may be another history than the host's: it isn't spoken of.
  for (const wire::Mark& mark : welcome.acknowledged()) EXPECT_NE(mark.incarnation(), before);
  EXPECT_EQ(caller.Send(host, old), "closed");
  EXPECT_EQ(caller.Send(host, host.chain.Group()), At(host));
}

TEST(Incarnation, ARestoredSnapshotIsAFork) {
  Keep keep;
  Host host = Joined(keep, "laptop-17");
  Host snapshot = host;
  Caller caller(keep, host);
  Join(caller, host);
  host.chain.Exchange("alice");
  EXPECT_EQ(caller.Send(host, host.chain.Group()), At(host));
  // Coming back it has written a start of its own, where something else is stored.
  snapshot.life = std::string(16, 's');
  snapshot.chain.Start();
  Caller back(keep, snapshot);
  const auto welcome = back.Greet(snapshot);
  ASSERT_TRUE(welcome);
  EXPECT_EQ(welcome->state(), wire::AGENT_QUARANTINED);
  EXPECT_TRUE(keep.HasAlarm("fork"));
}

TEST(Incarnation, AnOlderStateThatHasNotGoneOnGetsANewIncarnation) {
  Keep keep;
  Host host = Joined(keep, "laptop-17");
  Host snapshot = host;
  Caller caller(keep, host);
  Join(caller, host);
  host.chain.Exchange("alice");
  EXPECT_EQ(caller.Send(host, host.chain.Group()), At(host));
  Caller back(keep, snapshot);
  const auto welcome = back.Greet(snapshot);
  ASSERT_TRUE(welcome);
  EXPECT_NE(welcome->incarnation(), host.chain.incarnation());
  EXPECT_EQ(welcome->state(), wire::AGENT_ACTIVE);
  EXPECT_TRUE(keep.HasAlarm("restored"));
}

TEST(Incarnation, ALostStateGetsANewIncarnation) {
  Keep keep;
  Host host = Joined(keep, "laptop-17");
  const uint64_t before = host.chain.incarnation();
  host.chain = HostChain(host.seal_key, 4711);
  host.chain.Start();
  Caller caller(keep, host);
  const wire::Welcome welcome = Join(caller, host);
  EXPECT_NE(welcome.incarnation(), before);
  EXPECT_NE(welcome.incarnation(), 4711u);
  EXPECT_TRUE(keep.HasAlarm("lost"));
  EXPECT_EQ(caller.Send(host, host.chain.Group()), At(host));
}

TEST(Incarnation, AStateThatIsOlderThanTheLastIncarnationGetsANewOne) {
  Keep keep;
  Host host = Joined(keep, "laptop-17");
  const Host older = host;
  host.machine = std::string(32, 'n');
  Caller caller(keep, host);
  Join(caller, host);
  EXPECT_EQ(caller.Send(host, host.chain.Group()), At(host));
  Host back = older;
  back.machine = host.machine;
  Caller again(keep, back);
  EXPECT_NE(Join(again, back).incarnation(), host.chain.incarnation());
  EXPECT_TRUE(keep.HasAlarm("older"));
}

TEST(Incarnation, AnotherMachineGetsANewOneAndKeepsItFromThenOn) {
  Keep keep;
  Host host = Joined(keep, "laptop-17");
  const uint64_t before = host.chain.incarnation();
  host.machine = std::string(32, 'n');
  {
    Caller caller(keep, host);
    EXPECT_NE(Join(caller, host).incarnation(), before);
    EXPECT_EQ(caller.Send(host, host.chain.Group()), At(host));
  }
  EXPECT_TRUE(keep.HasAlarm("machine"));
  const uint64_t moved = host.chain.incarnation();
  Caller again(keep, host);
  EXPECT_EQ(Join(again, host).incarnation(), moved);
}

TEST(Incarnation, TwoLivesAtOnceAreAnAlarm) {
  Keep keep;
  Host host = Joined(keep, "laptop-17");
  Host other = host;
  other.life = std::string(16, 'o');
  Caller first(keep, host);
  ASSERT_TRUE(first.Greet(host));
  Caller second(keep, other);
  ASSERT_TRUE(second.Greet(other));
  EXPECT_EQ(keep.CountAlarms("two_lives"), 0u);  // a restart looks the same
  Caller third(keep, host);
  ASSERT_TRUE(third.Greet(host));
  EXPECT_TRUE(keep.HasAlarm("two_lives"));
}

TEST(Incarnation, ACloneOnAnotherMachineBesideTheOriginalEndsInQuarantine) {
  Keep keep;
  Host host = Joined(keep, "laptop-17");
  const uint64_t first = host.chain.incarnation();
  {
    Caller(keep, host).Greet(host);
  }
  Host clone = host;
  clone.machine = std::string(32, 'n');
  clone.life = std::string(16, 'c');
  {
    Caller other(keep, clone);
    EXPECT_NE(Join(other, clone).incarnation(), first);
    EXPECT_EQ(other.Send(clone, clone.chain.Group()), At(clone));
  }
  EXPECT_TRUE(keep.HasAlarm("machine"));
  EXPECT_EQ(keep.CountAlarms("clone"), 0u) << "a machine that was moved looks the same";

  // Its connection was ended by the clone's, so it says Hello again.
  EXPECT_EQ(Caller(keep, host).Greet(host)->state(), wire::AGENT_QUARANTINED);
  EXPECT_TRUE(keep.HasAlarm("clone"));
  EXPECT_EQ(keep.Record(host.agent).state(), wire::AGENT_QUARANTINED);
  {
    Caller other(keep, clone);
    EXPECT_EQ(other.Greet(clone)->state(), wire::AGENT_QUARANTINED);
    clone.chain.Exchange("mallory");
    EXPECT_EQ(other.Send(clone, clone.chain.Group()), "quarantined");
  }

  // The clone is shut off, and the original goes on.
  ASSERT_TRUE(keep.directory->agents().Forfeit(keep.administrator, host.agent));
  {
    Caller original(keep, host);
    EXPECT_EQ(Join(original, host).state(), wire::AGENT_ACTIVE);
    EXPECT_EQ(original.Send(host, host.chain.Group()), At(host));
  }
  EXPECT_EQ(keep.CountAlarms("clone"), 1u);
  // Should the clone be there all the same, it ends as before.
  EXPECT_EQ(Caller(keep, clone).Greet(clone)->state(), wire::AGENT_ACTIVE);
  EXPECT_EQ(Caller(keep, host).Greet(host)->state(), wire::AGENT_QUARANTINED);
}

TEST(Incarnation, TwoMachinesFromOneImageEndInQuarantine) {
  Keep keep;
  Host one = keep.Enrol("image");
  Host two = one;
  two.life = std::string(16, 't');
  two.chain = HostChain(two.seal_key, 2);
  for (Host* const host : {&one, &two}) {
    Caller caller(keep, *host);
    Join(caller, *host);
    EXPECT_EQ(caller.Send(*host, host->chain.Group()), At(*host));
  }
  EXPECT_TRUE(keep.HasAlarm("lost"));
  EXPECT_EQ(Caller(keep, one).Greet(one)->state(), wire::AGENT_QUARANTINED);
  EXPECT_TRUE(keep.HasAlarm("clone"));
}

TEST(Incarnation, AMachineThatIsMovedBackAndForthKeepsItsAgent) {
  Keep keep;
  Host host = Joined(keep, "laptop-17");
  for (const char life : {'a', 'b', 'c'}) {
    host.machine = std::string(32, life);
    host.life = std::string(16, life);
    Caller caller(keep, host);
    EXPECT_EQ(Join(caller, host).state(), wire::AGENT_ACTIVE);
    EXPECT_EQ(caller.Send(host, host.chain.Group()), At(host));
  }
  EXPECT_EQ(keep.CountAlarms("clone"), 0u);
}

// A collector over RocksDB, whose backup is older than what its agents have been told.
class RestoredCollector : public testing::Test {
 protected:
  support::TemporaryDirectory directory_;
  Keep keep_{OpenAt("store")};
  Host host_ = Joined(keep_, "laptop-17");

  std::unique_ptr<store::Store> OpenAt(const std::string& name) {
    auto opened = store::OpenRocksStore({.directory = directory_ / name});
    EXPECT_TRUE(opened) << opened.error().message;
    return *std::move(opened);
  }

  void BackUp() {
    const Status copied = keep_.store->Backup(directory_ / "backup");
    ASSERT_TRUE(copied) << copied.error().message;
  }

  void Restore() {
    keep_.OpenStore(OpenAt("backup"));
    keep_.Open();
  }

  void SendSome() {
    Caller caller(keep_, host_);
    Join(caller, host_);
    host_.chain.Exchange("alice");
    ASSERT_EQ(caller.Send(host_, host_.chain.Group()), At(host_));
  }

  Recovered RecoverNow() {
    keep_.Close();
    auto chronicle = chronicle::Chronicle::Open(*keep_.store, *keep_.log_key,
                                                {.beginning = chronicle::Beginning::kNewIncarnation,
                                                 .program = "recover",
                                                 .version = "",
                                                 .host = ""});
    EXPECT_TRUE(chronicle);
    directory::Directory directory(*keep_.store, **chronicle, *keep_.master_key, {.organisation = "acme"});
    auto recovered = Recover(*keep_.store, directory);
    EXPECT_TRUE(recovered) << recovered.error().message;
    return *recovered;
  }
};

TEST_F(RestoredCollector, AcknowledgesNothingUntilItIsRecovered) {
  BackUp();
  SendSome();
  Restore();
  Host bystander = keep_.Enrol("laptop-18");
  Caller other(keep_, bystander);
  Join(other, bystander);
  Caller caller(keep_, host_);
  EXPECT_EQ(caller.GreetAndBeRejected(host_), "restored");
  EXPECT_TRUE(keep_.intake->stats().restored);
  EXPECT_TRUE(keep_.HasAlarm("restored"));
  // Nor of anybody else.
  EXPECT_EQ(other.Send(bystander, bystander.chain.Group()), "restored");
  // Nor after a restart, though nobody has proved it anew.
  keep_.Close();
  keep_.Open();
  Caller again(keep_, bystander);
  EXPECT_EQ(again.GreetAndBeRejected(bystander), "restored");
}

TEST_F(RestoredCollector, GetsBackWhatAgentsStillHoldOnceItIsRecovered) {
  BackUp();
  SendSome();
  const uint64_t stored = keep_.CountStored(host_.agent);
  const uint64_t old_revision = keep_.directory->revision();
  Restore();
  Caller(keep_, host_).GreetAndBeRejected(host_);
  const Recovered recovered = RecoverNow();
  EXPECT_EQ(recovered.epoch, 2u);
  EXPECT_GT(recovered.revision, old_revision + 1'000'000);
  keep_.Open();

  EXPECT_FALSE(keep_.intake->stats().restored);
  Caller caller(keep_, host_);
  const wire::Welcome welcome = Join(caller, host_);
  EXPECT_EQ(welcome.epoch(), 2u);
  EXPECT_EQ(welcome.incarnation(), host_.chain.incarnation());
  EXPECT_GE(welcome.revision(), recovered.revision);
  EXPECT_EQ(caller.Send(host_, host_.chain.GroupOf(2, 3)), At(host_));
  EXPECT_EQ(keep_.CountStored(host_.agent), stored);
}

TEST_F(RestoredCollector, AnIncarnationThatItHasForgottenIsTakenAndANewOneIssued) {
  BackUp();
  host_.machine = std::string(32, 'n');
  SendSome();
  const uint64_t forgotten = host_.chain.incarnation();
  Restore();
  Caller(keep_, host_).GreetAndBeRejected(host_);
  RecoverNow();
  keep_.Open();
  const wire::Group lost = host_.chain.GroupOf(1, 3);
  Caller caller(keep_, host_);
  EXPECT_NE(Join(caller, host_).incarnation(), forgotten);
  EXPECT_EQ(caller.Send(host_, {lost, host_.chain.Group()}), At(host_));
  EXPECT_EQ((*keep_.store->FindChain(host_.agent, forgotten))->sequence, 3u);
}

TEST_F(RestoredCollector, IsRemindedOfRevocations) {
  const std::string key = keep_.MakeKey("alice");
  BackUp();
  SendSome();
  ASSERT_TRUE(keep_.directory->keys().Revoke(keep_.administrator, key, ""));
  wire::FromAgent question;
  question.mutable_query()->add_key_ids(key);
  wire::KeyRecord tombstone;
  {
    Caller caller(keep_, host_);
    Join(caller, host_);
    caller.Say(question);
    tombstone = caller.Hear(wire::FromCollector::kDirectory)->directory().keys(0);
  }
  ASSERT_TRUE(tombstone.revoked());
  Restore();
  Caller(keep_, host_).GreetAndBeRejected(host_);
  RecoverNow();
  keep_.Open();
  ASSERT_FALSE(keep_.directory->keys().Find(key)->revoked());
  Caller caller(keep_, host_);
  Join(caller, host_);
  wire::FromAgent reminder;
  *reminder.mutable_tombstones()->add_keys() = tombstone;
  caller.Say(reminder);
  EXPECT_TRUE(keep_.Until([&] { return keep_.directory->keys().Find(key)->revoked(); }));
}

TEST_F(RestoredCollector, CanBeRecoveredBeforeAnybodyNotices) {
  BackUp();
  SendSome();
  Restore();
  EXPECT_EQ(RecoverNow().epoch, 2u);
  keep_.Open();
  Caller caller(keep_, host_);
  EXPECT_EQ(Join(caller, host_).epoch(), 2u);
  EXPECT_EQ(caller.Send(host_, host_.chain.GroupOf(2, 3)), At(host_));
}

}  // namespace
}  // namespace postern::intake
