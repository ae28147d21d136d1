// Frames as anybody may send them: what is let through is within its bounds, and can be sent on.
#include <cstddef>
#include <cstdint>
#include <string>

#include "shared/base/check.h"
#include "shared/wire/conversation.h"
#include "shared/wire/event.h"

using namespace postern;        // NOLINT: this file has no names of its own
using namespace postern::wire;  // NOLINT

namespace {

void CheckEvents(const Events& events) {
  CHECK(events.groups_size() > 0 && events.groups_size() <= kMaxGroups);
  for (const Group& group : events.groups()) {
    CHECK(group.first_sequence() > 0 && group.incarnation() != 0 && !group.seal().empty());
    CHECK(group.first_sequence() + static_cast<uint64_t>(group.events_size()) > group.first_sequence());
    for (const std::string& event : group.events()) CHECK(!event.empty() && event.size() <= kMaxEventBytes);
  }
}

void CheckHello(const Hello& hello) {
  CHECK(hello.life().size() == kLifeBytes && hello.kept_size() <= kMaxMarks);
  CHECK(ToPlace(hello.now()));
  for (const Mark& mark : hello.kept()) CHECK(ToPlace(mark));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const crypto::PublicKey key = crypto::SigningKey::Generate().public_key();
  const std::string_view frame(reinterpret_cast<const char*>(data), size);
  if (const auto message = DecodeFromAgent(frame)) {
    if (message->has_events()) CheckEvents(message->events());
    if (message->has_hello()) CheckHello(message->hello());
    if (message->has_heartbeat()) CHECK(!VerifyHeartbeat(message->heartbeat(), key));
    const auto again = Encode(*message);
    // Nothing but its size may stand in the way: fields that came twice are merged, and varints may grow.
    CHECK(again || size + 16 > kMaxFrameBytes);
    if (again) CHECK(DecodeFromAgent(*again));
  }
  if (const auto message = DecodeFromCollector(frame)) {
    const auto again = Encode(*message);
    CHECK(again || size + 16 > kMaxFrameBytes);
    if (again) CHECK(DecodeFromCollector(*again));
  }
  CHECK(!OpenMemory(frame.substr(0, size / 2), frame.substr(size / 2), key));
  return 0;
}
