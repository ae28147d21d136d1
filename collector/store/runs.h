// Sets of leaves, as an index row keeps them: stretches without a hole, in order. Most values hold for long
// stretches of the log, so that a row of thousands of leaves is a few bytes.
//
//   row   = piece*                        each commit appends one; pieces follow each other upwards
//   piece = count begin length−1 (gap length−1)*      varints; a gap counts from the end of the stretch
//   before
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::store {

// Places within a block: begin … end−1.
struct Run {
  uint32_t begin = 0;
  uint32_t end = 0;

  friend bool operator==(const Run&, const Run&) = default;
};
using Runs = std::vector<Run>;  // ascending, none touches the next

// One more place, above all others.
void Append(Runs& runs, uint32_t place);

// A piece. `runs` isn't empty.
void AppendPiece(std::string& row, const Runs& runs);

// False where the row isn't what AppendPiece writes: not ascending, or beyond a block.
bool DecodeRow(std::string_view row, Runs& runs);

Runs Intersect(const Runs& a, const Runs& b);
Runs Unite(const Runs& a, const Runs& b);
bool Contains(const Runs& runs, uint32_t place);

}  // namespace postern::store
