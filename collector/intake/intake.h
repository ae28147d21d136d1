// The collector's side of the conversation with agents: greets them, takes in and verifies their events,
// acknowledges what is on the disk, answers what they ask of the directory and pushes what changes.
//
//   agents ══ bus::Server ══▶ conversation thread ──▶ FairQueue ──▶ verifier ──▶ hand-over ──▶ committer
//                 ▲            hellos, queries,        events of      groups      one change     │ one synced
//                 ║            heartbeats, pushes      each agent     against     a batch        │ commit
//                 ╚══════════════════ outbox ◀──── acknowledgements, rejections, grants ◀────────┘
//                        what is said of money ──▶ treasury ──▶ worked out by the committer, in the same
//                        commit
//
//   thread        owns                                  is spoken to by               stops
//   conversation  the bus, sessions, subscriptions      outbox and wake-up            first: nothing more
//   comes in verifier      chains in memory (Recorder)           FairQueue, bounded            when that is
//   closed and empty committer     nothing                               hand-over, one batch          after
//   the verifier
//
// Fails closed: what isn't verified and on the disk is not acknowledged; what isn't recorded is not issued.
// README.md says what is answered when, and what every kind of crash and attack comes to.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "collector/chronicle/chronicle.h"
#include "collector/directory/directory.h"
#include "collector/intake/acknowledgements.h"
#include "collector/intake/decrees.h"
#include "collector/intake/presence.h"
#include "collector/store/store.h"
#include "collector/treasury/treasury.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/bus/server.h"
#include "shared/crypto/ed25519.h"

namespace postern::intake {

struct Options {
  bus::ServerOptions bus;
  std::string collector;                                              // its id, hexadecimal
  std::chrono::seconds credential_lifetime = std::chrono::hours(24);  // sealed anew when half of it is over
  std::chrono::nanoseconds push_patience =
      std::chrono::seconds(2);  // a push that isn't seen is repeated after
  std::chrono::nanoseconds policy_patience =
      std::chrono::seconds(10);  // a policy that isn't seen is sent again after; doubled each time
  Decrees decrees = {};
  std::function<WallTime()> wall_now = WallNow;
};

struct Stats {
  bus::ServerStats bus;
  bool restored = false;  // nothing is acknowledged until `postern-collector recover`
  uint64_t epoch = 0;
};

// Thread-safe.
class Intake {
 public:
  // Listens, and lets in every agent that the directory holds. All references must live longer. kInvalid,
  // kUnavailable as bus::Server::Listen; otherwise as the store.
  static Result<std::unique_ptr<Intake>> Start(Options options, store::Store& store,
                                               directory::Directory& directory,
                                               chronicle::Chronicle& chronicle,
                                               const crypto::SigningKey& log_key);
  ~Intake();  // as Close

  uint16_t port() const;
  const Presence& presence() const;
  // Whom a change has reached.
  Acknowledgements& acknowledgements();
  // Who keeps the ledger.
  treasury::Treasury& treasury();
  Stats stats() const;

  // The policy or the freeze is another: everybody is told at once. From any thread, never waits.
  void NoteDecree();

  // Takes nothing more, commits what is verified, tells the agents what was stored, ends the threads. May be
  // called again.
  void Close();

 private:
  struct State;
  explicit Intake(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace postern::intake
