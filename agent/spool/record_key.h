// Where a record lies in the store. Positions count the events of all incarnations, 1, 2, 3 …; a seal lies
// right after the last event that it covers, so that walking the keys is walking the chain.
//
//   key   = position, 8 bytes, the most significant first ‖ kind: 0 an event, 1 a seal
//   value = the event's bytes | bytes_ever ‖ oldest_open ‖ wall_time (8 bytes each) ‖ the seal's bytes
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::spool {

enum class RecordKind : uint8_t { kEvent = 0, kSeal = 1 };

// An event's or a seal's place. Ordered as its key is.
struct RecordKey {
  static constexpr size_t kSize = 9;

  uint64_t position = 0;
  RecordKind kind = RecordKind::kEvent;

  // The nine bytes, good for a string_view while they live.
  std::array<char, kSize> Encode() const;
  static std::optional<RecordKey> Decode(std::string_view key);

  friend auto operator<=>(const RecordKey&, const RecordKey&) = default;
};

// What this host notes beside a seal, so that opening and trimming need not read the whole record.
struct SealNote {
  static constexpr size_t kSize = 24;

  uint64_t bytes_ever = 0;  // keys and values of all records up to this one, trimmed ones too
  uint64_t oldest_open =
      0;  // position of the oldest intent without outcome; the next position when there is none
  int64_t wall_time = 0;  // nanoseconds since 1970

  void AppendTo(std::string& value) const;
  // Takes the note off the front of a seal's value; nothing when it is too short.
  static std::optional<SealNote> TakeFrom(std::string_view& value);
};

void AppendNumber(std::string& out, uint64_t number);  // 8 bytes, the most significant first
uint64_t ReadNumber(std::string_view bytes);           // of the first 8 bytes

}  // namespace postern::spool
