#include "agent/spool/open_exchanges.h"

#include <cstring>

namespace postern::spool {

size_t OpenExchanges::Hash::operator()(const ExchangeId& id) const {
  size_t hash;
  std::memcpy(&hash, id.bytes.data() + 8, sizeof(hash));
  return hash;
}

void OpenExchanges::Open(const ExchangeId& exchange, uint64_t position) {
  if (!open_.insert(exchange).second) return;
  in_order_.emplace_back(position, exchange);
}

bool OpenExchanges::Close(const ExchangeId& exchange) {
  if (open_.erase(exchange) == 0) return false;
  // One long exchange must not make all the short ones behind it stay in memory.
  if (in_order_.size() > 2 * open_.size() + 1024) {
    std::erase_if(in_order_, [&](const auto& entry) { return !open_.contains(entry.second); });
  }
  return true;
}

uint64_t OpenExchanges::Oldest(uint64_t next) {
  while (!in_order_.empty() && !open_.contains(in_order_.front().second)) in_order_.pop_front();
  return in_order_.empty() ? next : in_order_.front().first;
}

std::vector<ExchangeId> OpenExchanges::All() const {
  std::vector<ExchangeId> all;
  for (const auto& [position, exchange] : in_order_) {
    if (open_.contains(exchange)) all.push_back(exchange);
  }
  return all;
}

}  // namespace postern::spool
