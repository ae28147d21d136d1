// Taking secrets out of a JSON text: each is replaced in its place, and no other byte changes.
//
//   {"text":"key=a1b2c3d4\nx"}   →   {"text":"key=REDACTED_gkhqvtnbwmzcyrpd\nx"}
//
// The placeholder is a function of the host's key and the secret: the same secret has the same one in every
// turn, so that the provider's prompt cache holds, and nobody without the key can try out guesses. It has
// letters and underscores only: it needs no escape at any depth, and rules take it for a word. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/secrets/finding.h"
#include "shared/secrets/linear_view.h"

namespace postern::secrets {

inline constexpr std::string_view kPlaceholderBeginning = "REDACTED_";
inline constexpr size_t kPlaceholderBytes = kPlaceholderBeginning.size() + 20;

// "REDACTED_" and 20 small letters: 94 bits.
std::string PlaceholderFor(std::string_view host_key, std::string_view secret);

struct Redacted {
  std::string body;
  std::vector<size_t> replaced;  // findings whose secrets are gone
  // Findings that can't be taken out, since what is secret isn't within one string's value: a key, or text
  // over several values. The body still holds them.
  std::vector<size_t> remaining;
};

// The findings are those of a scan of the view, and the view is the text's.
Redacted Redact(std::string_view json, const MappedText& view, const std::vector<Finding>& findings,
                std::string_view host_key);

}  // namespace postern::secrets
