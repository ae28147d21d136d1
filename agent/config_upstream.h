// What agent.yaml says of the provider: where it is, how it is reached, and where its credential lies. What
// may hold a credential is in no error.
#pragma once

#include "agent/config.h"
#include "shared/base/result.h"
#include "shared/config/node.h"

namespace postern::agent {

// The section upstream. Relative paths are relative to the directory.
Result<UpstreamConfig> ReadUpstream(const config::Node& node, const Path& directory,
                                    const Environment& environment);

// The section credential.
Result<CredentialConfig> ReadCredential(const config::Node& node, const Path& directory);

}  // namespace postern::agent
