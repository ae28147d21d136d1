#include "agent/config.h"

#include <cstdlib>

#include "agent/config_upstream.h"
#include "agent/config_values.h"
#include "agent/identity/user_names.h"
#include "shared/base/hex.h"
#include "shared/config/node.h"

namespace postern::agent {
namespace {

using config::Map;
using config::Node;

constexpr size_t kPolicyKeyBytes = 32;

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
                                              "grant", "client_write_stall", "keep_alive", "shutdown"}));
  DeadlineConfig deadlines;
  RETURN_IF_ERROR(Read(map, "head", deadlines.head, Deadline));
  RETURN_IF_ERROR(Read(map, "body_idle", deadlines.body_idle, Deadline));
  RETURN_IF_ERROR(Read(map, "connect", deadlines.connect, Deadline));
  RETURN_IF_ERROR(Read(map, "first_byte", deadlines.first_byte, Deadline));
  RETURN_IF_ERROR(Read(map, "stream_idle", deadlines.stream_idle, Deadline));
  RETURN_IF_ERROR(Read(map, "grant", deadlines.grant, Deadline));
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
    ASSIGN_OR_RETURN(config.upstream, ReadUpstream(*upstream, directory, environment));
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
