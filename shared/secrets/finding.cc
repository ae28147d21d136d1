#include "shared/secrets/finding.h"

#include <array>
#include <cmath>
#include <unordered_map>

namespace postern::secrets {
namespace {

// One character's bytes as a number. What is no UTF-8 counts byte by byte, as one and the same character.
uint32_t TakeCharacter(std::string_view text, size_t& at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const size_t length = first < 0x80   ? 1
                        : first < 0xc2 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  uint32_t character = first;
  bool good = length > 0 && at + length <= text.size();
  for (size_t i = 1; good && i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    good = (next & 0xc0) == 0x80;
    character = character << 8 | next;
  }
  at += good ? length : 1;
  return good ? character : 0xfffd;
}

double Share(size_t count, double all) {
  const double share = static_cast<double>(count) / all;
  return count == 0 ? 0 : -share * std::log2(share);
}

}  // namespace

double Entropy(std::string_view text) {
  std::array<size_t, 128> counts{};
  std::unordered_map<uint32_t, size_t> beyond;
  for (size_t at = 0; at < text.size();) {
    const uint32_t character = TakeCharacter(text, at);
    if (character < counts.size()) {
      ++counts[character];
    } else {
      ++beyond[character];
    }
  }
  const double all = static_cast<double>(text.size());
  double entropy = 0;
  for (const size_t count : counts) entropy += Share(count, all);
  for (const auto& [character, count] : beyond) entropy += Share(count, all);
  return entropy;
}

}  // namespace postern::secrets
