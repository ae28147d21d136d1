// The last head of a connection in which no rule finds anything. A client sends the same head with each
// request, but for a number or two that concern nobody: one that says the same again is not looked at again.
//
// Of the head there are only keyed hashes (shared/secrets/keyed_hash.h), and of the rules who they are: by
// others it is looked at anew. Where a rule found something nothing is kept, whatever the policy said of it.
#pragma once

#include <memory>
#include <utility>

#include "shared/secrets/keyed_hash.h"
#include "shared/secrets/scanner.h"

namespace postern::screening {

// Of one connection. Thread-compatible.
class CleanHead {
 public:
  // Whether this scanner has found nothing in a text of these pieces.
  bool Is(const secrets::Scanner& scanner, const secrets::Pieces& text) const {
    return pieces_ != nullptr && rules_ == scanner.identity() && *pieces_ == *text;
  }
  void Keep(const secrets::Scanner& scanner, secrets::Pieces text) {
    rules_ = scanner.identity();
    pieces_ = std::move(text);
  }

 private:
  std::shared_ptr<const void> rules_;
  secrets::Pieces pieces_;
};

}  // namespace postern::screening
