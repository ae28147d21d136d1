// Which bytes of a body are to go with which findings. Only shared/secrets includes this.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "shared/secrets/body_scan.h"
#include "shared/secrets/known_body.h"
#include "shared/secrets/mapped_text.h"

namespace postern::secrets {

// What a scan is about while it runs: a finding, and where it stands.
struct FoundInBody {
  BodyFinding finding;
  size_t match_end = 0;         // of the body
  std::optional<Span> in_view;  // of the secret, if it can be taken out; what is known has none
  bool asked_for = false;       // its secret is one of the literals
};

// The cuts of these findings, and in each finding which one is its. Those that overlap are one; known ones
// are taken over from `before` as they are. False where a new one overlaps a known one in part: what is known
// doesn't fit then.
bool MakeCuts(std::vector<FoundInBody>& found, std::string_view body, const MappedText& view,
              const KnownBody* before, std::vector<BodyCut>& cuts);

}  // namespace postern::secrets
