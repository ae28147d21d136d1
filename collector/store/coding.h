// How numbers and texts lie in the keys and values of the embedded engine. Numbers in keys have a fixed size,
// the most significant byte first, so that their order is the keys'; a text has its length before it, so that
// nothing in it can be taken for its end.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collector/store/hours.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"

namespace postern::store {

void PutByte(std::string& out, uint8_t byte);
void PutNumber(std::string& out, uint64_t number);       // 8 bytes
void PutShortNumber(std::string& out, uint32_t number);  // 4 bytes
void PutHour(std::string& out, Hour hour);               // 4 bytes: hour + 2^31
void PutTime(std::string& out, WallTime time);           // 8 bytes: nanoseconds since 1970, two's complement
void PutVarint(std::string& out, uint64_t number);       // LEB128: 7 bits a byte, the least significant first
void PutSigned(std::string& out, int64_t number);        // a varint of its zigzag: 0, −1, 1, −2, …
void PutText(std::string& out, std::string_view text);   // its length as a varint, then it

// Reads what the above have written. After the first thing that isn't there everything is 0 or empty, and
// `ok` is false for ever. Thread-compatible.
class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  uint8_t Byte();
  uint64_t Number();
  uint32_t ShortNumber();
  Hour ReadHour();
  WallTime Time();
  uint64_t Varint();
  int64_t Signed();
  std::string_view Text();
  std::string_view Bytes(size_t size);
  std::string_view Rest();

  bool ok() const { return ok_; }
  bool done() const { return rest_.empty(); }
  // Whether everything was there, and nothing more.
  bool complete() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

// kCorrupt: what lies in the store isn't what a version of this program has written.
Error Damaged(std::string_view what);

}  // namespace postern::store
