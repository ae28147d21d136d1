#include "collector/intake/chain_cache.h"

#include <algorithm>

namespace postern::intake {

Result<CachedChain*> ChainCache::Get(const std::string& agent, uint64_t incarnation) {
  const std::pair<std::string, uint64_t> key(agent, incarnation);
  if (const auto found = chains_.find(key); found != chains_.end()) {
    found->second.used = ++clock_;
    return &found->second;
  }
  ASSIGN_OR_RETURN(auto stored, store_.FindChain(agent, incarnation));
  CachedChain cached;
  if (stored) {
    ASSIGN_OR_RETURN(cached.open, OpenExchanges::Read(stored->open_state));
    cached.chain = *std::move(stored);
    cached.chain.open_state.clear();
  } else {
    cached.chain.agent = agent;
    cached.chain.incarnation = incarnation;
  }
  cached.used = ++clock_;
  return &chains_.insert_or_assign(key, std::move(cached)).first->second;
}

Result<std::vector<crypto::Digest>> ChainCache::Digests(const CachedChain& cached, uint64_t first,
                                                        size_t limit) {
  for (const CachedChain::UnderWay& part : cached.under_way) {
    if (first >= part.first + part.digests.size()) continue;
    if (first < part.first) {
      limit = std::min<uint64_t>(limit, part.first - first);
      break;
    }
    const auto begin = part.digests.begin() + static_cast<std::ptrdiff_t>(first - part.first);
    const auto count = std::min<size_t>(limit, static_cast<size_t>(part.digests.end() - begin));
    return std::vector<crypto::Digest>(begin, begin + static_cast<std::ptrdiff_t>(count));
  }
  return store_.Digests(cached.chain.agent, cached.chain.incarnation, first, limit);
}

void ChainCache::Forget(const std::string& agent) {
  std::erase_if(chains_, [&](const auto& entry) { return entry.first.first == agent; });
}

void ChainCache::Trim(uint64_t committed_batch) {
  std::vector<std::pair<uint64_t, const std::pair<std::string, uint64_t>*>> idle;
  for (auto& [key, cached] : chains_) {
    while (!cached.under_way.empty() && cached.under_way.front().batch <= committed_batch) {
      cached.under_way.pop_front();
    }
    if (cached.under_way.empty()) idle.emplace_back(cached.used, &key);
  }
  if (chains_.size() <= kMost) return;
  std::sort(idle.begin(), idle.end());
  idle.resize(std::min(idle.size(), chains_.size() - kMost));
  for (const auto& [used, key] : idle) chains_.erase(*key);
}

}  // namespace postern::intake
