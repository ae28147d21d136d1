// What of a body is new since those that are known of its session: all that isn't in the same beginning, and
// none of the same strings. README.md has the steps. Only shared/secrets includes this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "shared/secrets/body_scan.h"
#include "shared/secrets/known_body.h"
#include "shared/secrets/linear_view.h"
#include "shared/secrets/mapped_text.h"

namespace postern::secrets {

// How far before what differs the view begins: so far as mostly suffices, or as far as anything is looked at.
enum class Reach { kNear, kFar };

// Thread-compatible; what it is given must outlive it.
class BodyDelta {
 public:
  // Only bodies that were scanned by these rules, and in which these literals were looked for, are known.
  BodyDelta(const BodyInput& input, const Known& known, const Literals* literals, Reach reach);

  const KnownBody* before() const { return before_; }  // the one that begins as this one does; may be none
  size_t same() const { return same_; }                // bytes that are the same
  const ViewMark* mark() const { return mark_; }       // of that one, where the view begins; may be none
  const Calls& calls() const { return calls_; }        // what keywords of known ones call for

  // By the view from the mark on, and its parts.
  void FindFresh(const MappedText& view, const ViewParts& parts);
  // After that: whether these bytes of the view hold something new.
  bool IsFresh(const Span& span) const;
  // What is new, and so much around it as decides about a match that touches it, if keywords call for no more
  // than this. Nothing where the view doesn't reach so far: then kFar is needed.
  std::optional<std::vector<Span>> Regions(const MappedText& view, const Calls& calls) const;

  // For what is known of the next one.
  const Pieces& pieces() const { return pieces_; }
  const std::vector<KnownPart>& parts() const { return new_parts_; }

 private:
  bool Counts(const KnownBody& known) const;
  bool IsKnown(uint64_t hash) const;
  void AddFresh(const Span& span, size_t clean_to);
  Span Around(const Span& fresh, const MappedText& view, const Calls& calls) const;

  const std::string_view body_;
  const Scanner& scanner_;
  const Known& known_;
  const void* const rules_;
  const Literals* const literals_;
  const Reach reach_;
  Pieces pieces_;
  const KnownBody* before_ = nullptr;
  size_t same_ = 0;
  const ViewMark* mark_ = nullptr;
  Calls calls_;
  std::vector<KnownPart> new_parts_;
  std::vector<Span> fresh_;  // of the view, in order
};

}  // namespace postern::secrets
