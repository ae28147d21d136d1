#include "collector/intake/open_exchanges.h"

#include <algorithm>
#include <utility>

namespace postern::intake {
namespace {

constexpr size_t kIdBytes = sizeof(ExchangeId::bytes);
constexpr size_t kPlaceBytes = kIdBytes + 8;

Error Unreadable() { return {ErrorCode::kCorrupt, "the open exchanges of a chain can't be read"}; }

uint64_t ReadBigEndian(std::string_view bytes) {
  uint64_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<uint8_t>(byte);
  return number;
}

void AppendBigEndian(std::string& out, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

}  // namespace

Result<OpenExchanges> OpenExchanges::Read(std::string_view state) {
  if (state.size() % kPlaceBytes != 0 || state.size() / kPlaceBytes > kMost) {
    return Unreadable();
  }
  OpenExchanges result;
  uint64_t last = 0;
  for (; !state.empty(); state.remove_prefix(kPlaceBytes)) {
    ExchangeId exchange;
    std::copy_n(state.begin(), kIdBytes, exchange.bytes.begin());
    const uint64_t sequence = ReadBigEndian(state.substr(kIdBytes, 8));
    if (sequence <= last || result.intents_.contains(exchange)) return Unreadable();
    result.Insert(exchange, {.sequence = sequence, .facts = std::nullopt});
    last = sequence;
  }
  return result;
}

std::string OpenExchanges::Write() const {
  std::string state;
  state.reserve(by_sequence_.size() * kPlaceBytes);
  for (const auto& [sequence, exchange] : by_sequence_) {
    state += exchange.raw();
    AppendBigEndian(state, sequence);
  }
  return state;
}

void OpenExchanges::Open(const ExchangeId& exchange, uint64_t sequence, ExchangeFacts facts) {
  Insert(exchange, {.sequence = sequence, .facts = std::move(facts)});
}

const OpenExchanges::Intent* OpenExchanges::Find(const ExchangeId& exchange) const {
  const auto found = intents_.find(exchange);
  return found == intents_.end() ? nullptr : &found->second;
}

void OpenExchanges::Learn(const ExchangeId& exchange, ExchangeFacts facts) {
  if (const auto found = intents_.find(exchange); found != intents_.end()) {
    found->second.facts = std::move(facts);
  }
}

std::optional<OpenExchanges::Intent> OpenExchanges::Close(const ExchangeId& exchange) {
  const auto found = intents_.find(exchange);
  if (found == intents_.end()) return std::nullopt;
  Intent intent = std::move(found->second);
  by_sequence_.erase(intent.sequence);
  intents_.erase(found);
  return intent;
}

// An id that comes twice is the agent's mistake: the newer intent counts.
void OpenExchanges::Insert(const ExchangeId& exchange, Intent intent) {
  Close(exchange);
  by_sequence_.emplace(intent.sequence, exchange);
  intents_.emplace(exchange, std::move(intent));
  if (intents_.size() > kMost) {
    const ExchangeId oldest = by_sequence_.begin()->second;
    Close(oldest);
  }
}

}  // namespace postern::intake
