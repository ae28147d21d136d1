// What can be told of a regular expression without running it: how far a match can reach from one of its
// ends, whether it must hold some literal text, and how to say it to Vectorscan. Pure.
//
// A match is made of bytes that belong to repetitions without an end ("run" bytes: the [a-z] of [a-z]{20,})
// and of a bounded number of others. So, from an end of a match, its start is found by walking back until
// more than `fixed_bytes` bytes that are not run bytes have been passed:
//
//   key=([a-z]{20,});      run = a…z, fixed_bytes = 5
//   …} key=abcdefghijklmnopqrstuvwxyz;|     back over "…vwxyz", and not more than 5 others
//
// All of it errs to the safe side: a reach too far, a literal too short.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "shared/secrets/byte_set.h"

namespace postern::secrets {

struct Pattern {
  bool understood = false;  // otherwise nothing below counts
  ByteSet run;
  size_t fixed_bytes = 0;
  size_t literal = 0;         // every match holds a literal of so many characters (either case)
  bool beyond_ascii = false;  // something in it takes a character beyond ASCII: it counts characters
  // It has ^, $, \A or \z where nothing beside it takes a quote: a value in quotes doesn't begin or end there
  // as a text of its own does. "(?:["\s]|$)" has none.
  bool edges = false;
  std::string for_vectorscan;  // finds each match's end, and perhaps more
};

Pattern Analyse(std::string_view regex);

}  // namespace postern::secrets
