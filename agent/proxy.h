// The HTTP proxy between this host and the provider, as written in a file or in the environment. Pure: the
// environment comes in as an argument. No error shows a proxy's user or password.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "agent/endpoint.h"
#include "shared/base/result.h"

namespace postern::agent {

struct Proxy {
  std::string host;
  uint16_t port = 80;
  // The value of Proxy-Authorization, "Basic …" (RFC 7617); empty where the proxy asks for none. A secret.
  std::string authorization;

  friend bool operator==(const Proxy&, const Proxy&) = default;
};

// "http://proxy:3128", "http://user:p%40ss@proxy:3128", "proxy:3128"; without a port 80. kInvalid for
// anything else, https:// and socks:// among it.
Result<Proxy> ParseProxy(std::string_view text);

// The value of an environment variable, or nothing where it is not set.
using Environment = std::function<std::optional<std::string>(const char* name)>;

// The proxy that the environment names for this origin, or nothing. As curl reads it: https_proxy or
// HTTPS_PROXY for https, http_proxy alone for http, no_proxy or NO_PROXY for both; small letters win, an
// empty value is no value. kInvalid, with the variable's name, where that one can't be read.
Result<std::optional<Proxy>> ProxyFromEnvironment(const Environment& environment, const Origin& origin);

// Whether a NO_PROXY list names this origin. Its words, between commas or spaces:
//   *                    everything
//   example.com          that name and the names below it
//   .example.com         the names below it; *.example.com is the same
//   10.1.2.3  ::1        that address
//   10.0.0.0/8 fd00::/8  the addresses of that network
//   word:8443            any of these on that port only; [::1]:8443
// A word that can't be read names nothing.
bool IsExemptFromProxy(std::string_view no_proxy, const Origin& origin);

}  // namespace postern::agent
