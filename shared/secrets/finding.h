// What a scan finds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shared/secrets/expression.h"

namespace postern::secrets {

// A place of a text, as people count: lines and columns from 1, columns in bytes, the end included.
struct Place {
  size_t start_line = 1;
  size_t end_line = 1;
  size_t start_column = 1;
  size_t end_column = 1;
};

// It holds a secret: nobody logs it. Offsets are those of the text that was scanned; of what was decoded they
// are those of the whole encoded pieces.
struct Finding {
  uint32_t rule = 0;  // its place in the rule set
  Span match;
  Span secret_span;
  std::string text;    // what matched, decoded
  std::string secret;  // what of it is secret
  std::string line;    // that it stands on; at most 1,000 bytes of it
  double entropy = 0;  // of the secret, in bits a character
  Place place;
  uint8_t encodings = 0;    // decoding.h; 0: it stands in the text as it is
  int depth = 0;            // how many times it was decoded
  bool remembered = false;  // found as a literal (scanner.h), not by its rule
  bool covered = false;     // and within the secret of what a rule found
  std::vector<std::string>
      companions;  // ids of the rules that this one required and that found something near
};

// Shannon's entropy of a text's characters, in bits, as Gitleaks counts: characters of UTF-8, held against
// the length in bytes.
double Entropy(std::string_view text);

}  // namespace postern::secrets
