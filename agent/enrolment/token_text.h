// What an administrator hands out so that one host may join: a token, and by which certificate key to know
// the collector.
//
//   text = "pse_" … "@" fingerprint        fingerprint: 64 small hexadecimal digits
//
// Pure.
#pragma once

#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace postern::enrolment {

struct TokenText {
  std::string token;        // a secret, good once
  std::string fingerprint;  // SHA-256 of the certificate's SubjectPublicKeyInfo
};

// White space around it doesn't count. kInvalid says what is wrong with it, and never shows it.
Result<TokenText> ParseTokenText(std::string_view text);

}  // namespace postern::enrolment
