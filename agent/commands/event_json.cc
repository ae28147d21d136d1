#include "agent/commands/event_json.h"

#include "shared/event_view/event_json.h"
#include "shared/json/writer.h"

namespace postern::commands {

std::string ToJsonLine(uint64_t position, const wire::Event& event) {
  json::Writer out;
  out.BeginObject();
  if (position != 0) out.Integer("position", position);
  event_view::WriteJson(event, out);
  return out.EndObject().Take();
}

}  // namespace postern::commands
