// An event as people and programs read it: the same words at the agent and at the collector. Pure.
#pragma once

#include "shared/json/writer.h"
#include "shared/wire/event.h"

namespace postern::event_view {

// Writes the event's members into the object that is open:
//
//   "sequence":17,"incarnation":"0000000000000abc","time":"2026-…Z","kind":"intent", …
//
// Names are those of event.proto; hashes and keys are hexadecimal, exchanges are request ids ("req_…"); what
// is empty or zero is left out.
void WriteJson(const wire::Event& event, json::Writer& out);

}  // namespace postern::event_view
