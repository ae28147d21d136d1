// What agent.yaml says. Every field's initial value is the default; config/agent.yaml shows and explains them
// all.
//
// Reading is strict: an unknown key, a wrong value or a contradiction is an error that names file, line and
// key, and nothing of the file is used then. Nothing that the file names is opened here.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "agent/endpoint.h"
#include "agent/identity/presented_key.h"
#include "agent/identity/principal.h"
#include "agent/membership/rules.h"
#include "agent/proxy.h"
#include "shared/base/log.h"
#include "shared/base/result.h"

namespace postern::agent {

// Paths are absolute after loading; in a file they are relative to its directory.
using Path = std::filesystem::path;

// The provider. It is pinned here: no policy can send traffic elsewhere.
struct UpstreamConfig {
  struct ClientCertificate {
    Path certificate;
    Path key;
    friend bool operator==(const ClientCertificate&, const ClientCertificate&) = default;
  };

  Origin origin{Origin::Scheme::kHttps, "api.anthropic.com", 443};
  std::string provider = "anthropic";  // as policies call it, and which of the collector's credentials fit
  std::vector<std::string> residency;  // tags of where it works, for policies that require some
  std::vector<Path> ca_files;          // trusted besides the system's own
  std::optional<ClientCertificate> client_certificate;
  std::optional<Proxy> proxy;  // as the file or the environment says for this origin
  int64_t max_idle_connections = 256;
  std::chrono::nanoseconds idle_connection = std::chrono::seconds(60);  // how long an unused one is kept

  friend bool operator==(const UpstreamConfig&, const UpstreamConfig&) = default;
};

// Where the provider credential is, never itself. One of the two is set.
struct CredentialConfig {
  enum class Header { kXApiKey, kAuthorizationBearer };
  // Whether the file names it. One that is named wins over what the collector seals to this agent; the
  // default counts on a lone host only.
  enum class Choice { kDefault, kStated };

  Choice choice = Choice::kDefault;
  std::optional<Path> file = "anthropic.key";
  std::optional<std::string> environment_variable;
  Header header = Header::kXApiKey;

  friend bool operator==(const CredentialConfig&, const CredentialConfig&) = default;
};

struct PolicyConfig {
  std::optional<Path> file;        // on a lone host; nothing: there is no policy
  std::optional<std::string> key;  // with a collector: 32 bytes, the Ed25519 key that alone counts

  friend bool operator==(const PolicyConfig&, const PolicyConfig&) = default;
};

struct AuditConfig {
  enum class Sync { kBeforeAnswer, kBeforeForward, kOs };
  enum class WhenFull { kRefuse, kBlock, kGap };

  Sync sync = Sync::kBeforeAnswer;
  int64_t spool_max_bytes = int64_t{1} << 30;
  std::chrono::nanoseconds keep = std::chrono::hours(7 * 24);  // older records are removed
  WhenFull when_full = WhenFull::kRefuse;
  std::chrono::nanoseconds sync_timeout =
      std::chrono::seconds(2);  // a sync that takes longer counts as a full spool

  friend bool operator==(const AuditConfig&, const AuditConfig&) = default;
};

struct DeadlineConfig {
  std::chrono::nanoseconds head =
      std::chrono::seconds(10);  // from a request's first byte to the end of its head
  std::chrono::nanoseconds body_idle = std::chrono::seconds(30);  // between two pieces of a request's body
  std::chrono::nanoseconds connect = std::chrono::seconds(5);     // to the provider: TCP, proxy and TLS, each
  std::chrono::nanoseconds first_byte =
      std::chrono::seconds(600);  // from the request's last byte to the answer's first
  std::chrono::nanoseconds stream_idle = std::chrono::seconds(300);  // between two pieces of an answer
  // For the collector's word on more of a limit than this host holds.
  std::chrono::nanoseconds grant = std::chrono::milliseconds(250);
  std::chrono::nanoseconds client_write_stall = std::chrono::seconds(60);  // a client that doesn't read
  std::chrono::nanoseconds keep_alive = std::chrono::seconds(600);  // between two requests of a connection
  std::chrono::nanoseconds shutdown = std::chrono::seconds(30);     // for exchanges in flight at the end

  friend bool operator==(const DeadlineConfig&, const DeadlineConfig&) = default;
};

struct LimitConfig {
  int64_t head_bytes = 64 << 10;
  int64_t body_bytes = 32 << 20;
  int64_t connections = 4096;  // of clients

  friend bool operator==(const LimitConfig&, const LimitConfig&) = default;
};

// What the clients of this host are like.
struct ClientConfig {
  enum class Mode {
    kPlain,
    kGateway,  // CLAUDE_CODE_USE_GATEWAY=1: refusals by budgets have the form that such clients show best
  };

  Mode mode = Mode::kPlain;

  friend bool operator==(const ClientConfig&, const ClientConfig&) = default;
};

// Whether this host's agent has a collector.
enum class CollectorUse {
  kIfEnrolled,  // once `postern-agent enroll` has made it a member
  kRequired,    // and doesn't start before
  kNone,        // never
};

// Looking for secrets in requests. What is looked for and what is done is the policy's to say.
struct SecretsConfig {
  Path cache =
      "secrets.rules";  // where compiled rules are kept; below the state directory where it is relative
  std::chrono::nanoseconds patience =
      std::chrono::seconds(60);  // so long a request waits for the first rules

  friend bool operator==(const SecretsConfig&, const SecretsConfig&) = default;
};

struct AgentConfig {
  Address listen{"127.0.0.1", 4780};
  Address operations{"127.0.0.1", 4781};
  Path state = "/var/lib/postern-agent";
  Path keys = "keys.yaml";
  Path models = "models.yaml";
  UpstreamConfig upstream;
  CredentialConfig credential;
  identity::Mode identity_mode = identity::Mode::kKey;
  std::map<uid_t, identity::Principal> os_users;  // with Mode::kOsUser, on a lone host
  CollectorUse collector = CollectorUse::kIfEnrolled;
  membership::Rules membership;
  PolicyConfig policy;
  AuditConfig audit;
  SecretsConfig secrets;
  DeadlineConfig deadlines;
  LimitConfig limits;
  ClientConfig client;
  Level log_level = Level::kInfo;
  LogFormat log_format = LogFormat::kText;

  Path socket() const { return state / "agent.sock"; }
  Path secrets_cache() const { return state / secrets.cache; }

  friend bool operator==(const AgentConfig&, const AgentConfig&) = default;
};

// This process's environment.
std::optional<std::string> ProcessEnvironment(const char* name);

// kNotFound where the file can't be opened, kInvalid for anything wrong in it (both: exit 2).
Result<AgentConfig> LoadAgentConfig(const Path& path, const Environment& environment = ProcessEnvironment);

// The same for a text: `name` is what errors call it, `directory` what relative paths are relative to.
Result<AgentConfig> ParseAgentConfig(std::string_view text, std::string_view name, const Path& directory,
                                     const Environment& environment);

}  // namespace postern::agent
