// Events as the record keeps them: how large they may be, and what is cut when one would be larger.
//
// Fill a wire::Event's body, leave its head (version, salt, incarnation, sequence) to the spool, and never
// put prompt text or a secret into it. Bound makes any event fit; the longest that passes it is a little over
// 50,000 bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "shared/base/ids.h"
#include "shared/wire/event.pb.h"

namespace postern::wire {

constexpr uint32_t kEventVersion = 1;
constexpr size_t kMaxEventBytes = 60'000;

constexpr size_t kMaxStringBytes = 256;  // any string
constexpr size_t kMaxNameBytes = 128;    // a tool's name (128 is the Messages API's own limit)
constexpr size_t kMaxTools = 256;        // names of tools on offer
constexpr size_t kMaxServerTools = 32;
constexpr size_t kMaxRemovedTools = 64;  // names of tools that a policy cut out
constexpr size_t kMaxToolUses = 256;
constexpr size_t kMaxResidency = 32;  // tags of a provider
constexpr size_t kMaxCharges = 64;    // accounts that an exchange meets: nobody lets it meet more

// Makes the event fit: strings longer than their limit are cut at a character, lists lose their last items,
// bytes that are not UTF-8 become '?' (protobuf refuses to read them back), and cut_strings and dropped_items
// count it. The same event always gives the same result; a bounded event is left as it is.
void Bound(Event& event);

// Whether the text may stand in a string of a message: protobuf refuses to read others back.
bool IsUtf8(std::string_view text);

// "start", "intent", … as `events` prints it; "unknown" for a body that this version doesn't know.
const char* KindName(Event::BodyCase body);
inline const char* KindName(const Event& event) { return KindName(event.body_case()); }

// "complete", "client_gone", …
const char* EndingName(Ending ending);

// "messages", "count_tokens", "models".
const char* CallName(Call call);

// The 16 bytes of an exchange's id, or nothing when the field has another length.
std::optional<ExchangeId> ParseExchange(std::string_view bytes);

}  // namespace postern::wire
