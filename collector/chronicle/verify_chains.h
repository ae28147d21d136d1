// Checks every chain of a store from its bytes alone: each entry against its body, each head against its
// seal, each seal against the key that the chain's owner enrolled with. For `postern-collector check`.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "collector/store/store.h"
#include "shared/base/result.h"
#include "shared/crypto/ed25519.h"

namespace postern::chronicle {

struct ChainsVerdict {
  uint64_t entries = 0;
  uint64_t bodies = 0;  // that were there and fit; the others have been removed
  uint64_t chains = 0;
  std::vector<std::string> problems;  // in sentences, the first kMaxProblems
  uint64_t more_problems = 0;

  static constexpr size_t kMaxProblems = 100;

  bool sound() const { return problems.empty(); }
};

// Reads the whole log once; `progress` is called now and then with entries done and total. Errors as the
// store's: what is wrong in the chains is no error but in the verdict. For a store that nobody writes to.
// Where `log_key` is given, the collector's own chain must end with its seal: else whoever can write the
// database could make a chain of their own.
Result<ChainsVerdict> VerifyChains(store::Store& store,
                                   const std::function<void(uint64_t, uint64_t)>& progress,
                                   const crypto::PublicKey* log_key = nullptr);

}  // namespace postern::chronicle
