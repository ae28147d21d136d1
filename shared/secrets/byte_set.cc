#include "shared/secrets/byte_set.h"

namespace postern::secrets {
namespace {

ByteSet Word() { return Range('a', 'z') | Range('A', 'Z') | Range('0', '9') | Range('_', '_'); }
ByteSet Space() { return Range('\t', '\n') | Range('\f', '\r') | Range(' ', ' '); }

}  // namespace

const ByteSet& BeyondAscii() {
  static const ByteSet set = [] {
    ByteSet bytes;
    for (size_t b = 0x80; b < 256; ++b) bytes.set(b);
    return bytes;
  }();
  return set;
}

ByteSet Range(unsigned from, unsigned to) {
  ByteSet set;
  for (unsigned b = from; b <= to && b < 256; ++b) set.set(b);
  return set;
}

std::optional<ByteSet> PerlClass(char c) {
  switch (c) {
    case 'd': return Range('0', '9');
    case 'w': return Word();
    case 's': return Space();
    case 'D': return ~Range('0', '9');
    case 'W': return ~Word();
    case 'S': return ~Space();
    default: return std::nullopt;
  }
}

std::optional<ByteSet> PosixClass(std::string_view name) {
  const ByteSet lower = Range('a', 'z'), upper = Range('A', 'Z'), digit = Range('0', '9');
  const ByteSet alnum = lower | upper | digit, graph = Range('!', '~');
  if (name == "alnum") return alnum;
  if (name == "alpha") return lower | upper;
  if (name == "ascii") return Range(0, 127);
  if (name == "blank") return Range('\t', '\t') | Range(' ', ' ');
  if (name == "cntrl") return Range(0, 31) | Range(127, 127);
  if (name == "digit") return digit;
  if (name == "graph") return graph;
  if (name == "lower") return lower;
  if (name == "print") return graph | Range(' ', ' ');
  if (name == "punct") return graph & ~alnum;
  if (name == "space") return Space() | Range('\v', '\v');
  if (name == "upper") return upper;
  if (name == "word") return Word();
  if (name == "xdigit") return digit | Range('a', 'f') | Range('A', 'F');
  return std::nullopt;
}

ByteSet Folded(ByteSet set) {
  for (unsigned b = 'a'; b <= 'z'; ++b) {
    if (set[b] || set[b - 32]) {
      set.set(b);
      set.set(b - 32);
    }
  }
  return set;
}

}  // namespace postern::secrets
