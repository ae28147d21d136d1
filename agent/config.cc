#include "agent/config.h"

#include <algorithm>
#include <cstdlib>

#include "agent/identity/user_names.h"
#include "shared/base/hex.h"
#include "shared/config/node.h"

namespace postern::agent {
namespace {

using config::Map;
using config::Node;
using std::chrono::nanoseconds;

constexpr int64_t kLargestCount = 1'000'000;
constexpr size_t kLongestWord = 64;
constexpr size_t kMostTags = 32;  // policy::kMostTags: as many as a policy can require
constexpr size_t kPolicyKeyBytes = 32;

// Each Read… leaves `value` as it is where the key is not there.
template <class T, class Reader>
Status Read(const Map& map, std::string_view key, T& value, Reader reader) {
  const auto node = map.Find(key);
  if (!node) return Ok{};
  ASSIGN_OR_RETURN(value, reader(*node));
  return Ok{};
}

// A reader that also needs to know where relative paths begin.
auto PathIn(const Path& directory) {
  return [&directory](const Node& node) -> Result<Path> {
    ASSIGN_OR_RETURN(const std::string text, node.AsString());
    if (text.empty()) return node.Wrong("nothing", "a path");
    return (directory / text).lexically_normal();
  };
}

Result<nanoseconds> Deadline(const Node& node) {
  ASSIGN_OR_RETURN(const nanoseconds duration, node.AsDuration());
  if (duration <= nanoseconds::zero() || duration > std::chrono::hours(24)) {
    return node.Wrong("a duration of " + std::to_string(duration.count()) + " ns",
                      "a duration from 1ms to 24h");
  }
  return duration;
}

Result<nanoseconds> Retention(const Node& node) {
  ASSIGN_OR_RETURN(const nanoseconds duration, node.AsDuration());
  if (duration < std::chrono::hours(1) || duration > std::chrono::hours(10 * 366 * 24)) {
    return node.Wrong("a duration outside of that", "a duration from 1h to 3660d");
  }
  return duration;
}

Result<int64_t> Count(const Node& node) { return node.AsInteger(1, kLargestCount); }

auto BytesBetween(int64_t least, int64_t most) {
  return [least, most](const Node& node) -> Result<int64_t> {
    ASSIGN_OR_RETURN(const int64_t bytes, node.AsBytes());
    if (bytes >= least && bytes <= most) return bytes;
    return node.Wrong(std::to_string(bytes) + " bytes",
                      "from " + std::to_string(least) + " to " + std::to_string(most) + " bytes");
  };
}

Result<Address> LoopbackAddress(const Node& node) {
  ASSIGN_OR_RETURN(const std::string text, node.AsString());
  const auto address = ParseAddress(text);
  if (address && address->is_loopback()) return *address;
  return node.Wrong('"' + text + '"', "a loopback address with a port, such as 127.0.0.1:4780 or [::1]:4780");
}

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

Result<std::optional<std::string>> PolicyKey(const Node& node) {
  ASSIGN_OR_RETURN(const std::string text, node.AsString());
  auto bytes = FromHex(text);
  if (bytes && bytes->size() == kPolicyKeyBytes) return std::optional(*std::move(bytes));
  return node.Wrong(
      '"' + text + '"',
      "64 hexadecimal digits: the public key that policies are signed with (`postern policy sign`)");
}

Result<PolicyConfig> ReadPolicy(const Node& node, const Path& directory) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"file", "key"}));
  PolicyConfig policy;
  RETURN_IF_ERROR(Read(map, "file", policy.file, PathIn(directory)));
  RETURN_IF_ERROR(Read(map, "key", policy.key, PolicyKey));
  return policy;
}

Result<UpstreamConfig> ReadUpstream(const Map& map, const Path& directory, const Environment& environment) {
  UpstreamConfig upstream;
  RETURN_IF_ERROR(Read(map, "url", upstream.origin, PinnedOrigin));
  RETURN_IF_ERROR(Read(map, "provider", upstream.provider, ProviderName));
  RETURN_IF_ERROR(Read(map, "residency", upstream.residency, ResidencyTags));
  RETURN_IF_ERROR(
      Read(map, "ca_files", upstream.ca_files, [&](const Node& node) { return ReadPaths(node, directory); }));
  RETURN_IF_ERROR(Read(map, "client_certificate", upstream.client_certificate,
                       [&](const Node& node) { return ReadClientCertificate(node, directory); }));
  ASSIGN_OR_RETURN(upstream.proxy, map.Find("proxy")
                                       ? ProxyFor(upstream.origin, environment)(*map.Find("proxy"))
                                       : ProxyFromEnvironment(environment, upstream.origin));
  RETURN_IF_ERROR(Read(map, "max_idle_connections", upstream.max_idle_connections, Count));
  RETURN_IF_ERROR(Read(map, "idle_connection", upstream.idle_connection, Deadline));
  return upstream;
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

Result<uid_t> UidOf(const std::string& name, const Node& node) {
  if (const auto uid = identity::FindUid(name)) return *uid;
  return node.Wrong("a user that this machine doesn't know", "a user name or number of this machine");
}

Result<identity::Principal> ReadPrincipal(const Node& node) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"user", "team", "organisation"}));
  const auto text = [](const Node& value) { return value.AsString(); };
  identity::Principal principal;
  ASSIGN_OR_RETURN(const Node user, map.Require("user"));
  ASSIGN_OR_RETURN(principal.user, user.AsString());
  if (principal.user.empty()) return user.Wrong("nothing", "a user's name");
  RETURN_IF_ERROR(Read(map, "team", principal.team, text));
  RETURN_IF_ERROR(Read(map, "organisation", principal.organisation, text));
  return principal;
}

Result<std::map<uid_t, identity::Principal>> ReadOsUsers(const Node& node) {
  ASSIGN_OR_RETURN(const auto entries, node.AsEntries());
  std::map<uid_t, identity::Principal> users;
  for (const auto& [name, value] : entries) {
    ASSIGN_OR_RETURN(const uid_t uid, UidOf(name, value));
    ASSIGN_OR_RETURN(identity::Principal principal, ReadPrincipal(value));
    if (!users.emplace(uid, std::move(principal)).second) {
      return value.Wrong("uid " + std::to_string(uid) + " a second time", "each user once");
    }
  }
  return users;
}

Status ReadIdentity(const Map& map, AgentConfig& config) {
  const auto mode = map.Find("identity");
  const auto users = map.Find("os_users");
  if (mode) {
    ASSIGN_OR_RETURN(const std::string word, mode->AsOneOf({"key", "os_user"}));
    if (word == "os_user") config.identity_mode = identity::Mode::kOsUser;
  }
  const bool by_os_user = config.identity_mode == identity::Mode::kOsUser;
  if (users && !by_os_user) return users->Wrong("os_users", "os_users only with identity: os_user");
  if (by_os_user && !users && config.collector == CollectorUse::kNone)
    return mode->Wrong("os_user, no os_users and no collector", "os_user with a mapping os_users");
  if (users) {
    ASSIGN_OR_RETURN(config.os_users, ReadOsUsers(*users));
  }
  return Ok{};
}

Result<nanoseconds> PolicyTtl(const Node& node) {
  ASSIGN_OR_RETURN(const nanoseconds duration, node.AsDuration());
  if (duration >= std::chrono::minutes(1) && duration <= std::chrono::hours(30 * 24)) return duration;
  return node.Wrong("a duration outside of that", "a duration from 1m to 30d");
}

Status ReadCollector(const Map& map, AgentConfig& config) {
  if (const auto node = map.Find("collector")) {
    ASSIGN_OR_RETURN(const std::string word, node->AsOneOf({"if_enrolled", "required", "none"}));
    config.collector = word == "if_enrolled" ? CollectorUse::kIfEnrolled
                       : word == "required"  ? CollectorUse::kRequired
                                             : CollectorUse::kNone;
  }
  if (const auto node = map.Find("revocation")) {
    ASSIGN_OR_RETURN(const std::string word, node->AsOneOf({"best_effort", "strict"}));
    if (word == "strict") config.membership.revocation = membership::Revocation::kStrict;
  }
  if (const auto node = map.Find("offline")) {
    ASSIGN_OR_RETURN(const Map offline, node->AsMap({"policy_ttl"}));
    RETURN_IF_ERROR(Read(offline, "policy_ttl", config.membership.policy_ttl, PolicyTtl));
  }
  if (const auto node = map.Find("credentials")) {
    ASSIGN_OR_RETURN(const Map credentials, node->AsMap({"cache"}));
    if (const auto cache = credentials.Find("cache")) {
      ASSIGN_OR_RETURN(const std::string word, cache->AsOneOf({"memory", "machine"}));
      if (word == "machine") config.membership.credentials = membership::CredentialCache::kMachine;
    }
  }
  return Ok{};
}

Status ReadSpool(const Node& node, AuditConfig& audit) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"max_bytes", "keep", "when_full", "sync_timeout"}));
  // Less than 16 MB has no room for the store's own files, nor for the gap records that must always fit.
  RETURN_IF_ERROR(Read(map, "max_bytes", audit.spool_max_bytes, BytesBetween(16 << 20, int64_t{1} << 40)));
  RETURN_IF_ERROR(Read(map, "keep", audit.keep, Retention));
  RETURN_IF_ERROR(Read(map, "sync_timeout", audit.sync_timeout, Deadline));
  if (const auto when_full = map.Find("when_full")) {
    ASSIGN_OR_RETURN(const std::string word, when_full->AsOneOf({"refuse", "block", "gap"}));
    audit.when_full = word == "refuse"  ? AuditConfig::WhenFull::kRefuse
                      : word == "block" ? AuditConfig::WhenFull::kBlock
                                        : AuditConfig::WhenFull::kGap;
  }
  return Ok{};
}

Result<AuditConfig> ReadAudit(const Node& node) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"sync", "spool"}));
  AuditConfig audit;
  if (const auto sync = map.Find("sync")) {
    ASSIGN_OR_RETURN(const std::string word, sync->AsOneOf({"before_answer", "before_forward", "os"}));
    audit.sync = word == "before_answer"    ? AuditConfig::Sync::kBeforeAnswer
                 : word == "before_forward" ? AuditConfig::Sync::kBeforeForward
                                            : AuditConfig::Sync::kOs;
  }
  if (const auto spool = map.Find("spool")) RETURN_IF_ERROR(ReadSpool(*spool, audit));
  return audit;
}

Result<DeadlineConfig> ReadDeadlines(const Node& node) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"head", "body_idle", "connect", "first_byte", "stream_idle",
                                              "client_write_stall", "keep_alive", "shutdown"}));
  DeadlineConfig deadlines;
  RETURN_IF_ERROR(Read(map, "head", deadlines.head, Deadline));
  RETURN_IF_ERROR(Read(map, "body_idle", deadlines.body_idle, Deadline));
  RETURN_IF_ERROR(Read(map, "connect", deadlines.connect, Deadline));
  RETURN_IF_ERROR(Read(map, "first_byte", deadlines.first_byte, Deadline));
  RETURN_IF_ERROR(Read(map, "stream_idle", deadlines.stream_idle, Deadline));
  RETURN_IF_ERROR(Read(map, "client_write_stall", deadlines.client_write_stall, Deadline));
  RETURN_IF_ERROR(Read(map, "keep_alive", deadlines.keep_alive, Deadline));
  RETURN_IF_ERROR(Read(map, "shutdown", deadlines.shutdown, Deadline));
  return deadlines;
}

Result<LimitConfig> ReadLimits(const Node& node) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"head", "body", "connections"}));
  LimitConfig limits;
  RETURN_IF_ERROR(Read(map, "head", limits.head_bytes, BytesBetween(4 << 10, 1 << 20)));
  RETURN_IF_ERROR(Read(map, "body", limits.body_bytes, BytesBetween(64 << 10, 1 << 30)));
  RETURN_IF_ERROR(Read(map, "connections", limits.connections, Count));
  return limits;
}

Result<ClientConfig> ReadClient(const Node& node) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"gateway_mode"}));
  ClientConfig client;
  if (const auto mode = map.Find("gateway_mode")) {
    ASSIGN_OR_RETURN(const bool is_gateway, mode->AsBool());
    client.mode = is_gateway ? ClientConfig::Mode::kGateway : ClientConfig::Mode::kPlain;
  }
  return client;
}

Status ReadLog(const Node& node, AgentConfig& config) {
  ASSIGN_OR_RETURN(const Map map, node.AsMap({"level", "format"}));
  if (const auto level = map.Find("level")) {
    ASSIGN_OR_RETURN(const std::string word, level->AsOneOf({"debug", "info", "warning", "error"}));
    config.log_level = *ParseLevel(word);
  }
  if (const auto format = map.Find("format")) {
    ASSIGN_OR_RETURN(const std::string word, format->AsOneOf({"text", "json"}));
    if (word == "json") config.log_format = LogFormat::kJson;
  }
  return Ok{};
}

Status ReadPlaces(const Map& map, const Path& directory, AgentConfig& config) {
  config.keys = directory / config.keys;
  config.models = directory / config.models;
  config.credential.file = directory / *config.credential.file;
  RETURN_IF_ERROR(Read(map, "listen", config.listen, LoopbackAddress));
  RETURN_IF_ERROR(Read(map, "operations", config.operations, LoopbackAddress));
  RETURN_IF_ERROR(Read(map, "state", config.state, PathIn(directory)));
  RETURN_IF_ERROR(Read(map, "keys", config.keys, PathIn(directory)));
  RETURN_IF_ERROR(Read(map, "models", config.models, PathIn(directory)));
  if (config.listen != config.operations || config.listen.port == 0) return Ok{};
  const auto node = map.Find("operations") ? map.Find("operations") : map.Find("listen");
  return node->Wrong(config.listen.ToString() + " for listen and operations", "two different addresses");
}

Result<AgentConfig> ReadAgentConfig(const Node& root, const Path& directory, const Environment& environment) {
  ASSIGN_OR_RETURN(
      const Map map,
      root.AsMap({"listen",   "operations", "state",       "keys",      "models",  "identity",   "os_users",
                  "upstream", "credential", "credentials", "collector", "offline", "revocation", "policy",
                  "audit",    "secrets",    "deadlines",   "limits",    "client",  "log"}));
  AgentConfig config;
  RETURN_IF_ERROR(ReadPlaces(map, directory, config));
  RETURN_IF_ERROR(ReadCollector(map, config));
  RETURN_IF_ERROR(ReadIdentity(map, config));
  RETURN_IF_ERROR(
      Read(map, "policy", config.policy, [&](const Node& node) { return ReadPolicy(node, directory); }));
  RETURN_IF_ERROR(Read(map, "credential", config.credential,
                       [&](const Node& node) { return ReadCredential(node, directory); }));
  if (const auto upstream = map.Find("upstream")) {
    ASSIGN_OR_RETURN(const Map section,
                     upstream->AsMap({"url", "provider", "residency", "ca_files", "client_certificate",
                                      "proxy", "max_idle_connections", "idle_connection"}));
    ASSIGN_OR_RETURN(config.upstream, ReadUpstream(section, directory, environment));
  } else {
    ASSIGN_OR_RETURN(config.upstream.proxy, ProxyFromEnvironment(environment, config.upstream.origin));
  }
  RETURN_IF_ERROR(Read(map, "audit", config.audit, ReadAudit));
  if (const auto secrets = map.Find("secrets")) {
    ASSIGN_OR_RETURN(const Map section, secrets->AsMap({"cache", "patience"}));
    RETURN_IF_ERROR(Read(section, "cache", config.secrets.cache, PathIn(config.state)));
    RETURN_IF_ERROR(Read(section, "patience", config.secrets.patience, Deadline));
  }
  RETURN_IF_ERROR(Read(map, "deadlines", config.deadlines, ReadDeadlines));
  RETURN_IF_ERROR(Read(map, "limits", config.limits, ReadLimits));
  RETURN_IF_ERROR(Read(map, "client", config.client, ReadClient));
  if (const auto log = map.Find("log")) RETURN_IF_ERROR(ReadLog(*log, config));
  return config;
}

}  // namespace

std::optional<std::string> ProcessEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

Result<AgentConfig> LoadAgentConfig(const Path& path, const Environment& environment) {
  ASSIGN_OR_RETURN(const Node root, config::ParseFile(path.string()));
  std::error_code error;
  const Path absolute = std::filesystem::absolute(path, error);
  if (error) return Error{ErrorCode::kNotFound, "the working directory is not there: " + error.message()};
  return ReadAgentConfig(root, absolute.parent_path(), environment);
}

Result<AgentConfig> ParseAgentConfig(std::string_view text, std::string_view name, const Path& directory,
                                     const Environment& environment) {
  ASSIGN_OR_RETURN(const Node root, config::Parse(text, name));
  return ReadAgentConfig(root, directory, environment);
}

}  // namespace postern::agent
