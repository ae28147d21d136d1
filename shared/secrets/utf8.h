// Texts as the rules read them: UTF-8, and nothing else. Pure.
#pragma once

#include <string>
#include <string_view>

namespace postern::secrets {

// The text itself where it is UTF-8. Otherwise a copy in `storage`, of the same length, in which each byte
// that is none stands as a control character: no part of any word, as U+FFFD is for Gitleaks.
std::string_view AsUtf8(std::string_view text, std::string& storage);

// Whether it holds one of the characters beyond ASCII whose small letter is an ASCII one or that (?i) takes
// for one: K (Kelvin), İ and ſ. Such texts can't be judged byte by byte.
bool HasFoldingCharacters(std::string_view text);

// Whether Lowered(text) holds this, which is in small letters itself. Mostly that text isn't made.
bool HoldsLowered(std::string_view text, std::string_view lowered);

// In small letters, as Gitleaks looks for keywords: ASCII's and the two above that have one. The length may
// change.
std::string Lowered(std::string_view text);

}  // namespace postern::secrets
