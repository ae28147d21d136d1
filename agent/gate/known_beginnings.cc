#include "agent/gate/known_beginnings.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace postern::gate {
namespace {

using secrets::Pieces;

size_t BytesOf(const Pieces& pieces, const dialect::RequestBeginning& beginning) {
  const auto& tools = beginning.facts.tools;
  return 1'024 + pieces->size() * sizeof(secrets::PieceHash) +
         tools.size() * (sizeof(dialect::RequestTool) + sizeof(dialect::ToolPlace)) +
         beginning.points.size() * sizeof(dialect::RequestBeginning::Point);
}

}  // namespace

KnownBeginnings::Place KnownBeginnings::Longest(std::string_view owner, const Pieces& pieces, size_t& same) {
  Place best = entries_.end();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    if (entry->owner != owner) continue;
    const size_t these = secrets::SamePieces(*pieces, *entry->pieces);
    if (these <= same) continue;
    same = these;
    best = entry;
  }
  return best;
}

void KnownBeginnings::Erase(Place entry) {
  bytes_ -= entry->bytes;
  entries_.erase(entry);
}

Result<dialect::RequestFacts> KnownBeginnings::Read(std::string_view owner, std::string_view body,
                                                    const Pieces& pieces, dialect::JsonCursor& json) {
  if (body.size() < kSmall) return dialect::ReadMessagesRequest(body, json);
  size_t same = 0;
  const Place before = Longest(owner, pieces, same);
  Entry entry{.owner = std::string(owner), .pieces = pieces, .beginning = {}};
  if (before != entries_.end()) {
    // A turn takes the place of the one that it continues; a side question that only begins alike doesn't.
    const bool continues = 2 * same >= std::min(pieces->size(), before->pieces->size());
    entry.beginning = continues ? std::move(before->beginning) : before->beginning;
    if (continues) Erase(before);
  }
  const size_t same_bytes = std::min(same * secrets::KeyedHash::kPiece, body.size());
  ASSIGN_OR_RETURN(auto facts, dialect::ReadMessagesRequest(body, json, same_bytes, entry.beginning));
  entry.bytes = BytesOf(entry.pieces, entry.beginning);
  bytes_ += entry.bytes;
  entries_.push_front(std::move(entry));
  while (entries_.size() > 1 && (entries_.size() > kMost || bytes_ > kMostBytes))
    Erase(std::prev(entries_.end()));
  return facts;
}

}  // namespace postern::gate
