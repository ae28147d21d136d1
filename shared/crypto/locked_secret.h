// A secret in memory that is not swapped out, not in core dumps, not inherited by children, and wiped at its
// end.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string_view>

#include "shared/base/result.h"

namespace postern::crypto {

// It can be moved, which leaves an empty one, and never copied. What is done with view() is the caller's
// care: it must not be logged, nor kept longer than it takes to send it. Thread-compatible.
class LockedSecret {
 public:
  LockedSecret() = default;
  // Calls `fill` with `capacity` locked bytes; it returns how many of them it has filled. kUnavailable where
  // the system gives no locked memory (RLIMIT_MEMLOCK); whatever error `fill` returns otherwise.
  static Result<LockedSecret> Make(size_t capacity,
                                   const std::function<Result<size_t>(std::span<char>)>& fill);

  LockedSecret(LockedSecret&& other) noexcept;
  LockedSecret& operator=(LockedSecret&& other) noexcept;
  ~LockedSecret();

  std::string_view view() const { return {memory_.data(), size_}; }
  // Drops characters of the end.
  void Truncate(size_t size);

 private:
  std::span<char> memory_;  // whole pages
  size_t size_ = 0;
};

// No core file and no /proc/self/mem for other processes of the same user, from now on. Call it before
// reading secrets.
Status DisableCoreDumps();

}  // namespace postern::crypto
