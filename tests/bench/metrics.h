// What a bench reads from the agent's own metrics.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace postern::bench {

// The value of a sample without labels in Prometheus' text format.
std::optional<double> SampleIn(std::string_view exposition, std::string_view name);

// "spool batches of 12.3 events, syncs of 20.1": how many events one write and one sync of the record carried
// on average; empty if it can't be read.
std::string DescribeSpoolBatches(uint16_t operations_port);

// Waits until the agent has compiled its rules for secrets: nothing passes before, and what it costs is no
// request's cost.
Status AwaitSecretRules(uint16_t operations_port, std::chrono::seconds limit);

}  // namespace postern::bench
