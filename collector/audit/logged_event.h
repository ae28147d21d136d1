// An event of the log as people and programs read it. Pure.
#pragma once

#include "collector/store/types.h"
#include "shared/json/writer.h"

namespace postern::audit {

// {"leaf":12,"agent":"k7x2m9q4w8ab","received_at":"…","sha256":"…", what it is filed under, "event":{…}}. The
// event is null where its body was removed, and where it can't be read.
void WriteJson(const store::StoredEvent& event, json::Writer& out);

}  // namespace postern::audit
