// Whether a collector has forgotten what it once said: an agent's signed memory against what the store holds.
//
// A memory that is newer than the store proves that the store was restored from a backup. From then on
// nothing may be acknowledged, issued or granted until `postern-collector recover` has begun a new epoch;
// memories of an earlier epoch prove nothing more. Only what this collector's own key has signed comes here:
// an unsigned claim never holds it up. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/wire/conversation.h"

namespace postern::intake {

// What the collector holds now.
struct Remembered {
  std::string agent;      // whose connection the memory came over
  std::string collector;  // its own id
  uint64_t epoch = 0;
  uint64_t revision = 0;
  uint64_t log_size = 0;
  wire::Place place;  // how far the chain is stored that the memory speaks of
};

// The sentence that says what was forgotten, or nothing where all of it is remembered. A memory of another
// agent or collector proves nothing.
std::optional<std::string> WhatWasForgotten(const wire::Memory& memory, const Remembered& now);

}  // namespace postern::intake
