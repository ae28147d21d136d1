// Encoded text within a text (encodings.h). One pass decodes each piece in its place and makes a new text,
// which is scanned again and may itself be decoded. Pure.
//
//   token=%67%68p_…     →  token=ghp_…        a match in it is shown where its pieces stand in the original
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/secrets/encodings.h"
#include "shared/secrets/expression.h"

namespace postern::secrets {

// A text made of another: stretches that were copied, and pieces that were decoded.
class Decoded {
 public:
  // Nothing where nothing in the text is encoded.
  static bool From(std::string_view text, const Decoded* before, Decoded& into, const ValueEnds& ends = {});

  const std::string& text() const { return text_; }
  // Whether the last pass decoded something in these bytes or beside them: what stands beside a match
  // decides, too, whether it is one.
  bool IsFresh(const Span& span) const;
  // What the last pass decoded, with so many bytes on both sides; one region where these meet.
  std::vector<Span> FreshRegions(size_t around) const;
  // Where these bytes come from in the first text: whole pieces, where they were decoded.
  Span Origin(const Span& span) const;
  // Where these bytes of the first text are here; neither end is within a decoded piece.
  Span Here(const Span& origin) const;
  uint8_t encodings(const Span& span) const;  // of the pieces in it
  int depth(const Span& span) const;          // how many times they were decoded

 private:
  struct Piece {
    Span here;
    Span origin;            // in the first text
    uint8_t encodings = 0;  // 0: copied from there
    int depth = 0;
    bool fresh = false;  // by the last pass
  };
  void Copy(std::string_view text, const Decoded* before, const Span& span);
  size_t PieceAt(size_t at) const;

  std::string text_;
  std::vector<Piece> pieces_;
};

}  // namespace postern::secrets
