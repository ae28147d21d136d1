#include "collector/intake/memory_proof.h"

namespace postern::intake {
namespace {

std::string Newer(const char* what, uint64_t said, uint64_t is) {
  return std::string("this collector once said ") + what + " " + std::to_string(said) + " and now has " +
         std::to_string(is);
}

}  // namespace

std::optional<std::string> WhatWasForgotten(const wire::Memory& memory, const Remembered& now) {
  if (memory.agent() != now.agent || memory.collector() != now.collector) return std::nullopt;
  if (memory.epoch() < now.epoch) return std::nullopt;
  if (memory.epoch() > now.epoch) return Newer("epoch", memory.epoch(), now.epoch);
  if (memory.log_size() > now.log_size) return Newer("log size", memory.log_size(), now.log_size);
  if (memory.revision() > now.revision) return Newer("revision", memory.revision(), now.revision);
  const auto mark = wire::ToPlace(memory.acknowledged());
  if (!mark) return std::nullopt;
  if (mark->sequence > now.place.sequence) {
    return Newer("that an agent's events are stored up to", mark->sequence, now.place.sequence);
  }
  if (mark->sequence == now.place.sequence && mark->head != now.place.head && mark->sequence > 0) {
    return "this collector once acknowledged another history of an agent than the one it holds";
  }
  return std::nullopt;
}

}  // namespace postern::intake
