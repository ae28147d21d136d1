#include "tests/end_to_end/fleet/until.h"

#include <thread>

namespace postern::end_to_end {
namespace {

constexpr std::chrono::milliseconds kLookEvery{5};
constexpr std::chrono::minutes kPatience{2};

}  // namespace

std::optional<std::chrono::duration<double>> Until(const std::function<bool()>& condition) {
  const auto begin = std::chrono::steady_clock::now();
  while (!condition()) {
    if (std::chrono::steady_clock::now() - begin > kPatience) return std::nullopt;
    std::this_thread::sleep_for(kLookEvery);
  }
  return std::chrono::steady_clock::now() - begin;
}

}  // namespace postern::end_to_end
