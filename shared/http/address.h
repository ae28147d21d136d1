// Where sockets are: IPv4, IPv6 or a Unix path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <sys/socket.h>

#include "shared/base/result.h"

namespace postern::http {

// A socket address as the kernel knows it. Thread-compatible.
struct Address {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  // "127.0.0.1:4780" or "[::1]:4780"; kInvalid for anything else (names are the resolver's matter).
  static Result<Address> Parse(std::string_view text);
  // A host as written in a URL, if it is an address (brackets or none); kInvalid if it is a name.
  static Result<Address> OfHost(std::string_view host, uint16_t port);
  static Result<Address> Unix(const std::string& path);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
  uint16_t port() const;    // 0 for a Unix path
  bool IsLoopback() const;  // 127.0.0.0/8, ::1, v4-mapped ones, and Unix paths
  std::string ToString() const;
};

}  // namespace postern::http
