#include "agent/spool/record_key.h"

#include "shared/base/check.h"

namespace postern::spool {

void AppendNumber(std::string& out, uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

uint64_t ReadNumber(std::string_view bytes) {
  CHECK(bytes.size() >= 8);
  uint64_t number = 0;
  for (size_t i = 0; i < 8; ++i) number = number << 8 | static_cast<uint8_t>(bytes[i]);
  return number;
}

std::array<char, RecordKey::kSize> RecordKey::Encode() const {
  std::array<char, kSize> key;
  for (size_t i = 0; i < 8; ++i) key[i] = static_cast<char>(position >> (56 - 8 * i));
  key[8] = static_cast<char>(kind);
  return key;
}

std::optional<RecordKey> RecordKey::Decode(std::string_view key) {
  if (key.size() != kSize || static_cast<uint8_t>(key[8]) > 1) return std::nullopt;
  return RecordKey{ReadNumber(key), static_cast<RecordKind>(key[8])};
}

void SealNote::AppendTo(std::string& value) const {
  AppendNumber(value, bytes_ever);
  AppendNumber(value, oldest_open);
  AppendNumber(value, static_cast<uint64_t>(wall_time));
}

std::optional<SealNote> SealNote::TakeFrom(std::string_view& value) {
  if (value.size() < kSize) return std::nullopt;
  const SealNote note{ReadNumber(value), ReadNumber(value.substr(8)),
                      static_cast<int64_t>(ReadNumber(value.substr(16)))};
  value.remove_prefix(kSize);
  return note;
}

}  // namespace postern::spool
