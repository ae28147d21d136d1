// Waiting for what other processes and threads bring about.
#pragma once

#include <chrono>
#include <functional>
#include <optional>

namespace postern::end_to_end {

// Looks every few milliseconds until it holds. How long it took; nothing after two minutes.
std::optional<std::chrono::duration<double>> Until(const std::function<bool()>& condition);

}  // namespace postern::end_to_end
