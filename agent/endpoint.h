// Where the agent listens and whom it speaks to, as people write them. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::agent {

// A numeric address and a port: "127.0.0.1:4780", "[::1]:4780".
struct Address {
  std::string host;  // without brackets
  uint16_t port = 0;

  std::string ToString() const;
  bool is_loopback() const;  // 127.0.0.0/8 or ::1

  friend bool operator==(const Address&, const Address&) = default;
};

// Nothing for a name, a missing port or anything else. Port 0 lets the kernel choose.
std::optional<Address> ParseAddress(std::string_view text);

// Scheme, host and port of a URL (RFC 6454): all that a provider is pinned to.
struct Origin {
  enum class Scheme { kHttps, kHttp };

  Scheme scheme = Scheme::kHttps;
  std::string host;  // a name in small letters or a numeric address, without brackets
  uint16_t port = 443;

  // What the Host header holds: the port only where it is not the scheme's own.
  std::string authority() const;
  std::string ToString() const;  // "https://api.anthropic.com"

  friend bool operator==(const Origin&, const Origin&) = default;
};

// "https://host", "http://host:port/"; nothing where there is a user, a path, a query or a fragment.
std::optional<Origin> ParseOrigin(std::string_view text);

// A host name or address and perhaps a port, as in a URL: "host", "host:1", "[::1]:1".
struct HostPort {
  std::string host;  // in small letters, without brackets
  std::optional<uint16_t> port;
};
std::optional<HostPort> ParseHostPort(std::string_view text);

}  // namespace postern::agent
