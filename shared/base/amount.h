// Integers in a limit's own unit: nano-dollars, tokens, requests. Never floating point.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

#include "shared/base/check.h"

namespace postern {

// A signed 64-bit count of one unit; 9.2 billion dollars in nano-dollars. Sums that overflow are a CHECK,
// because a wrapped amount would let money through; use SaturatingAdd where the input is somebody else's.
// Thread-compatible.
class Amount {
 public:
  constexpr Amount() = default;
  constexpr explicit Amount(int64_t units) : units_(units) {}

  constexpr int64_t units() const { return units_; }

  friend constexpr auto operator<=>(Amount, Amount) = default;

  friend constexpr Amount operator+(Amount a, Amount b) {
    int64_t sum = 0;
    CHECK(!__builtin_add_overflow(a.units_, b.units_, &sum));
    return Amount(sum);
  }
  friend constexpr Amount operator-(Amount a, Amount b) {
    int64_t difference = 0;
    CHECK(!__builtin_sub_overflow(a.units_, b.units_, &difference));
    return Amount(difference);
  }
  constexpr Amount& operator+=(Amount other) { return *this = *this + other; }
  constexpr Amount& operator-=(Amount other) { return *this = *this - other; }

  // a + b, or the largest amount where that would overflow; both must be ≥ 0.
  static constexpr Amount SaturatingAdd(Amount a, Amount b) {
    int64_t sum = 0;
    if (__builtin_add_overflow(a.units_, b.units_, &sum)) return Amount(std::numeric_limits<int64_t>::max());
    return Amount(sum);
  }

 private:
  int64_t units_ = 0;
};

}  // namespace postern
