#include "agent/identity/virtual_key.h"

#include <algorithm>
#include <array>

#include "shared/base/check.h"

namespace postern::identity {
namespace {

constexpr std::string_view kPrefix = "pst_";
// In the order of ASCII, so that a digit's value can be found by comparing.
constexpr std::string_view kBase62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kIdAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz";

// CRC-32 as in gzip and PNG (RFC 1952 §8).
constexpr std::array<uint32_t, 256> kCrcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = rest & 1 ? rest >> 1 ^ 0xedb88320u : rest >> 1;
    table[byte] = rest;
  }
  return table;
}();

uint32_t Crc32(std::string_view text) {
  uint32_t crc = 0xffffffffu;
  for (const char c : text) crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<uint8_t>(c)) & 0xff];
  return ~crc;
}

std::array<char, kKeyCheckSize> CheckOf(std::string_view text) {
  std::array<char, kKeyCheckSize> check;
  uint32_t crc = Crc32(text);
  for (auto digit = check.rbegin(); digit != check.rend(); ++digit, crc /= 62) *digit = kBase62[crc % 62];
  return check;
}

bool IsBase62(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
}

// Characters drawn evenly: bytes that would favour the first ones are drawn again.
std::string RandomText(std::string_view alphabet, size_t size,
                       const std::function<void(std::span<uint8_t>)>& fill_random) {
  const size_t even = 256 - 256 % alphabet.size();
  std::string text;
  while (text.size() < size) {
    std::array<uint8_t, 64> bytes{};
    fill_random(bytes);
    for (const uint8_t byte : bytes) {
      if (byte < even && text.size() < size) text += alphabet[byte % alphabet.size()];
    }
  }
  return text;
}

}  // namespace

bool IsKeyId(std::string_view text) {
  return text.size() == kKeyIdSize && text.find_first_not_of(kIdAlphabet) == text.npos;
}

VirtualKey ParseVirtualKey(std::string_view text) {
  if (!text.starts_with(kPrefix)) return {};
  const VirtualKey malformed{KeyForm::kMalformed, {}, {}};
  if (text.size() != kKeySize) return malformed;
  const std::string_view id = text.substr(kPrefix.size(), kKeyIdSize);
  const std::string_view rest = text.substr(kPrefix.size() + kKeyIdSize);
  if (!IsKeyId(id) || rest.front() != '_' || !IsBase62(rest.substr(1))) return malformed;
  const auto check = CheckOf(text.substr(0, kKeySize - kKeyCheckSize));
  if (text.substr(kKeySize - kKeyCheckSize) != std::string_view(check.data(), check.size())) {
    return {KeyForm::kMistyped, {}, {}};
  }
  return {KeyForm::kOurs, id, rest.substr(1, kKeySecretSize)};
}

std::string FormatVirtualKey(std::string_view id, std::string_view secret) {
  CHECK(IsKeyId(id) && secret.size() == kKeySecretSize && IsBase62(secret));
  std::string text(kPrefix);
  text.append(id).append("_").append(secret);
  const auto check = CheckOf(text);
  return text.append(check.data(), check.size());
}

std::string MakeVirtualKey(const std::function<void(std::span<uint8_t>)>& fill_random) {
  const std::string id = RandomText(kIdAlphabet, kKeyIdSize, fill_random);
  return FormatVirtualKey(id, RandomText(kBase62, kKeySecretSize, fill_random));
}

}  // namespace postern::identity
