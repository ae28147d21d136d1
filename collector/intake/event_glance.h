// What intake asks of an event, read straight from its bytes.
//
// Parsing an event makes a dozen strings that nobody here looks at, which took more time than all else that
// verifying does. So what agents write all day (intents, outcomes, refusals, first uses and secrets that
// were found, in the fields that this version knows) is read in one pass without a copy. Anything out of the
// ordinary is left to protobuf: another body, an unknown field, a part that comes twice and would have to be
// merged. Either way the answer is protobuf's: bytes are an event exactly where wire::Event parses them, with
// the values that it finds. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "shared/base/clock.h"
#include "shared/wire/event.pb.h"

namespace postern::intake {

// One account's part of what an outcome was settled at: wire::Charge, its numbers as they lie there.
struct GlancedCharge {
  std::string_view account{};
  uint64_t begin = 0, end = 0;  // of the window
  uint64_t amount = 0, reserved = 0, used = 0;

  friend bool operator==(const GlancedCharge&, const GlancedCharge&) = default;
};

// Views into the event's bytes, or into `whole`. What an event doesn't say is empty or 0.
struct Glance {
  wire::Event::BodyCase body = wire::Event::BODY_NOT_SET;
  uint64_t incarnation = 0;
  uint64_t sequence = 0;
  uint64_t wall_time = 0;       // as it lies in the event; see time()
  std::string_view seal_key{};  // of a start
  std::string_view exchange{};  // of an intent and an outcome
  // Of an intent, a refusal, a first use and a secret that was found.
  std::string_view organisation{}, team{}, user{}, key{}, model{}, session{};
  std::string_view first_key{};  // of a first use: its own field beside the principal's
  // Of an outcome.
  uint64_t ending = 0;
  uint64_t input = 0, output = 0, cache_read = 0, cache_write_5m = 0, cache_write_1h = 0;
  uint64_t nano_dollars = 0;  // as it lies in the event; see cost()
  std::vector<GlancedCharge> charges{};

  std::shared_ptr<const wire::Event>
      whole{};  // where protobuf had to read it; shared by copies of the glance

  WallTime time() const { return WallTime(std::chrono::nanoseconds(static_cast<int64_t>(wall_time))); }
  int64_t cost() const { return static_cast<int64_t>(nano_dollars); }

  friend bool operator==(const Glance&, const Glance&) = default;
};

// Nothing where the bytes are no event. They must stay as they are while the glance is used.
std::optional<Glance> GlanceAt(std::string_view bytes);

// Its two ways, for tests to compare. Quickly gives nothing as well where it leaves the event to the other.
std::optional<Glance> GlanceQuickly(std::string_view bytes);
std::optional<Glance> GlanceThoroughly(std::string_view bytes);

}  // namespace postern::intake
