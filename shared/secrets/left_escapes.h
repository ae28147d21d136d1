// Escapes that are left in a view. A string is opened where it is JSON as a whole, and so deep; where text
// stands around the JSON in it (a file that was read with line numbers, a log), or it lies deeper, escapes
// stay, and hide what a rule looks for:
//
//   view    3→ "env": "A=1\nglpat-…"     the letter of \n stands before the token as if it were of its word
//   loose   3→ "env": "A=1↵glpat-…"      so much around such a place once more, with escapes undone
//
// However many backslashes there are in a row, they count as one escape: what hides nothing isn't hurt by
// that, since it was looked at as it stands before. Only shared/secrets includes this. Pure.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "shared/secrets/expression.h"
#include "shared/secrets/mapped_text.h"

namespace postern::secrets {

// Stretches of a text, one behind the other.
struct LooseText {
  MappedText text;           // whose raw text is the one that it was made of
  std::vector<size_t> ends;  // of the stretches in it, rising
  bool empty() const { return ends.empty(); }
  // Whether these bytes are of one stretch: what reaches over two stands nowhere.
  bool IsOfOne(const Span& span) const;
};

// The stretches in which what looks like a token (token_run.h) stands right behind an escape; mostly none.
LooseText LooseAround(std::string_view text);

}  // namespace postern::secrets
