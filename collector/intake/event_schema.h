// Where in an event's bytes the fields stand that a glance takes, as far as this version knows them: a table
// of each message's fields by number. Data only.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "collector/intake/event_glance.h"

namespace postern::intake {

// The wire types of the encoding (protobuf.dev/programming-guides/encoding) that agents write.
enum class Kind : uint8_t {
  kUnknown,
  kNumber,   // a varint
  kWord,     // a varint of which 32 bits count: an enumerator
  kFixed,    // 8 bytes
  kBytes,    //
  kText,     // bytes that must be UTF-8
  kMessage,  // a part; a second one would be merged into the first
  kCharge,   // one of the charges
  kBody,     // the event's body, of which a second one would take the first one's place
};

constexpr uint64_t WireTypeOf(Kind kind) {
  switch (kind) {
    case Kind::kUnknown: break;
    case Kind::kNumber:
    case Kind::kWord: return 0;
    case Kind::kFixed: return 1;
    case Kind::kBytes:
    case Kind::kText:
    case Kind::kMessage:
    case Kind::kCharge:
    case Kind::kBody: return 2;
  }
  return 8;  // which no tag can hold
}

struct Field;
// By the fields' numbers.
using Schema = std::array<Field, 32>;

struct Field {
  Kind kind = Kind::kUnknown;
  uint64_t Glance::* number = nullptr;
  std::string_view Glance::* text = nullptr;
  const Schema* message = nullptr;
};

// wire::Event, and of its bodies those that agents write all day.
extern const Schema kEventSchema;

}  // namespace postern::intake
