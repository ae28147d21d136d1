// Scanning a request's body, of which most was scanned before: the client sends the whole conversation again
// at each turn.
//
//   body before   |■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■|tools|
//   body now      |■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■■|new····|tools|
//                  └ the same beginning: its findings ┘ └ scanned ┘└ the same strings: clean
//                    are known, the rest of it clean
//
// What was clean stays clean. The beginning is compared by keyed hashes of fixed pieces (known_body.h), what
// comes after it string by string, with the JSON key before it, since a client rebuilds its history: blocks
// change their order, cache marks move. What is known is scanned no more, but for so much around what is new
// that no match is missed which reaches into it.
//
// Fails closed, as Scanner does. Pure.
//
//   BodyScan scan = ScanBody({.scanner = …, .workspace = …, .body = body, .known =
//   memory.KnownOf(conversation)}); memory.Keep(conversation, scan);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"
#include "shared/secrets/known_body.h"
#include "shared/secrets/literals.h"
#include "shared/secrets/scanner.h"

namespace postern::secrets {

// Bytes of the body that one placeholder takes the place of. Cuts don't overlap, and none cuts an escape.
struct BodyCut {
  Span raw;
  // What they say: what the placeholder is made of, and what is restored. Of what stands in JSON within a
  // string, and has escapes there, these are left in it: where it is put back they are needed again.
  std::string original;
};

// It holds a secret: nobody logs it.
struct BodyFinding {
  uint32_t rule = 0;
  Span raw;               // of the secret in the body, for finding its place
  std::string secret;     // decoded, where it was encoded
  uint8_t encodings = 0;  // decoding.h
  std::optional<size_t>
      cut;  // in which of the cuts it lies; none: it isn't within one value, and can't be taken out
  bool remembered = false;  // found as a literal, not by its rule
  bool covered = false;     // and within the secret of what a rule found
  bool known = false;       // it stood in the body before, in the same place
};

struct BodyScan {
  std::vector<BodyFinding> findings;  // in the body's order
  std::vector<BodyCut> cuts;          // likewise
  size_t scanned = 0;                 // bytes of the view that were looked at

  // For Memory::Keep.
  std::shared_ptr<const KnownBody> body;  // none where it can't be kept
  std::shared_ptr<const Literals> literals;
};

struct BodyInput {
  const Scanner& scanner;
  Workspace& workspace;
  std::string_view body;
  Known known{};  // an empty one knows nothing
  // The body's, by the hash of what is known, if somebody has them; null: they are made.
  Pieces pieces{};
  // Whether a finding's secret is to be looked for as a literal from now on, in this body first: those that
  // are taken out. None: none are.
  std::function<bool(const BodyFinding&)> remembers{};
  ScanOptions options{};
};

// kInvalid where the body is no JSON that can be read; errors as Scanner::Scan's; kUnavailable, too, where a
// secret that is to be remembered can't be kept in locked memory.
Result<BodyScan> ScanBody(const BodyInput& input);

// The body with a placeholder (redaction.h) in place of these cuts: places in `scan.cuts`, ascending.
std::string RedactBody(std::string_view body, const BodyScan& scan, const std::vector<size_t>& cuts,
                       std::string_view host_key);

}  // namespace postern::secrets
