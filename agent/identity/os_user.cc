#include "agent/identity/os_user.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

namespace postern::identity {
namespace {

constexpr std::array<uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool IsMapped(const std::array<uint8_t, 16>& address) {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.begin());
}

// From the addresses of a family to ours. An IPv6 socket that speaks IPv4 has two mapped addresses.
ConnectionEnds Normalised(ConnectionEnds ends) {
  if (!ends.is_v6 || !IsMapped(ends.client.address) || !IsMapped(ends.server.address)) return ends;
  ends.is_v6 = false;
  for (ConnectionEnds::End* end : {&ends.client, &ends.server}) {
    std::array<uint8_t, 16> v4{};
    std::copy_n(end->address.begin() + kMappedPrefix.size(), 4, v4.begin());
    end->address = v4;
  }
  return ends;
}

std::optional<ConnectionEnds::End> EndOf(const sockaddr* address) {
  ConnectionEnds::End end;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    std::memcpy(end.address.data(), &v4.sin_addr, 4);
    end.port = ntohs(v4.sin_port);
    return end;
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6;
  std::memcpy(&v6, address, sizeof v6);
  std::memcpy(end.address.data(), &v6.sin6_addr, 16);
  end.port = ntohs(v6.sin6_port);
  return end;
}

// What counts, of all that a kernel may say of a socket.
std::optional<OsUser> Counted(int state, uid_t uid, uint64_t inode) {
  if (state != TCP_ESTABLISHED || inode == 0) return std::nullopt;
  return OsUser{uid, inode};
}

// ---- netlink, sock_diag(7) ----

struct Request {
  nlmsghdr header;
  inet_diag_req_v2 body;
};

Request RequestFor(const ConnectionEnds& ends, uint32_t sequence) {
  Request request{};
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = SOCK_DIAG_BY_FAMILY;
  request.header.nlmsg_flags = NLM_F_REQUEST;  // without NLM_F_DUMP: this one socket
  request.header.nlmsg_seq = sequence;
  request.body.sdiag_family = ends.is_v6 ? AF_INET6 : AF_INET;
  request.body.sdiag_protocol = IPPROTO_TCP;
  request.body.idiag_states = 1u << TCP_ESTABLISHED;
  request.body.id.idiag_sport = htons(ends.client.port);
  request.body.id.idiag_dport = htons(ends.server.port);
  std::memcpy(request.body.id.idiag_src, ends.client.address.data(), 16);
  std::memcpy(request.body.id.idiag_dst, ends.server.address.data(), 16);
  request.body.id.idiag_cookie[0] = INET_DIAG_NOCOOKIE;
  request.body.id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
  return request;
}

ConnectionEnds EndsIn(const inet_diag_msg& message) {
  ConnectionEnds ends;
  ends.is_v6 = message.idiag_family == AF_INET6;
  const size_t size = ends.is_v6 ? 16 : 4;
  std::memcpy(ends.client.address.data(), message.id.idiag_src, size);
  std::memcpy(ends.server.address.data(), message.id.idiag_dst, size);
  ends.client.port = ntohs(message.id.idiag_sport);
  ends.server.port = ntohs(message.id.idiag_dport);
  return Normalised(ends);
}

// ---- /proc/net/tcp ----

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t at = line.find_first_not_of(' '); at < line.size(); at = line.find_first_not_of(' ', at)) {
    const size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

template <class T>
std::optional<T> Number(std::string_view text, int base) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "0100007F:12AC": 32-bit words of an address as this machine would print them, and the port.
std::optional<ConnectionEnds::End> EndIn(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon != 8 && colon != 32) return std::nullopt;
  ConnectionEnds::End end;
  for (size_t i = 0; i < colon; i += 8) {
    const auto word = Number<uint32_t>(text.substr(i, 8), 16);
    if (!word) return std::nullopt;
    std::memcpy(end.address.data() + i / 2, &*word, 4);
  }
  const auto port = Number<uint16_t>(text.substr(colon + 1), 16);
  if (!port) return std::nullopt;
  end.port = *port;
  return end;
}

std::optional<OsUser> UserInLine(std::string_view line, const ConnectionEnds& wanted) {
  const std::vector<std::string_view> words = Words(line);
  if (words.size() < 10) return std::nullopt;
  const auto client = EndIn(words[1]);
  const auto server = EndIn(words[2]);
  if (!client || !server || words[1].size() != words[2].size()) return std::nullopt;
  const bool is_v6 = words[1].find(':') == 32;
  if (Normalised({is_v6, *client, *server}) != wanted) return std::nullopt;
  const auto state = Number<int>(words[3], 16);
  const auto uid = Number<uid_t>(words[7], 10);
  const auto inode = Number<uint64_t>(words[9], 10);
  if (!state || !uid || !inode) return std::nullopt;
  return Counted(*state, *uid, *inode);
}

std::optional<OsUser> AskProcNet(const ConnectionEnds& ends) {
  // An IPv6 socket that speaks IPv4 is listed in tcp6. The thread's own entry, since namespaces belong to
  // threads.
  for (const char* path : {"/proc/thread-self/net/tcp", "/proc/thread-self/net/tcp6"}) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    if (const auto user = FindInProcNetTcp(text.str(), ends)) return user;
  }
  return std::nullopt;
}

// A connection of our own to try a method on.
struct Trial {
  Descriptor listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  Descriptor client{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  Descriptor accepted;

  bool Connect() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener.number(), generic, size) != 0 || listen(listener.number(), 1) != 0) return false;
    if (getsockname(listener.number(), generic, &size) != 0) return false;
    if (connect(client.number(), generic, size) != 0) return false;
    accepted = Descriptor(accept4(listener.number(), nullptr, nullptr, SOCK_CLOEXEC));
    return accepted.is_open();
  }
};

}  // namespace

std::optional<ConnectionEnds> EndsOf(const sockaddr* client, const sockaddr* server) {
  const auto client_end = EndOf(client);
  const auto server_end = EndOf(server);
  if (!client_end || !server_end || client->sa_family != server->sa_family) return std::nullopt;
  return Normalised({client->sa_family == AF_INET6, *client_end, *server_end});
}

std::optional<ConnectionEnds> EndsOfAccepted(int accepted_socket) {
  sockaddr_storage client{};
  sockaddr_storage server{};
  socklen_t client_size = sizeof client;
  socklen_t server_size = sizeof server;
  auto* client_address = reinterpret_cast<sockaddr*>(&client);
  auto* server_address = reinterpret_cast<sockaddr*>(&server);
  if (getpeername(accepted_socket, client_address, &client_size) != 0) return std::nullopt;
  if (getsockname(accepted_socket, server_address, &server_size) != 0) return std::nullopt;
  return EndsOf(client_address, server_address);
}

OsUserFinder::OsUserFinder() : OsUserFinder(Method::kSockDiag) {
  if (Works()) return;
  method_ = Method::kProcNet;
  if (!Works()) method_ = Method::kNone;
}

OsUserFinder::OsUserFinder(Method method) : method_(method) {
  if (method == Method::kSockDiag)
    netlink_ = Descriptor(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG));
}

bool OsUserFinder::Works() {
  Trial trial;
  if (!trial.Connect()) return false;
  const auto ends = EndsOfAccepted(trial.accepted.number());
  const auto user = ends ? Find(*ends) : std::nullopt;
  return user && user->uid == geteuid();
}

std::optional<OsUser> OsUserFinder::Find(const ConnectionEnds& ends) {
  switch (method_) {
    case Method::kSockDiag: return AskSockDiag(ends);
    case Method::kProcNet: return AskProcNet(ends);
    case Method::kNone: break;
  }
  return std::nullopt;
}

std::optional<OsUser> OsUserFinder::AskSockDiag(const ConnectionEnds& ends) {
  const Request request = RequestFor(ends, ++sequence_);
  if (send(netlink_.number(), &request, sizeof request, 0) != static_cast<ssize_t>(sizeof request)) {
    return std::nullopt;
  }
  // The kernel answers within send(), so there is nothing to wait for; answers left over from a failed call
  // are skipped.
  for (;;) {
    alignas(nlmsghdr) std::array<char, 4096> buffer;
    const ssize_t got = recv(netlink_.number(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < static_cast<ssize_t>(NLMSG_LENGTH(0))) return std::nullopt;
    nlmsghdr header;
    std::memcpy(&header, buffer.data(), sizeof header);
    if (header.nlmsg_seq != sequence_) continue;
    if (header.nlmsg_type != SOCK_DIAG_BY_FAMILY) return std::nullopt;  // an error: there is no such socket
    inet_diag_msg message;
    if (got < static_cast<ssize_t>(NLMSG_LENGTH(sizeof message))) return std::nullopt;
    std::memcpy(&message, buffer.data() + NLMSG_LENGTH(0), sizeof message);
    // The kernel falls back to a listener on the client's port where there is no such connection.
    if (EndsIn(message) != ends) return std::nullopt;
    return Counted(message.idiag_state, message.idiag_uid, message.idiag_inode);
  }
}

std::optional<OsUser> FindInProcNetTcp(std::string_view text, const ConnectionEnds& ends) {
  text.remove_prefix(std::min(text.find('\n'), text.size()));  // the heading
  while (!text.empty()) {
    text.remove_prefix(1);
    const size_t end = std::min(text.find('\n'), text.size());
    if (const auto user = UserInLine(text.substr(0, end), ends)) return user;
    text.remove_prefix(end);
  }
  return std::nullopt;
}

}  // namespace postern::identity
