#include "shared/secrets/known_body.h"

#include <bit>

namespace postern::secrets {

HashSet::HashSet(size_t most) : slots_(std::bit_ceil(2 * most + 2)) {}

void HashSet::Add(uint64_t hash) {
  if (hash == 0) hash = 1;
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot] != 0 && slots_[slot] != hash) slot = (slot + 1) & mask;
  slots_[slot] = hash;
}

bool HashSet::Has(uint64_t hash) const {
  if (hash == 0) hash = 1;
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot] != 0 && slots_[slot] != hash) slot = (slot + 1) & mask;
  return slots_[slot] == hash;
}

size_t KnownBody::bytes() const {
  size_t open = 0;
  for (const ViewMark& mark : marks) open += mark.open->size();
  return sizeof *this + pieces->size() * sizeof(PieceHash) + marks.size() * sizeof(ViewMark) +
         open * sizeof(OpenValue) + parts.size() * sizeof(KnownPart) + hashes.bytes() +
         findings.size() * sizeof(KnownFinding) + cuts.size() * sizeof(KnownCut) + secrets.view().size();
}

}  // namespace postern::secrets
