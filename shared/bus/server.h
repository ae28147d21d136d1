// The collector's end of the bus: one ROUTER socket under CURVE that many agents are connected to.
//
//   handshake ──▶ door thread: admitted? ──▶ connection ──▶ Receive: admitted still? one frame? ──▶ Incoming
//
// What a peer can do to others is bounded here, so that whoever reads the messages need not think of it:
//   - messages of all connections are taken in turn, one each, so a flood only fills its own queue: 16
//     messages, then TCP pushes back
//   - a frame of more than 1 MiB ends the connection before it is received
//   - so do a message of several frames, a routing id of the peer's own choice, and more than 32 MiB that
//     wait in memory
//   - a connection's first message must come within 60 s, and no more than 128 KiB before it was received
//   - an agent has one connection: a newer one ends the older
//   - a key gets 30 handshakes at once and one a second from then on; more are told to try again
//   - 256 descriptors are kept for the rest of the program: connections beyond that are closed as they come
// README.md has the traps of ZeroMQ that these mend.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/bus/admission.h"
#include "shared/bus/curve.h"
#include "shared/bus/frame.h"

namespace postern::bus {

// One connection. Never used again by a later one.
enum class Peer : uint32_t {};

struct Incoming {
  Peer peer{};
  std::string agent;    // whose key the connection was made with
  std::string address;  // of the peer: "192.0.2.7:51312"
  std::string frame;    // at most kMaxFrameBytes; nothing is known of it
};

// A connection from which a message was received once, and that is no more.
struct Departure {
  Peer peer{};
  std::string agent;
  std::string why;  // a sentence, where this end closed it for what the peer did; empty where it just went
};

struct ServerOptions {
  std::string address;  // "0.0.0.0:4791", "[::]:4791"; port 0: a free one
  CurveKeys keys;
};

struct ServerStats {
  uint64_t connections = 0;   // open TCP connections, handshaken or not
  uint64_t accepted = 0;      // ever
  uint64_t unknown_keys = 0;  // handshakes that were turned away: of no key that the table holds,
  uint64_t revoked_keys = 0;  // of a revoked one,
  uint64_t too_frequent = 0;  // of one that came too often
  uint64_t received = 0;      // messages delivered
  uint64_t received_bytes = 0;
  uint64_t dropped = 0;  // messages that came and weren't delivered
  uint64_t sent = 0;
  uint64_t full = 0;  // sends that found the peer's queue full
  uint64_t cut = 0;   // connections that this end closed
};

// Owned by one thread, but for Wake and stats. (Of its own it has the door thread and ZeroMQ's.)
class Server {
 public:
  // Listens at once. kInvalid: the address is none; kUnavailable: it can't be had. `admission` must live
  // longer.
  static Result<std::unique_ptr<Server>> Listen(ServerOptions options, const Admission& admission);
  ~Server();

  uint16_t port() const;

  // Until there is something to receive, Wake was called, or the time is over. Closes the connections of
  // revoked keys.
  void Wait(std::chrono::milliseconds timeout);

  // The next message, or nothing for now: then Wait.
  std::optional<Incoming> Receive();

  // Queues one frame (at most kMaxFrameBytes: a CHECK) to a peer, behind all that was sent to it before;
  // never waits. kNotFound: the connection is no more; kDenied: its key was revoked; kExhausted: 64 messages
  // wait already that the peer hasn't taken, and this one is not sent: send it later or Cut the peer. Success
  // says nothing about arrival.
  Status Send(Peer peer, std::string_view frame);

  // As Send, of a frame that others are sent too: its bytes are shared and not copied, and are kept until
  // ZeroMQ's thread has taken them for the wire. Until then `waiting`, where there is one, counts it.
  using Waiting = std::shared_ptr<std::atomic<uint32_t>>;
  Status SendShared(Peer peer, const std::shared_ptr<const std::string>& frame, const Waiting& waiting);

  // Closes the connection. Nothing more is received of it; a Departure with `why` follows. Nothing for an
  // unknown peer.
  void Cut(Peer peer, std::string why);

  // The connections that ended since the last call. One that ends ends a Wait.
  std::vector<Departure> TakeDepartures();

  // Ends the Wait under way, or the next one. From any thread.
  void Wake();

  ServerStats stats() const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  Status Address(Peer peer);
  std::unique_ptr<State> state_;
};

}  // namespace postern::bus
