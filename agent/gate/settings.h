// What exchanges are judged by and where they go: made from the configuration as a whole and replaced as a
// whole.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "agent/config.h"
#include "agent/gate/forwarding.h"
#include "agent/identity/identify.h"
#include "agent/membership/policy_in_force.h"
#include "shared/crypto/locked_secret.h"
#include "shared/http/upstream.h"
#include "shared/pricing/price_table.h"
#include "shared/tls/context.h"

namespace postern::gate {

// Who says which keys there are.
enum class Authority {
  kFiles,      // a lone host: keys.yaml, os_users
  kCollector,  // its directory
};

// Never changes once it is in use, but for the connections in `upstream`. Exchanges that are under way when
// the configuration is read anew keep theirs, which is why it is shared. Owned by the loop thread.
struct Settings {
  agent::AgentConfig config;
  Authority authority = Authority::kFiles;
  std::string host_name;
  identity::KeyTable keys;  // with Authority::kFiles
  std::optional<pricing::PriceTable> prices;
  std::shared_ptr<const membership::PolicyInForce> policy;  // of a lone host; null: it has none
  Destination destination;
  std::optional<crypto::LockedSecret>
      credential_line;  // a whole header line with its end, for every request; nothing: none is configured
  std::unique_ptr<tls::Context> tls;
  std::unique_ptr<http::Upstream> upstream;
};

// Reads what the configuration names: keys, prices, certificates. kInvalid or kNotFound names the file that
// is wrong. `credential`, if there is one, is a whole header line. The loop, buffers and resolver must live
// longer.
Result<std::shared_ptr<Settings>> MakeSettings(agent::AgentConfig config, Authority authority,
                                               std::optional<crypto::LockedSecret> credential,
                                               http::Loop& loop, http::BufferPool& buffers,
                                               http::Resolver& resolver);

}  // namespace postern::gate
