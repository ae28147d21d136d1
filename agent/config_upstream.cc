#include "agent/config_upstream.h"

#include <algorithm>
#include <cctype>

#include "agent/config_values.h"

namespace postern::agent {
namespace {

using config::Map;
using config::Node;

constexpr size_t kLongestWord = 64;
constexpr size_t kMostTags = 32;  // policy::kMostTags: as many as a policy can require

// Not shown in the error: people put credentials into URLs.
Result<Origin> PinnedOrigin(const Node& node) {
  ASSIGN_OR_RETURN(const std::string text, node.AsSecret());
  const auto origin = ParseOrigin(text);
  if (origin) return *origin;
  return node.Wrong("something else", "https://host[:port] or http://host[:port], with no path and no user");
}

auto ProxyFor(const Origin& origin, const Environment& environment) {
  return [&](const Node& node) -> Result<std::optional<Proxy>> {
    ASSIGN_OR_RETURN(const std::string text, node.AsSecret());
    if (text == "from environment") return ProxyFromEnvironment(environment, origin);
    if (text == "none") return std::optional<Proxy>();
    auto proxy = ParseProxy(text);
    if (proxy) return std::optional<Proxy>(*std::move(proxy));
    return node.Wrong("a text that is not shown",
                      "\"from environment\", none or http://[user:password@]host[:port]");
  };
}

Result<UpstreamConfig::ClientCertificate> ReadClientCertificate(const Node& node, const Path& directory) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"certificate", "key"}));
  UpstreamConfig::ClientCertificate files;
  ASSIGN_OR_RETURN(const Node certificate, map.Require("certificate"));
  ASSIGN_OR_RETURN(const Node key, map.Require("key"));
  ASSIGN_OR_RETURN(files.certificate, PathIn(directory)(certificate));
  ASSIGN_OR_RETURN(files.key, PathIn(directory)(key));
  return files;
}

Result<std::vector<Path>> ReadPaths(const Node& node, const Path& directory) {
  ASSIGN_OR_RETURN(const std::vector<Node> nodes, node.AsList());
  std::vector<Path> paths;
  for (const Node& each : nodes) {
    ASSIGN_OR_RETURN(Path path, PathIn(directory)(each));
    paths.push_back(std::move(path));
  }
  return paths;
}

bool IsPlainWord(std::string_view word) {
  return !word.empty() && word.size() <= kLongestWord &&
         std::all_of(word.begin(), word.end(), [](unsigned char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

Result<std::string> ProviderName(const Node& node) {
  ASSIGN_OR_RETURN(std::string name, node.AsString());
  if (IsPlainWord(name)) return name;
  return node.Wrong("something else", "a provider's name in small letters, such as anthropic");
}

Result<std::vector<std::string>> ResidencyTags(const Node& node) {
  ASSIGN_OR_RETURN(const std::vector<Node> nodes, node.AsList());
  if (nodes.size() > kMostTags)
    return node.Wrong(std::to_string(nodes.size()) + " tags", "at most " + std::to_string(kMostTags));
  std::vector<std::string> tags;
  for (const Node& each : nodes) {
    ASSIGN_OR_RETURN(std::string tag, each.AsString());
    if (!IsPlainWord(tag)) return each.Wrong('"' + tag + '"', "a word in small letters, such as eu");
    tags.push_back(std::move(tag));
  }
  return tags;
}

Result<std::string> VariableName(const Node& node) {
  ASSIGN_OR_RETURN(const std::string name, node.AsString());
  const bool plain =
      std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
  if (!name.empty() && plain) return name;
  // Not shown: it may be the credential itself, put where its name belongs.
  return node.Wrong("a text that is not shown",
                    "the name of an environment variable, such as ANTHROPIC_API_KEY");
}

}  // namespace

Result<UpstreamConfig> ReadUpstream(const Node& node, const Path& directory, const Environment& environment) {
  ASSIGN_OR_RETURN(const Map map,
                   node.AsMap({"url", "provider", "residency", "ca_files", "client_certificate", "proxy",
                               "max_idle_connections", "idle_connection"}));
  UpstreamConfig upstream;
  RETURN_IF_ERROR(Read(map, "url", upstream.origin, PinnedOrigin));
  RETURN_IF_ERROR(Read(map, "provider", upstream.provider, ProviderName));
  RETURN_IF_ERROR(Read(map, "residency", upstream.residency, ResidencyTags));
  RETURN_IF_ERROR(Read(map, "ca_files", upstream.ca_files,
                       [&](const Node& files) { return ReadPaths(files, directory); }));
  RETURN_IF_ERROR(Read(map, "client_certificate", upstream.client_certificate,
                       [&](const Node& files) { return ReadClientCertificate(files, directory); }));
  ASSIGN_OR_RETURN(upstream.proxy, map.Find("proxy")
                                       ? ProxyFor(upstream.origin, environment)(*map.Find("proxy"))
                                       : ProxyFromEnvironment(environment, upstream.origin));
  RETURN_IF_ERROR(Read(map, "max_idle_connections", upstream.max_idle_connections, Count));
  RETURN_IF_ERROR(Read(map, "idle_connection", upstream.idle_connection, Deadline));
  return upstream;
}

Result<CredentialConfig> ReadCredential(const Node& node, const Path& directory) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"file", "env", "header"}));
  if (map.Find("file") && map.Find("env")) return node.Wrong("both file and env", "one of them");
  CredentialConfig credential;
  credential.choice = CredentialConfig::Choice::kStated;
  credential.file = directory / *credential.file;
  if (const auto name = map.Find("env")) {
    credential.file.reset();
    ASSIGN_OR_RETURN(credential.environment_variable, VariableName(*name));
  }
  RETURN_IF_ERROR(Read(map, "file", credential.file, PathIn(directory)));
  if (const auto header = map.Find("header")) {
    ASSIGN_OR_RETURN(const std::string word, header->AsOneOf({"x-api-key", "authorization"}));
    if (word == "authorization") credential.header = CredentialConfig::Header::kAuthorizationBearer;
  }
  return credential;
}

}  // namespace postern::agent
