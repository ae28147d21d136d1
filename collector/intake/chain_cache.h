// The chains that are being written to, in memory: each as it will be once the batches under way are
// committed. What isn't here is read from the store.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "collector/intake/open_exchanges.h"
#include "collector/store/store.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"
#include "shared/wire/conversation.h"

namespace postern::intake {

struct CachedChain {
  // Events of a batch that may not be on the disk yet.
  struct UnderWay {
    uint64_t batch = 0;
    uint64_t first = 0;
    std::vector<crypto::Digest> digests;
  };

  store::Chain chain;
  OpenExchanges open;
  std::deque<UnderWay> under_way;  // the oldest first
  uint64_t stopped_after = 0;      // the greeting after which something didn't verify: nothing until the next
  BootTime missing_told{};         // when the agent was last told that something is missing
  uint64_t used = 0;

  wire::Place place() const { return {chain.incarnation, chain.sequence, chain.head}; }
};

// Owned by the verifier.
class ChainCache {
 public:
  static constexpr size_t kMost = 4096;

  explicit ChainCache(store::Store& store) : store_(store) {}

  // Good until the next call of Trim or Forget. A chain that isn't stored is an empty one, not issued. Errors
  // as the store; kCorrupt also where its open exchanges can't be read.
  Result<CachedChain*> Get(const std::string& agent, uint64_t incarnation);

  // Of the chain's events, as many of first, first + 1, … as there are; from memory where they are recent.
  Result<std::vector<crypto::Digest>> Digests(const CachedChain& cached, uint64_t first, size_t limit);

  void Forget() { chains_.clear(); }
  void Forget(const std::string& agent);

  // Batches up to this one are on the disk. Forgets the chains that weren't used for longest, down to kMost,
  // but none that a batch under way moves: the store would show it as it was before.
  void Trim(uint64_t committed_batch);

 private:
  store::Store& store_;
  std::map<std::pair<std::string, uint64_t>, CachedChain> chains_;
  uint64_t clock_ = 0;
};

}  // namespace postern::intake
