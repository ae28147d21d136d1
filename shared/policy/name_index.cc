#include "shared/policy/name_index.h"

#include <bit>
#include <utility>

namespace postern::policy {

void NameIndex::Build(std::vector<std::string> names) {
  names_ = std::move(names);
  slots_.clear();
  if (names_.empty()) return;
  slots_.resize(std::bit_ceil(names_.size() * 2));
  mask_ = slots_.size() - 1;
  for (uint32_t place = 0; place < names_.size(); ++place) {
    const uint64_t hash = HashOf(names_[place]);
    if (Find(names_[place], hash) != kNowhere) continue;
    size_t i = hash & mask_;
    while (slots_[i].place != kNowhere) i = (i + 1) & mask_;
    slots_[i] = {hash, place};
  }
}

void NumberIndex::Build(const std::vector<std::pair<uint32_t, uint32_t>>& entries) {
  slots_.clear();
  if (entries.empty()) return;
  slots_.resize(std::bit_ceil(entries.size() * 2));
  for (const auto& [number, value] : entries) {
    size_t i = PlaceOf(number);
    while (slots_[i].number != kNowhere) i = (i + 1) & (slots_.size() - 1);
    slots_[i] = {number, value};
  }
}

}  // namespace postern::policy
