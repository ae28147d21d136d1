// What History has learnt of models as text, so that it outlives a restart: the sum of what follows on a line
// of its own, then one JSON object. README.md has an example. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/estimate/history.h"
#include "shared/base/result.h"

namespace postern::estimate {

// No text is longer; one that is, isn't read.
inline constexpr size_t kMostHistoryBytes = size_t{256} << 10;

std::string WriteHistory(const std::vector<ModelHistory>& models);

// kCorrupt for anything but what WriteHistory writes, or a later version of it with more fields.
Result<std::vector<ModelHistory>> ReadHistory(std::string_view text);

}  // namespace postern::estimate
