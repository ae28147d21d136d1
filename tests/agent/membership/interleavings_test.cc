// Whatever comes in whatever order: a key whose revocation was acknowledged is never let through again.
//
// A collector in a few lines says the truth as of a revision; its answers and pushes go two ways, on which
// each keeps its order and neither waits for the other, so that an answer may be far older than what was
// pushed meanwhile. Connections break, processes die by power cuts and are opened again. What was
// acknowledged is remembered outside of all that.
#include <algorithm>
#include <chrono>
#include <deque>
#include <fstream>
#include <future>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "agent/membership/membership.h"
#include "shared/base/guarded.h"
#include "shared/kv/faults.h"
#include "tests/agent/membership/enrolled.h"
#include "tests/agent/membership/truth.h"
#include "tests/support/temporary_directory.h"

namespace postern::membership {
namespace {

class Interleaving {
 public:
  explicit Interleaving(uint32_t seed) : random_(seed) {
    std::ofstream(directory_ / "boot_id") << "boot-1\n";
    Open();
  }
  ~Interleaving() { Die(); }

  void Step() {
    switch (random_() % 16) {
      case 0: return Change(Truth::Fate::kRevoked);
      case 1: return Change(Truth::Fate::kDisabled);
      case 2: return Change(Truth::Fate::kActive);
      case 3:
      case 4:
      case 5:
      case 6: return Ask();
      case 7:
      case 8:
      case 9:
      case 10:
      case 11: return Deliver(random_() % 2 == 0 ? answers_ : pushes_);
      case 12: return Repeat();
      case 13: return random_() % 2 == 0 ? Disconnect() : Blink();
      case 14: return Connect();
      default: return random_() % 4 == 0 ? Restart() : Connect();
    }
  }

  // What isn't allowed, in a sentence; empty: nothing.
  std::string Wrong() {
    const auto acknowledged = acknowledged_.With([](const std::map<int, uint64_t>& all) { return all; });
    for (const auto& [key, revision] : acknowledged) {
      const KeyAnswer answer = membership_->FindKey(IdOf(key));
      // It was enabled again since, or is known by nothing: then it is asked for.
      if (answer.key == nullptr || truth_.fate(key) == Truth::Fate::kActive) continue;
      if (revision < truth_.withdrawn(key)) continue;  // that was an earlier time
      if (!answer.key->record.disabled)
        return IdOf(key) + " would be let through though its revocation at revision " +
               std::to_string(revision) + " was acknowledged";
    }
    return WrongWithoutAsking();
  }

  // Everything that was sent arrives, and every key is asked for: then each is what the collector says it is.
  std::string WrongAtTheEnd() {
    if (!connected_) Connect();
    for (int key = 0; key < kKeys; ++key) held_.insert(key), answers_.push_back({key, truth_.Say(key)});
    while (!pushes_.empty()) Deliver(pushes_);
    while (!answers_.empty()) Deliver(answers_);
    Flush();
    for (int key = 0; key < kKeys; ++key) {
      const KeyAnswer answer = membership_->FindKey(IdOf(key));
      if (answer.certainty != Certainty::kConfirmed || answer.key == nullptr)
        return IdOf(key) + " isn't known";
      const bool usable = !answer.key->record.disabled;
      if (usable != (truth_.fate(key) == Truth::Fate::kActive))
        return IdOf(key) + " is not what the collector says";
    }
    return "";
  }

 private:
  // What was withdrawn before the Welcome is never held to be good on the collector's own word: it is asked
  // for first, and answered what is newer.
  std::string WrongWithoutAsking() {
    for (int key = 0; connected_ && key < kKeys; ++key) {
      const bool withdrawn =
          truth_.fate(key) != Truth::Fate::kActive && truth_.withdrawn(key) <= welcomed_at_;
      const KeyAnswer answer = membership_->FindKey(IdOf(key));
      if (withdrawn && answer.certainty == Certainty::kConfirmed && answer.key &&
          !answer.key->record.disabled)
        return IdOf(key) + " would be let through unasked though it was withdrawn before the Welcome";
    }
    return "";
  }

  struct Message {
    int key;
    wire::Directory directory;
  };

  void Open() {
    faults_ = std::make_shared<kv::Faults>(true);
    Options options;
    options.directory = directory_.path();
    options.incarnation = 42;
    options.boot_id_file = directory_ / "boot_id";
    options.faults = faults_;
    // A disk that takes its time: what was taken waits for what came before it.
    faults_->DelaySyncs(std::chrono::milliseconds(random_() % 3));
    membership_ = *Membership::Open(enrolment_, std::move(options));
  }
  void Die() {
    if (random_() % 2 == 0) faults_->Cut();
    static_cast<void>(membership_->Close().has_value());
    membership_.reset();
  }
  void Restart() {
    Disconnect();
    Die();
    Open();
  }
  void Disconnect() {
    if (connected_) membership_->OnDisconnected();
    connected_ = false;
    answers_.clear();
    pushes_.clear();
    held_.clear();
  }
  void Connect() {
    if (connected_) return;
    wire::Welcome welcome;
    welcome.set_incarnation(42);
    membership_->Take(welcome, BootClock::now());
    connected_ = true;
    welcomed_at_ = truth_.revision();
  }
  // The connection is lost and made anew while the machine is still asked for the users of a key, which is
  // revoked in between.
  void Blink() {
    Connect();
    held_.insert(0);
    answers_.push_back({0, truth_.Say(0)});
    while (!answers_.empty()) Deliver(answers_);
    Disconnect();
    truth_.Change(0, random_() % 2 == 0 ? Truth::Fate::kRevoked : Truth::Fate::kDisabled);
    Connect();
    Flush();  // until the machine has answered
  }
  void Change(Truth::Fate fate) {
    const int key = static_cast<int>(random_() % kKeys);
    truth_.Change(key, fate);
    if (connected_ && held_.contains(key)) pushes_.push_back({key, truth_.Say(key)});
  }
  void Ask() {
    if (!connected_) return;
    const int key = static_cast<int>(random_() % kKeys);
    held_.insert(key);
    answers_.push_back({key, truth_.Say(key)});
  }
  void Repeat() {
    for (const int key : held_) pushes_.push_back({key, truth_.Say(key)});
  }
  void Deliver(std::deque<Message>& from) {
    if (from.empty()) return;
    const Message message = std::move(from.front());
    from.pop_front();
    const bool withdraws = message.directory.keys(0).revoked() || message.directory.keys(0).disabled();
    const uint64_t revision = message.directory.keys(0).revision();
    const bool taken = membership_->Take(message.directory, [this, key = message.key, withdraws, revision] {
      if (!withdraws) return;
      acknowledged_.With([&](std::map<int, uint64_t>& all) { all[key] = std::max(all[key], revision); });
    });
    // As the uplink does: what was too old is asked for again.
    if (!taken) answers_.push_back({message.key, truth_.Say(message.key)});
  }
  // All that was taken is on the disk.
  void Flush() {
    std::promise<void> durable;
    wire::Directory nothing;
    nothing.set_revision(truth_.revision());
    if (membership_->Take(nothing, [&] { durable.set_value(); })) durable.get_future().wait();
  }

  std::mt19937 random_;
  const support::TemporaryDirectory directory_;
  const Enrolment enrolment_ = MakeEnrolment();
  Truth truth_;
  std::deque<Message> answers_;
  std::deque<Message> pushes_;
  std::set<int> held_;  // asked for on this connection
  bool connected_ = false;
  uint64_t welcomed_at_ = 0;  // the revision as of which the collector greeted this host
  Guarded<std::map<int, uint64_t>> acknowledged_;
  std::shared_ptr<kv::Faults> faults_;
  std::unique_ptr<Membership> membership_;
};

TEST(Interleavings, NoneLetsARevokedKeyThroughAfterItsAcknowledgement) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    Interleaving run(seed);
    for (int step = 0; step < 150; ++step) {
      run.Step();
      ASSERT_EQ(run.Wrong(), "") << "seed " << seed << ", step " << step;
    }
    ASSERT_EQ(run.WrongAtTheEnd(), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace postern::membership
