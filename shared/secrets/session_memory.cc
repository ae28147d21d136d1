#include "shared/secrets/session_memory.h"

#include <algorithm>

namespace postern::secrets {
namespace {

// Pieces of a body that is small: another small one takes its place whatever is in it.
constexpr size_t kFewPieces = 8;

// Whether they are turns of one conversation: half of the smaller one is the beginning of the other. It may
// be shorter than before, after a rewind.
bool Continues(const KnownBody& next, const KnownBody& before) {
  const size_t fewest = std::min(next.pieces->size(), before.pieces->size());
  if (std::max(next.pieces->size(), before.pieces->size()) <= kFewPieces) return true;
  return 2 * SamePieces(*next.pieces, *before.pieces) >= fewest;
}

}  // namespace

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
    if (body.known->literals != literals_ || body.known->rules != scan.body->rules) return true;
    return body.conversation == conversation && Continues(*scan.body, *body.known);
  });
  if (bodies_.size() == kMostBodies) bodies_.erase(bodies_.begin());
  bodies_.push_back({std::string(conversation), scan.body});
}

size_t SessionMemory::LargestOf(std::string_view conversation) const {
  size_t largest = 0;
  for (const Body& body : bodies_) {
    if (body.conversation == conversation) largest = std::max(largest, body.known->size);
  }
  return largest;
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
