// Sets of bytes, and the classes of RE2's syntax as such sets. What is beyond ASCII counts as any of the
// bytes that such characters are made of. Pure.
#pragma once

#include <bitset>
#include <optional>
#include <string_view>

namespace postern::secrets {

using ByteSet = std::bitset<256>;

const ByteSet& BeyondAscii();
ByteSet Range(unsigned from, unsigned to);  // both included

std::optional<ByteSet> PerlClass(char letter);             // \d \w \s and their opposites
std::optional<ByteSet> PosixClass(std::string_view name);  // of [[:name:]]

// Both cases of every letter in it: whether (?i) holds doesn't matter to what errs to the safe side.
ByteSet Folded(ByteSet set);

}  // namespace postern::secrets
