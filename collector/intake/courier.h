// Brings the policy to every connected agent, piece by piece, and again until the agent has said that it is
// in force there or why it isn't taken.
//
// However large the policy and however many the agents, little waits in ZeroMQ's queues: the frames are
// shared, an agent is sent no more than 256 KiB ahead of what its connection takes, all together no more than
// 4 MiB. So a revocation that comes in between waits for at most that. An agent is sent one piece first, and
// more when its connection has taken that; one that takes nothing for a quarter of a second doesn't count
// among "all together". So those that don't read hold up nobody for long.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "collector/intake/consignment.h"
#include "shared/base/clock.h"
#include "shared/bus/server.h"
#include "shared/wire/conversation.h"

namespace postern::intake {

// Owned by the conversation thread.
class Courier {
 public:
  static constexpr size_t kMostAhead = size_t{256} << 10;    // of one agent
  static constexpr size_t kMostTogether = size_t{4} << 20;   // of all that take them
  static constexpr std::chrono::milliseconds kStalled{250};  // that take nothing for so long
  static constexpr std::chrono::minutes kMostPatience{5};    // it doubles with each repetition
  static constexpr std::chrono::minutes kRefusalStands{10};  // before a refused one is offered again, to a
                                                             // later connection

  // By so many versions an agent may be ahead of a collector that has forgotten some. Who claims more tells
  // nothing: nobody shall use up the numbers.
  static constexpr uint64_t kMostVersionsAhead = 10'000;

  // As bus::Server::SendShared; kExhausted also while other frames for the peer wait.
  using Send = std::function<Status(bus::Peer, const std::shared_ptr<const std::string>& frame,
                                    const bus::Server::Waiting&)>;

  // `patience`: how long after the last piece was taken the agent has to say Seen.
  Courier(std::chrono::nanoseconds patience, Send send) : patience_(patience), send_(std::move(send)) {}

  // From now on everybody is to have this one; null: nobody is to have any.
  void Use(std::shared_ptr<const Consignment> policy, BootTime now);
  const std::shared_ptr<const Consignment>& policy() const { return policy_; }

  // A connection was greeted, again perhaps: what is in force there is what it said in Hello.
  void Greet(bus::Peer peer, const std::string& agent, uint64_t version, const std::string& snapshot_sha256,
             BootTime now);
  void Leave(bus::Peer peer);

  enum class Word {
    kNothing,    // it doesn't speak of a policy, or of an earlier one
    kTaken,      // what everybody is to have is in force there
    kRefused,    // it isn't taken there; it won't be sent on this connection again
    kUnheardOf,  // the agent speaks of a policy that it was never sent
  };
  Word Hear(bus::Peer peer, const wire::Seen& seen, BootTime now);
  // The version that is in force there, as the agent says; 0: none.
  uint64_t InForce(bus::Peer peer) const;
  // It has said, now or on an earlier connection, that it doesn't take what everybody is to have.
  bool Refuses(bus::Peer peer) const;

  // Sends what may be sent now. Whether more is to be sent as soon as connections have taken something: ask
  // again in a few milliseconds.
  bool Proceed(BootTime now);

 private:
  enum class Stage { kDone, kSending, kSent, kRefused };
  struct Delivery {
    std::string agent;
    uint64_t version = 0;  // in force there
    std::string snapshot_sha256;
    Stage stage = Stage::kDone;
    size_t next = 0;     // of the frames
    bool takes = false;  // its connection has taken one of them
    int repeats = 0;
    BootTime progress{};  // when its connection took something last
    uint32_t seen_waiting = 0;
    BootTime repeat_at{};  // once all is sent
    bus::Server::Waiting waiting = std::make_shared<std::atomic<uint32_t>>(0);
  };
  struct Refusal {
    uint64_t version = 0;
    BootTime at{};
  };

  static void Begin(Delivery& delivery, BootTime now);
  void Offer(bus::Peer peer, Delivery& delivery, BootTime now);
  void Enter(bus::Peer peer, Delivery& delivery, Stage stage);
  bool Has(const Delivery& delivery) const;
  size_t Ahead(Delivery& delivery, BootTime now);
  size_t SendTo(bus::Peer peer, Delivery& delivery, size_t room, BootTime now);
  static void Rest(Delivery& delivery, BootTime now);

  const std::chrono::nanoseconds patience_;
  const Send send_;
  std::shared_ptr<const Consignment> policy_;
  std::map<bus::Peer, Delivery> deliveries_;
  std::set<bus::Peer> open_;                 // of these to whom something is, or may have to be, sent
  std::map<std::string, Refusal> refusals_;  // by agent: as many as are enrolled
  bus::Peer turn_{};                         // who is first in the next round
};

}  // namespace postern::intake
