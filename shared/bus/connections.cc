#include "shared/bus/connections.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace postern::bus {
namespace {

// Routing ids are counted up by ZeroMQ, and the count may pass its end.
bool IsLater(Peer a, Peer b) {
  return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b)) > 0;
}

}  // namespace

std::string AddressOfPeer(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  char text[INET6_ADDRSTRLEN] = {};
  if (storage.ss_family == AF_INET) {
    const auto& address = reinterpret_cast<const sockaddr_in&>(storage);
    ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof(text));
    return std::string(text) + ":" + std::to_string(ntohs(address.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    const auto& address = reinterpret_cast<const sockaddr_in6&>(storage);
    ::inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof(text));
    return "[" + std::string(text) + "]:" + std::to_string(ntohs(address.sin6_port));
  }
  return {};
}

void Connections::Opened(int descriptor, Clock::time_point now) {
  std::string address = AddressOfPeer(descriptor);
  table_.With([&](Table& table) {
    Connection connection;
    connection.serial = ++table.last_serial;
    connection.address = std::move(address);
    connection.accepted = now;
    const auto [place, fresh] = table.open.try_emplace(descriptor);
    if (!fresh) Depart(table, place->second);
    place->second = std::move(connection);
  });
}

void Connections::Closed(int descriptor) {
  table_.With([&](Table& table) {
    const auto found = table.open.find(descriptor);
    if (found == table.open.end()) return;
    Depart(table, found->second);
    table.open.erase(found);
  });
}

std::optional<std::string> Connections::Received(const Origin& origin, const std::string& agent,
                                                 uint64_t bytes) {
  std::optional<Doomed> older;
  auto address = table_.With([&](Table& table) -> std::optional<std::string> {
    const auto known = table.peers.find(origin.peer);
    const auto found = table.open.find(known == table.peers.end() ? origin.descriptor : known->second);
    if (found == table.open.end() || found->second.closing) return std::nullopt;
    Connection& connection = found->second;
    if (known == table.peers.end() && !Bind(table, connection, origin, agent)) return std::nullopt;
    connection.delivered += bytes;
    const auto [newest, first] = table.agents.try_emplace(agent, origin.peer);
    if (!first && newest->second != origin.peer) {
      const bool is_newer = IsLater(origin.peer, newest->second);
      const Peer leaver = is_newer ? std::exchange(newest->second, origin.peer) : origin.peer;
      older = Doom(table, table.peers.at(leaver), "another connection was made with the same agent's key");
      if (!is_newer) return std::nullopt;
    }
    return connection.address;
  });
  Shut(older);
  return address;
}

// A message may lie in ZeroMQ's queue while its connection ends and the descriptor's number goes to the next
// one. The later routing id is then that number's true owner.
bool Connections::Bind(Table& table, Connection& connection, const Origin& origin, const std::string& agent) {
  if (connection.peer) {
    if (!IsLater(origin.peer, *connection.peer)) return false;
    Depart(table, connection);
  }
  connection.peer = origin.peer;
  connection.key = origin.key;
  connection.agent = agent;
  table.peers[origin.peer] = origin.descriptor;
  return true;
}

void Connections::Depart(Table& table, Connection& connection) {
  if (!connection.peer) return;
  table.departures.push_back({*connection.peer, connection.agent, connection.why});
  table.peers.erase(*connection.peer);
  const auto newest = table.agents.find(connection.agent);
  if (newest != table.agents.end() && newest->second == *connection.peer) table.agents.erase(newest);
  connection.peer.reset();
}

std::optional<Connections::Doomed> Connections::Doom(Table& table, int descriptor, std::string why) {
  const auto found = table.open.find(descriptor);
  if (found == table.open.end() || found->second.closing) return std::nullopt;
  found->second.closing = true;
  found->second.why = std::move(why);
  ++table.closed_here;
  return Doomed{descriptor, found->second.address};
}

// ZeroMQ can't be asked to end one connection of a ROUTER, but TCP can: its thread then finds the socket
// closed.
void Connections::Shut(const std::optional<Doomed>& doomed) {
  if (doomed && AddressOfPeer(doomed->descriptor) == doomed->address)
    ::shutdown(doomed->descriptor, SHUT_RDWR);
}

void Connections::CloseDescriptor(int descriptor, std::string why) {
  Shut(table_.With([&](Table& table) { return Doom(table, descriptor, std::move(why)); }));
}

void Connections::CloseSeen(const Sight& sight, std::string why) {
  Shut(table_.With([&](Table& table) -> std::optional<Doomed> {
    const auto found = table.open.find(sight.descriptor);
    if (found == table.open.end() || found->second.serial != sight.serial) return std::nullopt;
    return Doom(table, sight.descriptor, std::move(why));
  }));
}

void Connections::ClosePeer(Peer peer, std::string why) {
  Shut(table_.With([&](Table& table) -> std::optional<Doomed> {
    const auto found = table.peers.find(peer);
    if (found == table.peers.end()) return std::nullopt;
    return Doom(table, found->second, std::move(why));
  }));
}

std::optional<CurveKey> Connections::KeyOf(Peer peer) const {
  return table_.With([&](const Table& table) -> std::optional<CurveKey> {
    const auto found = table.peers.find(peer);
    if (found == table.peers.end()) return std::nullopt;
    const Connection& connection = table.open.at(found->second);
    return connection.closing ? std::nullopt : std::optional(connection.key);
  });
}

std::vector<std::pair<Peer, CurveKey>> Connections::Keys() const {
  return table_.With([](const Table& table) {
    std::vector<std::pair<Peer, CurveKey>> keys;
    keys.reserve(table.peers.size());
    for (const auto& [peer, descriptor] : table.peers) keys.emplace_back(peer, table.open.at(descriptor).key);
    return keys;
  });
}

std::vector<Sight> Connections::Look() const {
  return table_.With([](const Table& table) {
    std::vector<Sight> sights;
    sights.reserve(table.open.size());
    for (const auto& [descriptor, connection] : table.open) {
      if (connection.closing) continue;
      sights.push_back({descriptor, connection.serial, connection.accepted, connection.delivered,
                        connection.peer.has_value()});
    }
    return sights;
  });
}

std::vector<Departure> Connections::TakeDepartures() {
  return table_.With([](Table& table) { return std::exchange(table.departures, {}); });
}

size_t Connections::size() const {
  return table_.With([](const Table& table) { return table.open.size(); });
}

uint64_t Connections::closed_here() const {
  return table_.With([](const Table& table) { return table.closed_here; });
}

}  // namespace postern::bus
