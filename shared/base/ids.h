// Names of things that outlive a process.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/base/clock.h"

namespace postern {

// One exchange: a request and what became of it. 48 bits of milliseconds, then 80 random bits, so ids sort by
// time. Its text is the `request-id` of our own answers: "req_" and 26 characters of Crockford's base 32 (the
// ULID layout).
struct ExchangeId {
  std::array<uint8_t, 16> bytes{};

  // `random` is 80 bits from a generator that need not be secret, only unlikely to repeat.
  static ExchangeId Make(WallTime time, const std::array<uint8_t, 10>& random);
  static std::optional<ExchangeId> Parse(std::string_view text);

  std::string ToString() const;
  std::string_view raw() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

  friend auto operator<=>(const ExchangeId&, const ExchangeId&) = default;
};

// A virtual key's public part: what `pst_<id>_…` holds between its underscores. Lower-case letters and
// digits.
struct KeyId {
  std::string value;
  friend auto operator<=>(const KeyId&, const KeyId&) = default;
};

}  // namespace postern
