// The YAML that administrators write: config/policy.yaml is its commented reference, README.md its grammar.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/config/node.h"
#include "shared/wire/policy.pb.h"

namespace postern::policy {

// The bytes of a zone of the system's tz database (TZif, RFC 8536): shared/zoneinfo reads them, tests make
// them up. kNotFound for a zone that isn't there. UTC is never asked for.
using ZoneSource = std::function<Result<std::string>(const std::string& name)>;

struct PolicyFile {
  wire::Policy policy;  // without version, collector, made and author, which are the collector's to give
  std::map<std::string, int> lines;  // of each rule: "teams.ml.models.deny[2]" → 14
};

// kInvalid, naming file, line, key, what was found and what is allowed. `now` is where the zone's table
// begins.
Result<PolicyFile> ReadPolicy(std::string_view text, std::string_view file, const ZoneSource& zones,
                              WallTime now);

}  // namespace postern::policy
