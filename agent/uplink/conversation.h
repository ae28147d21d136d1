// The agent's side of the conversation with its collector (shared/wire/conversation.md), as a machine without
// threads, sockets or clocks: what happens goes in, what is to be done comes out.
//
//   away ──OnConnected──▶ greeting ──Welcome──▶ welcomed ──▶ (events held: quarantined, restored, no
//   incarnation yet)
//    ▲                                             │
//    └────────────── OnDisconnected ───────────────┘
//
// Exactly once is the collector's watermark: this side only ever sends in order from what it was last told is
// stored, and sends again whenever it can't know. What is confirmed is said by the collector and never
// assumed. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/spool/spool.h"
#include "agent/uplink/questions.h"
#include "agent/uplink/sender.h"
#include "agent/uplink/step.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"
#include "shared/wire/conversation.h"

namespace postern::uplink {

// What the agent says of itself, the same in each Hello.
struct Self {
  std::string life;  // 16 random bytes
  std::string agent_version;
  std::string host;
  std::string machine;    // SHA-256, as in Start
  std::string collector;  // the id of the one that it belongs to
  std::string log_key;    // that one's, 32 bytes
};

// What it goes by, as Hello tells it.
struct Enforced {
  uint64_t policy = 0;  // in force and on the disk; 0: none
  std::string policy_sha256;
  bool strict = false;
  uint32_t policy_ttl = 0;  // seconds
};

// What it looks up when it speaks.
struct Memory {
  std::function<spool::Standpoint()> standpoint;
  std::function<std::optional<wire::SignedMemory>()> memory;
  std::function<uint64_t()> epoch;  // of that memory
  std::function<uint64_t()> revision;
  std::function<Enforced()> enforced;
  std::function<std::vector<wire::KeyRecord>()> tombstones;
  std::function<std::string()> make_nonce;  // 16 random bytes
  // This agent's clock at that time; 0 while it hasn't heard the collector's. None: this agent has no wallet.
  std::function<WallTime(BootTime)> clock{};
  // What the wallet holds under that incarnation, as it is on the disk, synced.
  std::function<std::vector<wire::Holding>(uint64_t incarnation)> holdings{};
};

// Thread-compatible.
class Conversation {
 public:
  static constexpr std::chrono::seconds kHeartbeatEvery{5};
  static constexpr std::chrono::seconds kSilence{30};  // without an answer to Hello or heartbeats: hang up
  static constexpr std::chrono::seconds kUnacknowledged{
      60};                                              // events on the way for so long: say Hello again
  static constexpr std::chrono::seconds kTroubled{30};  // before another Hello where the last led to nothing
  static constexpr std::chrono::milliseconds kSendAgain{500};  // after something before was missing
  static constexpr std::chrono::seconds kBusy{1};
  // How long Seen waits once a revision is on the disk: at least so long, and at most twice as long, each
  // life in a time of its own. What is judged by is judged by already, and a thousand hosts that answered at
  // once would hold up what is still on its way to the others.
  static constexpr std::chrono::milliseconds kSeenAfter{60};

  // `seal_key` must live longer.
  Conversation(Self self, Memory memory, const crypto::SigningKey& seal_key);

  void OnConnected(BootTime now);
  void OnDisconnected();
  void OnMessage(const wire::FromCollector& message, BootTime now);

  void OnRead(uint64_t round, Result<std::vector<spool::SealedGroup>> groups, BootTime now);
  // What became of Acknowledge and BeginIncarnation.
  void OnAcknowledged(const Acknowledge& what, const Status& status, BootTime now);
  void OnBegun(uint64_t incarnation, const Status& status, BootTime now);
  void OnSealed(BootTime now);

  // As Questions::Add; kUnavailable while not welcomed.
  Status Ask(const std::vector<std::string>& keys, const std::vector<wire::OsIdentity>& users, BootTime now);
  // The directory that was learnt was older than what is known: asks again for what it holds.
  void AskAgain(const wire::Directory& directory, BootTime now);
  // What the directory said up to this revision is judged by and on the disk: it is said after kSeenAfter,
  // once for all that come meanwhile.
  void OnDurable(uint64_t revision, BootTime now);
  // That this agent was revoked is on the disk: it is said at once.
  void OnDismissalDurable(uint64_t revision);
  // This credential ("main#2") could be opened.
  void SayCredentialSeen(const std::string& credential);
  // That of this version is in force and on the disk; or, with a sentence, it was not taken.
  void SayPolicySeen(uint64_t version, const std::string& sha256, const std::string& refused);

  // A demand of the wallet's, or what it has given back and is synced. Lost while not welcomed: demands are
  // repeated, and the next Hello says what was given back.
  void SayMoney(wire::FromAgent message);

  // At due() at the latest.
  void OnTime(BootTime now);
  BootTime due() const;

  // What is to be done now, in this order.
  std::vector<Step> TakeSteps();

  bool welcomed() const { return phase_ == Phase::kWelcomed; }
  // Why no events are sent though there is a connection; empty: they are.
  const std::string& trouble() const { return trouble_; }

 private:
  enum class Phase { kAway, kGreeting, kWelcomed };
  struct Beat {
    std::string nonce;
    BootTime sent{};
  };

  void SayHello(BootTime now);
  void SayHelloAt(BootTime time);
  bool SaidOtherwise() const;
  void OnWelcome(const wire::Welcome& welcome, BootTime now);
  bool IsOurs(const wire::Welcome& welcome);
  void TakeMarks(const wire::Welcome& welcome);
  void SayTombstones(uint64_t epoch);
  void SayHoldings(wire::Hello& hello, BootTime now) const;
  void OnStored(const wire::Acknowledged& acknowledged, BootTime now);
  void OnHeartbeatAnswer(const wire::HeartbeatAnswer& answer, BootTime now);
  void OnRejected(const wire::Rejected& rejected, BootTime now);
  void GiveUp(uint64_t incarnation);
  void AwaitHello(const std::string& reason, BootTime now);
  void OnState(wire::AgentState state, const std::string& why, BootTime now);
  void OnQuarantine(const std::string& why);
  void OnRevoked(const std::string& why, uint64_t revision);
  void SayRevisionSeen(uint64_t revision);
  std::chrono::nanoseconds PauseBeforeSeen() const;
  void Begin(uint64_t incarnation);
  void StartSending();
  void Hold(std::string trouble);
  void SayHeartbeat(BootTime now);
  void Proceed(BootTime now);
  wire::FromAgent& AddMessage();

  const Self self_;
  const Memory memory_;
  const crypto::SigningKey& seal_key_;

  Phase phase_ = Phase::kAway;
  std::string trouble_;
  bool quarantined_ = false;
  Enforced said_;                    // in the last Hello
  uint64_t hello_incarnation_ = 0;   // of the last Hello's `now`
  uint64_t wanted_incarnation_ = 0;  // that is being begun; 0: none
  BootTime hello_sent_{};
  std::optional<BootTime> greeting_since_;  // the first Hello without a Welcome
  std::optional<BootTime> hello_due_;
  std::optional<BootTime> begin_due_;
  uint64_t durable_ = 0;              // the newest revision that is on the disk; 0: all were said
  std::optional<BootTime> seen_due_;  // when it is said
  BootTime beat_due_{};
  std::deque<Beat> beats_;  // without an answer, the oldest first
  Sender sender_;
  Questions questions_;
  std::vector<Step> steps_;
};

}  // namespace postern::uplink
