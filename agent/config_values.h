// Values of agent.yaml, each read strictly: what is out of bounds is an error that says what belongs there.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "agent/endpoint.h"
#include "shared/base/result.h"
#include "shared/config/node.h"

namespace postern::agent {

// Reads what stands under the key; where it is not there, `value` stays as it is.
template <class T, class Reader>
Status Read(const config::Map& map, std::string_view key, T& value, Reader reader) {
  const auto node = map.Find(key);
  if (!node) return Ok{};
  ASSIGN_OR_RETURN(value, reader(*node));
  return Ok{};
}

Result<std::filesystem::path> PathBelow(const std::filesystem::path& directory, const config::Node& node);

// A reader of paths, which needs to know where relative ones begin. The directory is borrowed.
inline auto PathIn(const std::filesystem::path& directory) {
  return [&directory](const config::Node& node) { return PathBelow(directory, node); };
}

// From 1 ms to 24 hours.
Result<std::chrono::nanoseconds> Deadline(const config::Node& node);
// From an hour to ten years.
Result<std::chrono::nanoseconds> Retention(const config::Node& node);
// From a minute to thirty days.
Result<std::chrono::nanoseconds> PolicyTtl(const config::Node& node);

// From 1 to a million.
Result<int64_t> Count(const config::Node& node);

Result<int64_t> BytesWithin(int64_t least, int64_t most, const config::Node& node);
inline auto BytesBetween(int64_t least, int64_t most) {
  return [least, most](const config::Node& node) { return BytesWithin(least, most, node); };
}

Result<Address> LoopbackAddress(const config::Node& node);

}  // namespace postern::agent
