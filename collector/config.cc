#include "collector/config.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <arpa/inet.h>

#include "shared/base/hex.h"
#include "shared/config/node.h"

namespace postern::collector {
namespace {

using config::Map;
using config::Node;

// Each Read… leaves `value` as it is where the key is not there.
template <class T, class Reader>
Status Read(const Map& map, std::string_view key, T& value, Reader reader) {
  const auto node = map.Find(key);
  if (!node) return Ok{};
  ASSIGN_OR_RETURN(value, reader(*node));
  return Ok{};
}

struct HostAndPort {
  std::string host;
  int port = -1;
};

// "host:port" or "[::1]:port"; a port of -1 where it is neither.
HostAndPort Split(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return {};
  HostAndPort parts{text.substr(0, colon), -1};
  int port = 0;
  const char* begin = text.data() + colon + 1;
  const char* end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(begin, end, port);
  if (problem != std::errc{} || stop != end || begin == end || port < 0 || port > 65535) return {};
  const bool bracketed = parts.host.front() == '[' && parts.host.back() == ']';
  if (bracketed) parts.host = parts.host.substr(1, parts.host.size() - 2);
  if (!bracketed && parts.host.find(':') != std::string::npos) return {};
  parts.port = port;
  return parts;
}

bool IsIpAddress(const std::string& host) {
  std::array<char, 16> binary{};
  return inet_pton(AF_INET, host.c_str(), binary.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), binary.data()) == 1;
}

Result<std::string> ListenAddress(const Node& node) {
  ASSIGN_OR_RETURN(std::string text, node.AsString());
  const HostAndPort parts = Split(text);
  if (parts.port >= 0 && IsIpAddress(parts.host)) return text;
  return node.Wrong('"' + text + '"', "an address with a port, such as 0.0.0.0:4790 or [::]:4790");
}

Result<std::string> ReachableAddress(const Node& node) {
  ASSIGN_OR_RETURN(std::string text, node.AsString());
  const HostAndPort parts = Split(text);
  const bool plain = std::all_of(parts.host.begin(), parts.host.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '.' || c == '-' || c == ':';
  });
  if (parts.port > 0 && plain && !parts.host.empty()) return text;
  return node.Wrong('"' + text + '"', "a host with a port, such as keep.example.com:4791");
}

auto PathIn(const Path& directory) {
  return [&directory](const Node& node) -> Result<Path> {
    ASSIGN_OR_RETURN(const std::string text, node.AsString());
    if (text.empty()) return node.Wrong("nothing", "a path");
    return (directory / text).lexically_normal();
  };
}

Result<std::string> Name(const Node& node) {
  ASSIGN_OR_RETURN(std::string text, node.AsString());
  if (text.empty() || text.size() > 100) return node.Wrong("a name of another length", "1 to 100 characters");
  return text;
}

Result<std::chrono::seconds> Lifetime(const Node& node) {
  ASSIGN_OR_RETURN(const auto duration, node.AsDuration());
  if (duration < std::chrono::minutes(10) || duration > std::chrono::hours(30 * 24))
    return node.Wrong("a duration outside of that", "a duration from 10m to 30d");
  return std::chrono::duration_cast<std::chrono::seconds>(duration);
}

Result<std::optional<CertificateConfig>> ReadCertificate(const Node& node, const Path& directory) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"certificate", "key"}));
  CertificateConfig files;
  ASSIGN_OR_RETURN(const Node certificate, map.Require("certificate"));
  ASSIGN_OR_RETURN(const Node key, map.Require("key"));
  ASSIGN_OR_RETURN(files.certificate, PathIn(directory)(certificate));
  ASSIGN_OR_RETURN(files.key, PathIn(directory)(key));
  return std::optional(files);
}

Result<std::optional<std::string>> PublicKey(const Node& node) {
  ASSIGN_OR_RETURN(const std::string text, node.AsString());
  auto raw = FromHex(text);
  if (!raw || raw->size() != 32)
    return node.Wrong("something else",
                      "the public key that postern policy keygen printed, 64 hexadecimal digits");
  return std::optional(*std::move(raw));
}

Status ReadLog(const Node& node, CollectorConfig& config) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"level", "format"}));
  if (const auto level = map.Find("level")) {
    ASSIGN_OR_RETURN(const std::string word, level->AsOneOf({"debug", "info", "warning", "error"}));
    config.log_level = *ParseLevel(word);
  }
  if (const auto format = map.Find("format")) {
    ASSIGN_OR_RETURN(const std::string word, format->AsOneOf({"text", "json"}));
    config.log_format = word == "json" ? LogFormat::kJson : LogFormat::kText;
  }
  return Ok{};
}

Result<CollectorConfig> ReadConfig(const Node& root, const Path& directory) {
  ASSIGN_OR_RETURN(const Map map,
                   root.AsMap({"listen", "agents", "agents_address", "state", "master_key", "tls",
                               "organisation", "models", "policy", "credentials", "log"}));
  CollectorConfig config;
  RETURN_IF_ERROR(Read(map, "listen", config.listen, ListenAddress));
  RETURN_IF_ERROR(Read(map, "agents", config.agents, ListenAddress));
  RETURN_IF_ERROR(Read(map, "agents_address", config.agents_address, ReachableAddress));
  RETURN_IF_ERROR(Read(map, "state", config.state, PathIn(directory)));
  RETURN_IF_ERROR(Read(map, "master_key", config.master_key_file, PathIn(directory)));
  RETURN_IF_ERROR(Read(map, "tls", config.own_certificate,
                       [&](const Node& node) { return ReadCertificate(node, directory); }));
  RETURN_IF_ERROR(Read(map, "organisation", config.organisation, Name));
  RETURN_IF_ERROR(Read(map, "models", config.models, PathIn(directory)));
  if (const auto policy = map.Find("policy")) {
    ASSIGN_OR_RETURN(const Map section, policy->AsMap({"key"}));
    RETURN_IF_ERROR(Read(section, "key", config.policy_key, PublicKey));
  }
  if (const auto credentials = map.Find("credentials")) {
    ASSIGN_OR_RETURN(const Map section, credentials->AsMap({"lifetime"}));
    RETURN_IF_ERROR(Read(section, "lifetime", config.credential_lifetime, Lifetime));
  }
  if (const auto log = map.Find("log")) RETURN_IF_ERROR(ReadLog(*log, config));
  if (config.listen != config.agents || Split(config.listen).port == 0) return config;
  const auto node = map.Find("agents") ? map.Find("agents") : map.Find("listen");
  return node->Wrong(config.listen + " for listen and agents", "two different addresses");
}

}  // namespace

Result<CollectorConfig> LoadCollectorConfig(const Path& path) {
  ASSIGN_OR_RETURN(const Node root, config::ParseFile(path.string()));
  std::error_code error;
  const Path absolute = std::filesystem::absolute(path, error);
  if (error) return Error{ErrorCode::kNotFound, "the working directory is not there: " + error.message()};
  return ReadConfig(root, absolute.parent_path());
}

Result<CollectorConfig> ParseCollectorConfig(std::string_view text, std::string_view name,
                                             const Path& directory) {
  ASSIGN_OR_RETURN(const Node root, config::Parse(text, name));
  return ReadConfig(root, directory);
}

}  // namespace postern::collector
