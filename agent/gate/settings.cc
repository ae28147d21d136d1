#include "agent/gate/settings.h"

#include <array>

#include <unistd.h>

#include "shared/config/node.h"
#include "shared/pricing/price_file.h"

namespace postern::gate {
namespace {

std::string HostName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

Result<std::unique_ptr<tls::Context>> MakeTls(const agent::UpstreamConfig& upstream) {
  tls::ClientOptions options;
  for (const agent::Path& file : upstream.ca_files) options.authorities.push_back(file.string());
  if (upstream.client_certificate) {
    options.certificate = upstream.client_certificate->certificate.string();
    options.key = upstream.client_certificate->key.string();
  }
  return tls::Context::Client(options);
}

Destination MakeDestination(const agent::UpstreamConfig& upstream) {
  Destination destination;
  destination.host = upstream.origin.authority();
  // A plain origin behind a proxy is asked for by its whole URL (RFC 9112 §3.2.2); a secure one through a
  // tunnel.
  if (upstream.proxy && upstream.origin.scheme == agent::Origin::Scheme::kHttp) {
    destination.target_prefix = upstream.origin.ToString();
    if (!upstream.proxy->authorization.empty()) {
      destination.extra_lines = "proxy-authorization: " + upstream.proxy->authorization + "\r\n";
    }
  }
  return destination;
}

}  // namespace

Result<std::shared_ptr<Settings>> MakeSettings(agent::AgentConfig config, Authority authority,
                                               std::optional<crypto::LockedSecret> credential,
                                               http::Loop& loop, http::BufferPool& buffers,
                                               http::Resolver& resolver) {
  auto settings = std::make_shared<Settings>();
  settings->host_name = HostName();
  settings->authority = authority;
  if (authority == Authority::kFiles) {
    if (config.identity_mode == identity::Mode::kOsUser && config.os_users.empty())
      return Error{ErrorCode::kInvalid, "identity: os_user needs os_users on a host that has no collector"};
    ASSIGN_OR_RETURN(settings->keys, identity::KeyTable::Load(config.keys));
  }
  ASSIGN_OR_RETURN(const config::Node models, config::ParseFile(config.models.string()));
  ASSIGN_OR_RETURN(settings->prices, pricing::LoadPriceTable(models));
  settings->credential_line = std::move(credential);
  settings->destination = MakeDestination(config.upstream);
  http::UpstreamOptions options;
  options.host = config.upstream.origin.host;
  options.port = config.upstream.origin.port;
  if (config.upstream.origin.scheme == agent::Origin::Scheme::kHttps) {
    ASSIGN_OR_RETURN(settings->tls, MakeTls(config.upstream));
    options.tls = settings->tls.get();
  }
  if (config.upstream.proxy) {
    options.proxy = http::Proxy{config.upstream.proxy->host, config.upstream.proxy->port,
                                config.upstream.proxy->authorization};
  }
  options.connect = config.deadlines.connect;
  options.idle = config.upstream.idle_connection;
  options.most_idle = static_cast<size_t>(config.upstream.max_idle_connections);
  settings->upstream = std::make_unique<http::Upstream>(loop, buffers, resolver, std::move(options));
  settings->config = std::move(config);
  return settings;
}

}  // namespace postern::gate
