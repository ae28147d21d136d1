#include "shared/secrets/session_memory.h"

#include <algorithm>

namespace postern::secrets {

MemoryKey::MemoryKey(std::string_view random) : hash_(std::make_shared<const KeyedHash>(random)) {}

Known SessionMemory::KnownOf(std::string_view conversation) const {
  Known known{.hash = hash_, .bodies = {}, .literals = literals_};
  for (auto body = bodies_.rbegin(); body != bodies_.rend(); ++body) {
    const bool is_its_own = body->conversation == conversation;
    known.bodies.insert(is_its_own ? known.bodies.begin() : known.bodies.end(), body->known);
  }
  return known;
}

void SessionMemory::Keep(std::string_view conversation, const BodyScan& scan) {
  // Two scans at once may each have found a literal. One that can't be kept beside the other's goes: it is
  // found again where it stands in what made it a secret.
  std::shared_ptr<const Literals> merged = scan.literals;
  for (uint32_t i = 0; literals_ != nullptr && literals_ != scan.literals && i < literals_->size(); ++i) {
    auto more = Literals::With(merged, literals_->secret(i), literals_->rule(i));
    if (more) merged = *std::move(more);
  }
  literals_ = std::move(merged);
  if (scan.body == nullptr) return;
  std::erase_if(bodies_, [&](const Body& body) {
    return body.conversation == conversation || body.known->literals != literals_;
  });
  if (bodies_.size() == kMostBodies) bodies_.erase(bodies_.begin());
  bodies_.push_back({std::string(conversation), scan.body});
}

void SessionMemory::ForgetBodies() { bodies_.clear(); }

Status SessionMemory::KeepOriginal(std::string_view placeholder, std::string_view original) {
  if (original.size() > kMostOriginal || OriginalOf(placeholder)) return Ok{};
  Original kept;
  kept.placeholder = placeholder;
  ASSIGN_OR_RETURN(kept.text,
                   crypto::LockedSecret::Make(original.size(), [&](std::span<char> out) -> Result<size_t> {
                     std::copy(original.begin(), original.end(), out.begin());
                     return original.size();
                   }));
  originals_.push_back(std::move(kept));
  original_bytes_ += original.size();
  while (originals_.size() > kMostOriginals || original_bytes_ > kMostOriginalBytes) {
    original_bytes_ -= originals_.front().text.view().size();
    originals_.erase(originals_.begin());
  }
  return Ok{};
}

std::optional<std::string_view> SessionMemory::OriginalOf(std::string_view placeholder) const {
  const auto known = std::find_if(originals_.begin(), originals_.end(),
                                  [&](const Original& one) { return one.placeholder == placeholder; });
  if (known == originals_.end()) return std::nullopt;
  return known->text.view();
}

size_t SessionMemory::bytes() const {
  size_t bytes = sizeof *this + original_bytes_;
  for (const Body& body : bodies_) bytes += body.known->bytes();
  for (uint32_t i = 0; literals_ != nullptr && i < literals_->size(); ++i)
    bytes += literals_->secret(i).size();
  return bytes;
}

}  // namespace postern::secrets
