#include "agent/config_values.h"

#include <string>

namespace postern::agent {
namespace {

using config::Node;
using std::chrono::nanoseconds;

constexpr int64_t kLargestCount = 1'000'000;

}  // namespace

Result<std::filesystem::path> PathBelow(const std::filesystem::path& directory, const Node& node) {
  ASSIGN_OR_RETURN(const std::string text, node.AsString());
  if (text.empty()) return node.Wrong("nothing", "a path");
  return (directory / text).lexically_normal();
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

Result<nanoseconds> PolicyTtl(const Node& node) {
  ASSIGN_OR_RETURN(const nanoseconds duration, node.AsDuration());
  if (duration >= std::chrono::minutes(1) && duration <= std::chrono::hours(30 * 24)) return duration;
  return node.Wrong("a duration outside of that", "a duration from 1m to 30d");
}

Result<int64_t> Count(const Node& node) { return node.AsInteger(1, kLargestCount); }

Result<int64_t> BytesWithin(int64_t least, int64_t most, const Node& node) {
  ASSIGN_OR_RETURN(const int64_t bytes, node.AsBytes());
  if (bytes >= least && bytes <= most) return bytes;
  return node.Wrong(std::to_string(bytes) + " bytes",
                    "from " + std::to_string(least) + " to " + std::to_string(most) + " bytes");
}

Result<Address> LoopbackAddress(const Node& node) {
  ASSIGN_OR_RETURN(const std::string text, node.AsString());
  const auto address = ParseAddress(text);
  if (address && address->is_loopback()) return *address;
  return node.Wrong('"' + text + '"', "a loopback address with a port, such as 127.0.0.1:4780 or [::1]:4780");
}

}  // namespace postern::agent
