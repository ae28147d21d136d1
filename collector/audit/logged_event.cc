#include "collector/audit/logged_event.h"

#include "shared/base/clock.h"
#include "shared/base/hex.h"
#include "shared/event_view/event_json.h"
#include "shared/wire/event.h"

namespace postern::audit {
namespace {

void WriteFacts(const store::EventFacts& facts, json::Writer& out) {
  const auto text = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out.Text(name, value);
  };
  if (facts.time != WallTime{}) out.Text("time", FormatRfc3339(facts.time));
  text("kind", facts.kind);
  text("organisation", facts.organisation);
  text("team", facts.team);
  text("user", facts.user);
  text("key", facts.key);
  text("model", facts.model);
  text("session", facts.session);
  text("host", facts.host);
  if (facts.decision == store::Decision::kAllowed) out.Text("decision", "allowed");
  if (facts.decision == store::Decision::kRefused) out.Text("decision", "refused");
}

}  // namespace

void WriteJson(const store::StoredEvent& stored, json::Writer& out) {
  out.BeginObject();
  out.Integer("leaf", static_cast<uint64_t>(stored.leaf));
  out.Text("agent", stored.entry.agent);
  out.Text("received_at", FormatRfc3339(stored.entry.received_at));
  out.Text("sha256", ToHex(crypto::AsBytes(stored.entry.event)));
  WriteFacts(stored.facts, out);
  wire::Event event;
  if (!stored.bytes.empty() && event.ParseFromString(stored.bytes)) {
    out.BeginObject("event");
    event_view::WriteJson(event, out);
    out.EndObject();
  } else {
    out.Null("event");
  }
  out.EndObject();
}

}  // namespace postern::audit
