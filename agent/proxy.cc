#include "agent/proxy.h"

#include <array>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>

#include "shared/base/base64.h"
#include "shared/base/hex.h"

namespace postern::agent {
namespace {

Error NotAProxy() {
  return Error{ErrorCode::kInvalid,
               "found a text that is not shown, allowed is http://[user:password@]host[:port]"};
}

std::optional<std::string> PercentDecoded(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto byte = FromHex(text.substr(i + 1, 2));
    if (!byte || byte->size() != 1) return std::nullopt;
    decoded += *byte;
    i += 2;
  }
  return decoded;
}

// The bytes of a numeric address, 4 or 16 of them; an IPv4 address in IPv6 form counts as IPv4. Empty for a
// name.
std::string AddressBytes(const std::string& text) {
  std::array<char, 16> bytes;
  if (inet_pton(AF_INET, text.c_str(), bytes.data()) == 1) return {bytes.data(), 4};
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) return {};
  static constexpr std::string_view kMapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  const std::string_view all(bytes.data(), 16);
  return std::string(all.starts_with(kMapped) ? all.substr(12) : all);
}

bool SharesPrefix(std::string_view a, std::string_view b, size_t bits) {
  if (a.size() != b.size() || bits > a.size() * 8) return false;
  if (a.substr(0, bits / 8) != b.substr(0, bits / 8)) return false;
  if (bits % 8 == 0) return true;
  const int difference = static_cast<uint8_t>(a[bits / 8]) ^ static_cast<uint8_t>(b[bits / 8]);
  return difference >> (8 - bits % 8) == 0;
}

bool NetworkHolds(std::string_view word, size_t slash, const std::string& host) {
  const std::string_view length = word.substr(slash + 1);
  size_t bits = 0;
  const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (error != std::errc{} || end != length.data() + length.size()) return false;
  const std::string network = AddressBytes(std::string(word.substr(0, slash)));
  return !network.empty() && SharesPrefix(network, AddressBytes(host), bits);
}

bool IsBelow(std::string_view name, std::string_view domain) {
  return name.size() > domain.size() + 1 && name.ends_with(domain) &&
         name[name.size() - domain.size() - 1] == '.';
}

bool WordNames(std::string_view word, const Origin& origin) {
  if (word == "*") return true;
  if (const size_t slash = word.find('/'); slash != word.npos) return NetworkHolds(word, slash, origin.host);
  const std::string origin_address = AddressBytes(origin.host);
  const std::string address = AddressBytes(std::string(word));  // also IPv6 without brackets
  if (!address.empty()) return address == origin_address;
  const bool only_below = word.starts_with('.') || word.starts_with("*.");
  if (only_below) word.remove_prefix(word.find('.') + 1);
  const auto named = ParseHostPort(word);
  if (!named || (named->port && named->port != origin.port)) return false;
  if (!origin_address.empty()) return !only_below && AddressBytes(named->host) == origin_address;
  return IsBelow(origin.host, named->host) || (!only_below && origin.host == named->host);
}

// The first of these variables that has a value, with its name.
std::optional<std::pair<std::string, std::string>> FirstSet(const Environment& environment,
                                                            std::initializer_list<const char*> names) {
  for (const char* name : names) {
    auto value = environment(name);
    if (value && !value->empty()) return std::pair(std::string(name), *std::move(value));
  }
  return std::nullopt;
}

}  // namespace

Result<Proxy> ParseProxy(std::string_view text) {
  if (text.starts_with("http://")) text.remove_prefix(7);
  if (text.ends_with('/')) text.remove_suffix(1);
  Proxy proxy;
  if (const size_t at = text.rfind('@'); at != text.npos) {
    const std::string_view user = text.substr(0, at);
    const size_t colon = std::min(user.find(':'), user.size());
    const auto name = PercentDecoded(user.substr(0, colon));
    const auto password = PercentDecoded(user.substr(std::min(colon + 1, user.size())));
    if (!name || !password || user.find('/') != user.npos) return NotAProxy();
    proxy.authorization = "Basic " + ToBase64(*name + ':' + *password);
    text.remove_prefix(at + 1);
  }
  const auto parsed = ParseHostPort(text);
  if (!parsed || parsed->port == 0) return NotAProxy();
  proxy.host = parsed->host;
  proxy.port = parsed->port.value_or(80);
  return proxy;
}

Result<std::optional<Proxy>> ProxyFromEnvironment(const Environment& environment, const Origin& origin) {
  const auto written = origin.scheme == Origin::Scheme::kHttps
                           ? FirstSet(environment, {"https_proxy", "HTTPS_PROXY"})
                           : FirstSet(environment, {"http_proxy"});
  if (!written) return std::optional<Proxy>();
  const auto exempt = FirstSet(environment, {"no_proxy", "NO_PROXY"});
  if (exempt && IsExemptFromProxy(exempt->second, origin)) return std::optional<Proxy>();
  auto proxy = ParseProxy(written->second);
  if (!proxy)
    return Error{ErrorCode::kInvalid,
                 "environment variable " + written->first + ": " + proxy.error().message};
  return std::optional<Proxy>(*std::move(proxy));
}

bool IsExemptFromProxy(std::string_view no_proxy, const Origin& origin) {
  while (!no_proxy.empty()) {
    const size_t end = std::min(no_proxy.find_first_of(", \t"), no_proxy.size());
    if (end > 0 && WordNames(no_proxy.substr(0, end), origin)) return true;
    no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
  }
  return false;
}

}  // namespace postern::agent
