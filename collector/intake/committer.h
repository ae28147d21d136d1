// Brings batches to the disk, with what the treasury makes of them and of what agents ask for, and only then
// says so: what is acknowledged or granted is stored and synced. Records alarms and quarantines what forked.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "collector/chronicle/chronicle.h"
#include "collector/directory/directory.h"
#include "collector/intake/acknowledgements.h"
#include "collector/intake/agent_table.h"
#include "collector/intake/alarms.h"
#include "collector/intake/contacts.h"
#include "collector/intake/decrees.h"
#include "collector/intake/hand_over.h"
#include "collector/intake/outbox.h"
#include "collector/intake/presence.h"
#include "collector/intake/recorder.h"
#include "collector/store/store.h"
#include "collector/treasury/treasury.h"
#include "shared/crypto/ed25519.h"

namespace postern::intake {

// What all threads of intake share. The references live longer than they.
struct Shared {
  store::Store& store;
  directory::Directory& directory;
  chronicle::Chronicle& chronicle;
  treasury::Treasury& treasury;
  const crypto::SigningKey& log_key;
  const std::string collector;
  const uint64_t epoch;
  const std::function<WallTime()> wall_now;
  const Decrees decrees{};

  AgentTable agents{};
  Presence presence{};
  Progress progress{};
  HandOver hand_over{};
  Outbox outbox{};
  Alarms alarms{hand_over, presence};
  Contacts contacts{epoch};
  Acknowledgements acknowledgements{directory, contacts, wall_now};
  // The store was restored from a backup: nothing is acknowledged, issued or granted any more.
  std::atomic<bool> restored{false};
};

// Owned by the committer thread.
class Committer {
 public:
  // `wake` tells the conversation thread that there is something in the outbox.
  Committer(Shared& shared, std::function<void()> wake) : shared_(shared), wake_(std::move(wake)) {}

  // Until the hand-over has ended.
  void Run();

 private:
  void Turn(std::optional<Batch> batch);
  Result<store::Receipt> Commit(Batch& batch, bool has_events);
  void Finish(Batch& batch, const store::Receipt& receipt, std::chrono::nanoseconds took);
  void Fail(Batch& batch, const Error& error);
  void Deliver(treasury::Proceeds proceeds);
  void Quarantine(const Alarm& fork);
  void Record(const Alarm& alarm);
  Outbox::Letter Acknowledge(const Reply& reply, const store::Receipt& receipt) const;
  void Reject(std::vector<Outbox::Letter>& letters, const Reply& reply) const;

  Shared& shared_;
  const std::function<void()> wake_;
};

}  // namespace postern::intake
