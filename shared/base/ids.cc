#include "shared/base/ids.h"

#include <algorithm>

namespace postern {
namespace {

constexpr std::string_view kPrefix = "req_";
constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr size_t kDigits = 26;  // 130 bits: the first digit carries only three

}  // namespace

ExchangeId ExchangeId::Make(WallTime time, const std::array<uint8_t, 10>& random) {
  ExchangeId id;
  const auto since_epoch = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto milliseconds = static_cast<uint64_t>(since_epoch.count());
  for (int i = 0; i < 6; ++i) id.bytes[i] = static_cast<uint8_t>(milliseconds >> (40 - 8 * i));
  std::copy(random.begin(), random.end(), id.bytes.begin() + 6);
  return id;
}

std::string ExchangeId::ToString() const {
  std::string text(kPrefix);
  text.resize(kPrefix.size() + kDigits);
  unsigned __int128 number = 0;
  for (const uint8_t byte : bytes) number = number << 8 | byte;
  for (size_t i = kDigits; i-- > 0; number >>= 5) text[kPrefix.size() + i] = kCrockford[number & 31];
  return text;
}

std::optional<ExchangeId> ExchangeId::Parse(std::string_view text) {
  if (!text.starts_with(kPrefix) || text.size() != kPrefix.size() + kDigits) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  if (text.front() > '7') return std::nullopt;
  unsigned __int128 number = 0;
  for (const char c : text) {
    const size_t digit = kCrockford.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    number = number << 5 | digit;
  }
  ExchangeId id;
  for (size_t i = 16; i-- > 0; number >>= 8) id.bytes[i] = static_cast<uint8_t>(number);
  return id;
}

}  // namespace postern
