#include "agent/endpoint.h"

#include <algorithm>
#include <charconv>

#include <arpa/inet.h>

namespace postern::agent {
namespace {

constexpr size_t kLongestName = 253;  // RFC 1035 §2.3.4, as text

bool IsNameCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool IsNumericV6(const std::string& text) {
  in6_addr ignored;
  return inet_pton(AF_INET6, text.c_str(), &ignored) == 1;
}

bool IsNumericV4(const std::string& text) {
  in_addr ignored;
  return inet_pton(AF_INET, text.c_str(), &ignored) == 1;
}

bool IsHostName(std::string_view text) {
  const bool plain = std::all_of(text.begin(), text.end(), IsNameCharacter);
  return !text.empty() && text.size() <= kLongestName && plain && text.front() != '.' && text.front() != '-';
}

std::optional<uint16_t> ParsePort(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::string Bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : '[' + host + ']';
}

constexpr uint16_t DefaultPort(Origin::Scheme scheme) { return scheme == Origin::Scheme::kHttps ? 443 : 80; }

}  // namespace

std::string Address::ToString() const { return Bracketed(host) + ':' + std::to_string(port); }

bool Address::is_loopback() const {
  in_addr address;
  if (inet_pton(AF_INET, host.c_str(), &address) == 1) return ntohl(address.s_addr) >> 24 == 127;
  in6_addr address6;
  return inet_pton(AF_INET6, host.c_str(), &address6) == 1 && IN6_IS_ADDR_LOOPBACK(&address6);
}

std::optional<HostPort> ParseHostPort(std::string_view text) {
  HostPort result;
  std::string_view rest;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == text.npos) return std::nullopt;
    result.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    const size_t colon = std::min(text.find(':'), text.size());
    result.host = text.substr(0, colon);
    rest = text.substr(colon);
  }
  std::transform(result.host.begin(), result.host.end(), result.host.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (text.starts_with('[') ? !IsNumericV6(result.host) : !IsHostName(result.host)) return std::nullopt;
  if (rest.empty()) return result;
  result.port = ParsePort(rest.substr(1));
  if (rest.front() != ':' || !result.port) return std::nullopt;
  return result;
}

std::optional<Address> ParseAddress(std::string_view text) {
  const auto parsed = ParseHostPort(text);
  if (!parsed || !parsed->port || !(IsNumericV4(parsed->host) || IsNumericV6(parsed->host)))
    return std::nullopt;
  return Address{parsed->host, *parsed->port};
}

std::string Origin::authority() const {
  return port == DefaultPort(scheme) ? Bracketed(host) : Bracketed(host) + ':' + std::to_string(port);
}

std::string Origin::ToString() const {
  return (scheme == Scheme::kHttps ? "https://" : "http://") + authority();
}

std::optional<Origin> ParseOrigin(std::string_view text) {
  Origin origin;
  if (text.starts_with("https://")) {
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    origin.scheme = Origin::Scheme::kHttp;
    text.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  const auto parsed = ParseHostPort(text);
  if (!parsed || parsed->port == 0) return std::nullopt;
  origin.host = parsed->host;
  origin.port = parsed->port.value_or(DefaultPort(origin.scheme));
  return origin;
}

}  // namespace postern::agent
