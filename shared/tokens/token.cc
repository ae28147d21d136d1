#include "shared/tokens/token.h"

#include <algorithm>
#include <array>

#include "shared/base/check.h"

namespace postern::tokens {
namespace {

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

std::array<char, kCheckSize> CheckOf(std::string_view text) {
  std::array<char, kCheckSize> check;
  uint32_t crc = Crc32(text);
  for (auto digit = check.rbegin(); digit != check.rend(); ++digit, crc /= 62) *digit = kBase62[crc % 62];
  return check;
}

bool IsBase62(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
}

// How much of the text may be shown where it begins like a token: up to its secret. 0 where it doesn't.
size_t LengthBeforeSecret(std::string_view text) {
  for (const Kind kind : {Kind::kVirtualKey, Kind::kAdministrator, Kind::kEnrolment}) {
    const std::string_view prefix = Prefix(kind);
    const size_t shown = prefix.size() + kIdSize + 1;
    if (!text.starts_with(prefix) || text.size() <= shown || text[shown - 1] != '_') continue;
    if (IsId(text.substr(prefix.size(), kIdSize)) && IsBase62(text.substr(shown, 1))) return shown;
  }
  return 0;
}

// Characters drawn evenly: bytes that would favour the first ones are drawn again.
std::string RandomText(std::string_view alphabet, size_t size, const FillRandom& fill_random) {
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

std::string_view Prefix(Kind kind) {
  switch (kind) {
    case Kind::kVirtualKey: return "pst_";
    case Kind::kAdministrator: return "psa_";
    case Kind::kEnrolment: return "pse_";
  }
  return {};
}

bool IsId(std::string_view text) {
  return text.size() == kIdSize && text.find_first_not_of(kIdAlphabet) == text.npos;
}

Token Parse(Kind kind, std::string_view text) {
  const std::string_view prefix = Prefix(kind);
  if (!text.starts_with(prefix)) return {};
  const Token malformed{Form::kMalformed, {}, {}};
  if (text.size() != kSize) return malformed;
  const std::string_view id = text.substr(prefix.size(), kIdSize);
  const std::string_view rest = text.substr(prefix.size() + kIdSize);
  if (!IsId(id) || rest.front() != '_' || !IsBase62(rest.substr(1))) return malformed;
  const auto check = CheckOf(text.substr(0, kSize - kCheckSize));
  if (text.substr(kSize - kCheckSize) != std::string_view(check.data(), check.size())) {
    return {Form::kMistyped, {}, {}};
  }
  return {Form::kOurs, id, rest.substr(1, kSecretSize)};
}

std::string Format(Kind kind, std::string_view id, std::string_view secret) {
  CHECK(IsId(id) && secret.size() == kSecretSize && IsBase62(secret));
  std::string text(Prefix(kind));
  text.append(id).append("_").append(secret);
  const auto check = CheckOf(text);
  return text.append(check.data(), check.size());
}

std::string Make(Kind kind, const FillRandom& fill_random) {
  const std::string id = MakeId(fill_random);
  return Format(kind, id, MakeSecret(fill_random));
}

std::string MakeId(const FillRandom& fill_random) { return RandomText(kIdAlphabet, kIdSize, fill_random); }

std::string MakeSecret(const FillRandom& fill_random) {
  return RandomText(kBase62, kSecretSize, fill_random);
}

std::string Redacted(std::string_view text) {
  std::string redacted;
  while (!text.empty()) {
    const size_t shown = LengthBeforeSecret(text);
    if (shown == 0) {
      redacted += text.front();
      text.remove_prefix(1);
      continue;
    }
    redacted.append(text.substr(0, shown)).append("…");
    text.remove_prefix(shown);
    while (!text.empty() && IsBase62(text.substr(0, 1))) text.remove_prefix(1);
  }
  return redacted;
}

}  // namespace postern::tokens
