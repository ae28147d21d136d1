// A server's open TCP connections: whose they are, what they have sent, and why one was closed.
//
// ZeroMQ tells of a connection three times, to two threads: the monitor says that a descriptor was accepted
// and closed (door thread), a message names the descriptor it came by and the peer's routing id (server's
// thread). Here the three are put together. A descriptor's number may be used again at once, so every deed
// asks whether it is still the same.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/guarded.h"
#include "shared/bus/server.h"

namespace postern::bus {

// Where a message came from, as ZeroMQ says it.
struct Origin {
  int descriptor = -1;
  Peer peer{};
  CurveKey key{};
};

// What the door thread looks at now and then.
struct Sight {
  int descriptor = -1;
  uint64_t serial = 0;
  std::chrono::steady_clock::time_point accepted{};
  uint64_t delivered = 0;  // bytes of messages that were received of it, with ZeroMQ's own around them
  bool known = false;      // a message was received of it
};

// Thread-safe.
class Connections {
 public:
  using Clock = std::chrono::steady_clock;

  // The monitor's word.
  void Opened(int descriptor, Clock::time_point now);
  void Closed(int descriptor);

  // Counts a message of `bytes` for its connection. The peer's address, or nothing where the connection is no
  // more or was closed by this end: then the message is not to be delivered. An older connection of the same
  // agent is closed.
  std::optional<std::string> Received(const Origin& origin, const std::string& agent, uint64_t bytes);

  // Closes a connection for the reason given, a sentence; nothing where it is no more.
  void CloseDescriptor(int descriptor, std::string why);
  void CloseSeen(const Sight& sight, std::string why);
  void ClosePeer(Peer peer, std::string why);

  // The key of a connection that is open on this end too.
  std::optional<CurveKey> KeyOf(Peer peer) const;
  std::vector<std::pair<Peer, CurveKey>> Keys() const;

  std::vector<Sight> Look() const;
  std::vector<Departure> TakeDepartures();
  size_t size() const;
  uint64_t closed_here() const;

 private:
  struct Connection {
    uint64_t serial = 0;
    std::string address;
    Clock::time_point accepted{};
    uint64_t delivered = 0;
    bool closing = false;  // by this end
    std::string why;
    std::optional<Peer> peer;  // from its first message on
    CurveKey key{};
    std::string agent;
  };
  struct Table {
    std::map<int, Connection> open;  // by descriptor
    std::map<Peer, int> peers;       // of those in `open` of which a message was received
    std::map<std::string, Peer, std::less<>> agents;
    std::vector<Departure> departures;
    uint64_t last_serial = 0;
    uint64_t closed_here = 0;
  };
  // A connection that is to be closed now that the lock isn't held any more.
  struct Doomed {
    int descriptor = -1;
    std::string address;
  };

  static std::optional<Doomed> Doom(Table& table, int descriptor, std::string why);
  static void Depart(Table& table, Connection& connection);
  static bool Bind(Table& table, Connection& connection, const Origin& origin, const std::string& agent);
  static void Shut(const std::optional<Doomed>& doomed);

  Guarded<Table> table_;
};

// "192.0.2.7:51312" of a connected socket's other end; empty where it isn't one.
std::string AddressOfPeer(int descriptor);

}  // namespace postern::bus
