// The OS user behind a loopback connection: the uid that the kernel reports for the client's own socket.
//
//   client socket  src = client, dst = server   ◀── this one is asked for, by its exact 4-tuple
//   our socket     src = server, dst = client
//
// What it proves: a process of that uid created the socket. It is not proof of a person, and behind a local
// proxy it is the proxy. Only an ESTABLISHED socket with an inode counts: one that is closing, or has no file
// any more, shows uid 0, and anyone could look like root. Sockets of other network namespaces are not seen at
// all: such a client has no OS user. So ask at accept, while the client is still there. Fails closed:
// whatever is not certain is nobody.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include <sys/socket.h>
#include <sys/types.h>

#include "agent/identity/descriptor.h"

namespace postern::identity {

// Both ends of a TCP connection; IPv4 in IPv6 form (::ffff:a.b.c.d) is IPv4.
struct ConnectionEnds {
  struct End {
    std::array<uint8_t, 16> address{};  // network order; of IPv4 the first four
    uint16_t port = 0;
    friend bool operator==(const End&, const End&) = default;
  };

  bool is_v6 = false;
  End client;
  End server;

  friend bool operator==(const ConnectionEnds&, const ConnectionEnds&) = default;
};

// From what accept() or getpeername() says of the client and getsockname() of us. Nothing unless both are
// IPv4 or both IPv6.
std::optional<ConnectionEnds> EndsOf(const sockaddr* client, const sockaddr* server);
// The same for a connected socket of a server.
std::optional<ConnectionEnds> EndsOfAccepted(int accepted_socket);

struct OsUser {
  uid_t uid = 0;
  uint64_t inode = 0;  // of the socket: FindProcess wants it
  friend bool operator==(const OsUser&, const OsUser&) = default;
};

// Asks the kernel of the network namespace in which it was made. Owned by one thread at a time.
class OsUserFinder {
 public:
  enum class Method {
    kSockDiag,  // netlink: two system calls, whatever the number of sockets
    kProcNet,   // /proc/net/tcp and tcp6: reads through all sockets
    kNone,      // neither works here: finds nobody
  };

  // Tries the methods, best first, on a connection of its own.
  OsUserFinder();
  // Uses this one alone.
  explicit OsUserFinder(Method method);

  Method method() const { return method_; }

  // Nothing where there is no such socket here, or it doesn't count. Never waits for anything but the kernel.
  std::optional<OsUser> Find(const ConnectionEnds& ends);

 private:
  std::optional<OsUser> AskSockDiag(const ConnectionEnds& ends);
  bool Works();

  Method method_;
  Descriptor netlink_;
  uint32_t sequence_ = 0;
};

// The socket's line in the text of /proc/net/tcp or /proc/net/tcp6, if it counts. Pure.
std::optional<OsUser> FindInProcNetTcp(std::string_view text, const ConnectionEnds& ends);

}  // namespace postern::identity
