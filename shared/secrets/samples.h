// Samples stand beside a rule, so that a file of rules proves itself: what the rule must find, and what it
// must leave. They are written so that no other scanner takes them for credentials: the part that would look
// like one is only described, and filled in when the proof runs, always in the same way. Pure.
//
//   trueSamples = ['token = "glpat-{base64url 20}"']     a text with 20 characters of this alphabet
//   falseSamples = ['glpat-{same 20 x}']                 20 times the same
//
//   filling  = "{" alphabet " " count "}" | "{same " count " " character "}"
//   alphabet = "digit" | "lower" | "upper" | "letter" | "hex" | "HEX" | "base36" | "BASE36" | "alnum" |
//   "base58"
//            | "base64" | "base64url"
//
// A sample of a rule that has only a path is a path. Of a rule that has a path, too, it begins with "{file
// NAME}".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/secrets/scanner.h"

namespace postern::secrets {

// The text that a sample describes. kInvalid where a filling asks for more than 100,000 characters.
Result<std::string> FilledIn(std::string_view sample, uint64_t seed);

// Takes "{file NAME}" from the sample's beginning: the name, or nothing where there is none.
std::string_view TakeFile(std::string_view& sample);

struct Proof {
  size_t rules = 0;
  size_t true_samples = 0;
  size_t false_samples = 0;
  std::vector<std::string> failures;  // "secrets.toml:12: gitlab-pat: its true sample 1 isn't found"
};

// Holds every rule against its samples. A rule without a true sample fails.
Proof Prove(const Scanner& scanner);

}  // namespace postern::secrets
