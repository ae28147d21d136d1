#include "collector/store/coding.h"

#include <limits>

namespace postern::store {
namespace {

template <class T>
void PutFixed(std::string& out, T number) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(number >> shift));
}

template <class T>
T FixedOf(std::string_view bytes) {
  T number = 0;
  for (const char byte : bytes) number = static_cast<T>(number << 8 | static_cast<uint8_t>(byte));
  return number;
}

constexpr uint32_t kHourBias = uint32_t{1} << 31;

}  // namespace

void PutByte(std::string& out, uint8_t byte) { out.push_back(static_cast<char>(byte)); }
void PutNumber(std::string& out, uint64_t number) { PutFixed(out, number); }
void PutShortNumber(std::string& out, uint32_t number) { PutFixed(out, number); }
void PutHour(std::string& out, Hour hour) { PutFixed(out, static_cast<uint32_t>(hour) + kHourBias); }
void PutTime(std::string& out, WallTime time) {
  PutFixed(out, static_cast<uint64_t>(time.time_since_epoch().count()));
}

void PutVarint(std::string& out, uint64_t number) {
  while (number >= 0x80) {
    out.push_back(static_cast<char>(number | 0x80));
    number >>= 7;
  }
  out.push_back(static_cast<char>(number));
}

void PutSigned(std::string& out, int64_t number) {
  const auto bits = static_cast<uint64_t>(number);
  PutVarint(out, number < 0 ? ~(bits << 1) : bits << 1);
}

void PutText(std::string& out, std::string_view text) {
  PutVarint(out, text.size());
  out += text;
}

std::string_view Decoder::Bytes(size_t size) {
  if (size > rest_.size()) {
    ok_ = false;
    rest_ = {};
  }
  if (!ok_) return {};
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

uint8_t Decoder::Byte() { return FixedOf<uint8_t>(Bytes(1)); }
uint64_t Decoder::Number() { return FixedOf<uint64_t>(Bytes(8)); }
uint32_t Decoder::ShortNumber() { return FixedOf<uint32_t>(Bytes(4)); }
Hour Decoder::ReadHour() { return static_cast<Hour>(ShortNumber() - kHourBias); }
WallTime Decoder::Time() { return WallTime(std::chrono::nanoseconds(static_cast<int64_t>(Number()))); }

uint64_t Decoder::Varint() {
  uint64_t number = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = Byte();
    number |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return number;
  }
  ok_ = false;
  rest_ = {};
  return 0;
}

int64_t Decoder::Signed() {
  const uint64_t bits = Varint();
  return static_cast<int64_t>((bits & 1) != 0 ? ~(bits >> 1) : bits >> 1);
}

std::string_view Decoder::Text() { return Bytes(Varint()); }
std::string_view Decoder::Rest() { return Bytes(rest_.size()); }

Error Damaged(std::string_view what) {
  return {ErrorCode::kCorrupt, std::string(what) + " in the collector's store is damaged"};
}

}  // namespace postern::store
