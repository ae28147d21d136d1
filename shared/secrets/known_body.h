// What is known of a body that was scanned: enough to tell which parts of the next one were in it, and
// nothing that could be read. It holds keyed hashes and offsets, and, in locked memory, the secrets that were
// found.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "shared/crypto/locked_secret.h"
#include "shared/secrets/first_stage.h"
#include "shared/secrets/keyed_hash.h"
#include "shared/secrets/linear_view.h"
#include "shared/secrets/literals.h"

namespace postern::secrets {

// A set of hashes. Thread-compatible.
class HashSet {
 public:
  explicit HashSet(size_t most = 0);
  void Add(uint64_t hash);  // at most so many
  bool Has(uint64_t hash) const;
  size_t bytes() const { return slots_.size() * sizeof(uint64_t); }

 private:
  std::vector<uint64_t> slots_;  // a power of two, 0: free
};

// A long string of a body or what stands between two of them: hashed, and clean.
struct KnownPart {
  uint64_t hash = 0;
  size_t raw_end = 0;
};

// The secrets of findings and the originals of cuts are spans of `secrets`.
struct KnownFinding {
  uint32_t rule = 0;
  Span raw;
  size_t match_end = 0;  // of the body
  Span secret;
  uint8_t encodings = 0;
  std::optional<size_t> cut;
  bool remembered = false;
  bool covered = false;
  bool asked_for = false;  // its secret is, or was, one of the literals
};
struct KnownCut {
  Span raw;
  Span original;
};

// Made by a scan (body_scan.h), and never changed. Thread-safe.
struct KnownBody {
  size_t size = 0;
  Pieces pieces;
  std::vector<ViewMark> marks;   // in order
  std::vector<KnownPart> parts;  // likewise
  HashSet hashes;                // theirs
  std::vector<KnownFinding> findings;
  std::vector<KnownCut> cuts;
  crypto::LockedSecret secrets;
  std::shared_ptr<const void> rules;         // by which it was scanned: Scanner::identity
  std::shared_ptr<const Literals> literals;  // that were looked for
  Calls calls{};                             // what its keywords call for (first_stage.h)

  size_t bytes() const;  // that it takes, about
};

// What a scan is told of earlier ones; it may be handed to another thread. Empty: nothing.
struct Known {
  std::shared_ptr<const KeyedHash> hash{};
  std::vector<std::shared_ptr<const KnownBody>> bodies{};  // of one session
  std::shared_ptr<const Literals> literals{};
};

}  // namespace postern::secrets
