#include "shared/event_view/event_json.h"

#include <limits>
#include <string>
#include <string_view>

#include "shared/base/clock.h"
#include "shared/base/hex.h"

namespace postern::event_view {
namespace {

std::string HexOf(uint64_t number) {
  std::string digits(16, '0');
  for (size_t i = 16; i-- > 0; number >>= 4) digits[i] = "0123456789abcdef"[number & 15];
  return digits;
}

// The members of one object; what is empty or zero is left out.
class Object {
 public:
  explicit Object(json::Writer& out) : out_(out), is_inner_(false) {}
  Object(const Object& parent, std::string_view name) : out_(parent.out_), is_inner_(true) {
    out_.BeginObject(name);
  }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;
  ~Object() {
    if (is_inner_) out_.EndObject();
  }

  void Text(std::string_view name, std::string_view value) const {
    if (!value.empty()) out_.Text(name, value);
  }
  void Hex(std::string_view name, std::string_view bytes) const { Text(name, ToHex(bytes)); }
  template <class T>
  void Number(std::string_view name, T value) const {
    if (value != 0) out_.Integer(name, value);
  }
  template <class T>
  void Always(std::string_view name, T value) const {
    out_.Integer(name, value);
  }
  void Flag(std::string_view name, bool value) const {
    if (value) out_.Boolean(name, true);
  }
  void Time(std::string_view name, int64_t nanoseconds) const {
    if (nanoseconds != 0) Text(name, FormatRfc3339(WallTime(std::chrono::nanoseconds(nanoseconds))));
  }
  void Incarnation(std::string_view name, uint64_t incarnation) const {
    if (incarnation != 0) Text(name, HexOf(incarnation));
  }
  void Exchange(std::string_view bytes) const {
    if (const auto id = wire::ParseExchange(bytes)) Text("exchange", id->ToString());
  }
  template <class List>
  void Texts(std::string_view name, const List& list) const {
    if (!list.empty()) out_.Texts(name, list);
  }
  // Each as an object of its own.
  template <class List>
  void Objects(std::string_view name, const List& list) const;

 private:
  json::Writer& out_;
  const bool is_inner_;  // and not whole: the caller's to open and close
};

void Write(const Object& parent, const wire::Principal& principal) {
  const Object object(parent, "principal");
  object.Text("key_id", principal.key_id());
  object.Text("user", principal.user());
  object.Text("team", principal.team());
  object.Text("organisation", principal.organisation());
}

void Write(const Object& parent, const wire::OsUser& user) {
  if (!user.known()) return;
  const Object object(parent, "os_user");
  object.Always("uid", user.uid());
  object.Text("name", user.name());
  object.Number("pid", user.pid());
  object.Text("executable", user.executable());
  object.Text("directory", user.directory());
}

void Write(const Object& parent, const wire::Usage& usage) {
  const Object object(parent, "usage");
  object.Number("input", usage.input());
  object.Number("output", usage.output());
  object.Number("cache_read", usage.cache_read());
  object.Number("cache_write_5m", usage.cache_write_5m());
  object.Number("cache_write_1h", usage.cache_write_1h());
  object.Number("thinking", usage.thinking());
  object.Number("web_searches", usage.web_searches());
  object.Number("web_fetches", usage.web_fetches());
  object.Text("service_tier", usage.service_tier());
  object.Text("speed", usage.speed());
  object.Text("inference_geo", usage.inference_geo());
}

// Slots belong to no window.
void Write(const Object& object, const wire::Window& window) {
  if (window.begin() == std::numeric_limits<int64_t>::min()) return;
  object.Time("begins", window.begin());
  object.Time("ends", window.end());
}

void Write(const Object& object, const wire::Charge& charge) {
  object.Text("account", charge.account());
  Write(object, charge.window());
  object.Always("amount", charge.amount());
  object.Number("admitted", charge.admitted());
  object.Number("reserved", charge.reserved());
  object.Number("used", charge.used());
}

template <class List>
void Object::Objects(std::string_view name, const List& list) const {
  if (list.empty()) return;
  out_.BeginList(name);
  for (const auto& item : list) {
    out_.BeginObject();
    Write(Object(out_), item);
    out_.EndObject();
  }
  out_.EndList();
}

const char* ActionName(wire::SecretAction action) {
  switch (action) {
    case wire::SECRET_ACTION_OFF: return "off";
    case wire::SECRET_ACTION_WARN: return "warn";
    case wire::SECRET_ACTION_REDACT: return "redact";
    case wire::SECRET_ACTION_BLOCK: return "block";
    default: return "";
  }
}

void Write(const Object& object, const wire::SecretFound& found) {
  object.Exchange(found.exchange());
  object.Text("secret_rule", found.rule());
  object.Text("action", ActionName(found.action()));
  object.Flag("in_answer", found.in_answer());
  object.Text("part", found.part());
  object.Always("message", found.message());
  object.Always("block", found.block());
  object.Text("tool", found.tool());
  object.Text("path", found.path());
  object.Hex("fingerprint", found.fingerprint());
  object.Number("length", found.length());
  object.Number("times", found.times());
  if (found.has_principal()) Write(object, found.principal());
  if (found.has_os_user()) Write(object, found.os_user());
  object.Text("model", found.model());
  if (found.call() != wire::CALL_UNKNOWN) object.Text("call", wire::CallName(found.call()));
  object.Text("session", found.session());
  object.Number("policy_version", found.policy_version());
  object.Text("rule", found.policy_rule());
}

void Write(const Object& object, const wire::Start& start) {
  object.Hex("public_key", start.public_key());
  object.Incarnation("previous_incarnation", start.previous_incarnation());
  object.Hex("previous_head", start.previous_head());
  object.Hex("machine", start.machine());
  object.Text("agent_version", start.agent_version());
  object.Text("host", start.host());
  object.Text("operating_system", start.operating_system());
  object.Text("sync_mode", start.sync_mode());
  object.Hex("configuration", start.configuration());
}

void Write(const Object& object, const wire::Intent& intent) {
  object.Exchange(intent.exchange());
  if (intent.has_principal()) Write(object, intent.principal());
  if (intent.has_os_user()) Write(object, intent.os_user());
  object.Text("call", wire::CallName(intent.call()));
  object.Text("model", intent.model());
  object.Flag("stream", intent.stream());
  object.Number("max_tokens", intent.max_tokens());
  object.Number("body_bytes", intent.body_bytes());
  object.Number("messages", intent.messages());
  object.Texts("tools", intent.tools());
  object.Texts("server_tools", intent.server_tools());
  object.Text("session", intent.session());
  object.Text("agent", intent.agent());
  object.Text("parent_agent", intent.parent_agent());
  object.Text("user_agent", intent.user_agent());
  object.Text("upstream", intent.upstream());
  object.Text("peer", intent.peer());
  object.Number("policy_version", intent.policy_version());
  object.Text("rule", intent.rule());
  object.Texts("removed_tools", intent.removed_tools());
  object.Number("lowered_max_tokens", intent.lowered_max_tokens());
  object.Text("provider", intent.provider());
  object.Texts("residency", intent.residency());
}

void Write(const Object& object, const wire::Outcome& outcome) {
  object.Exchange(outcome.exchange());
  object.Number("status", outcome.status());
  object.Text("ending", wire::EndingName(outcome.ending()));
  object.Text("upstream_request_id", outcome.upstream_request_id());
  object.Text("upstream_model", outcome.upstream_model());
  object.Text("upstream_message_id", outcome.upstream_message_id());
  if (outcome.has_usage()) Write(object, outcome.usage());
  object.Number("cost_nano_dollars", outcome.cost_nano_dollars());
  object.Text("price_version", outcome.price_version());
  object.Flag("estimated", outcome.estimated());
  object.Text("stop_reason", outcome.stop_reason());
  object.Texts("tool_uses", outcome.tool_uses());
  object.Number("bytes_in", outcome.bytes_in());
  object.Number("bytes_out", outcome.bytes_out());
  object.Number("first_byte_ns", outcome.first_byte_ns());
  object.Number("total_ns", outcome.total_ns());
  object.Text("error_type", outcome.error_type());
  if (outcome.has_os_user()) Write(object, outcome.os_user());
  object.Text("admission", outcome.admission());
  object.Objects("charges", outcome.charges());
  object.Number("extensions", outcome.extensions());
  object.Text("refused_extension", outcome.refused_extension());
  object.Number("restored_secrets", outcome.restored_secrets());
}

void Write(const Object& object, const wire::Refusal& refusal) {
  object.Exchange(refusal.exchange());
  object.Text("reason", refusal.reason());
  object.Number("status", refusal.status());
  object.Text("rule", refusal.rule());
  if (refusal.has_principal()) Write(object, refusal.principal());
  if (refusal.has_os_user()) Write(object, refusal.os_user());
  object.Text("model", refusal.model());
  if (refusal.call() != wire::CALL_UNKNOWN) object.Text("call", wire::CallName(refusal.call()));
  object.Text("session", refusal.session());
  object.Text("user_agent", refusal.user_agent());
  object.Text("peer", refusal.peer());
  object.Number("times", refusal.times());
  object.Time("first_time", refusal.first_wall_time());
  object.Time("last_time", refusal.last_wall_time());
  object.Number("policy_version", refusal.policy_version());
  object.Text("provider", refusal.provider());
  object.Texts("residency", refusal.residency());
  object.Text("account", refusal.account());
  object.Time("resets", refusal.resets());
}

void Write(const Object& object, const wire::PolicyChange& change) {
  object.Text("outcome", change.outcome());
  object.Number("policy_version", change.version());
  object.Hex("policy_sha256", change.sha256());
  object.Number("former_policy_version", change.former_version());
  object.Text("sentence", change.sentence());
}

void Write(const Object& object, const wire::Gap& gap) {
  object.Text("reason", gap.reason());
  object.Number("intents", gap.intents());
  object.Number("outcomes", gap.outcomes());
  object.Number("refusals", gap.refusals());
  object.Number("others", gap.others());
  object.Time("first_time", gap.first_wall_time());
  object.Time("last_time", gap.last_wall_time());
}

void Write(const Object& object, const wire::Administration& call) {
  object.Text("action", call.action());
  object.Text("outcome", call.outcome());
  object.Text("administrator", call.administrator());
  object.Text("name", call.name());
  object.Text("role", call.role());
  object.Text("target_kind", call.target_kind());
  object.Text("target", call.target());
  object.Text("request_path", call.request_path());
  object.Text("source", call.source());
  object.Text("sentence", call.sentence());
}

void Write(const Object& object, const wire::Enrolment& enrolment) {
  object.Text("agent", enrolment.agent());
  object.Text("host", enrolment.host());
  object.Hex("machine", enrolment.machine());
  object.Hex("curve_key", enrolment.curve_key());
  object.Hex("seal_key", enrolment.seal_key());
  object.Hex("sealing_key", enrolment.sealing_key());
  object.Text("agent_version", enrolment.version());
  object.Text("token", enrolment.token());
  object.Text("enrolled_by", enrolment.enrolled_by());
  object.Text("source", enrolment.source());
}

void Write(const Object& object, const wire::Alarm& alarm) {
  object.Text("reason", alarm.reason());
  object.Text("agent", alarm.agent());
  object.Text("sentence", alarm.sentence());
  object.Incarnation("about_incarnation", alarm.incarnation());
}

void Write(const Object& object, const wire::CollectorStart& start) {
  object.Hex("public_key", start.public_key());
  object.Incarnation("previous_incarnation", start.previous_incarnation());
  object.Hex("previous_head", start.previous_head());
  object.Text("program", start.program());
  object.Text("collector_version", start.version());
  object.Text("host", start.host());
}

void WriteBody(const Object& object, const wire::Event& event) {
  switch (event.body_case()) {
    case wire::Event::kStart: return Write(object, event.start());
    case wire::Event::kStop: return object.Text("reason", event.stop().reason());
    case wire::Event::kIntent: return Write(object, event.intent());
    case wire::Event::kOutcome: return Write(object, event.outcome());
    case wire::Event::kRefusal: return Write(object, event.refusal());
    case wire::Event::kGap: return Write(object, event.gap());
    case wire::Event::kKeyFirstUsed:
      object.Text("key_id", event.key_first_used().key_id());
      if (event.key_first_used().has_principal()) Write(object, event.key_first_used().principal());
      if (event.key_first_used().has_os_user()) Write(object, event.key_first_used().os_user());
      return;
    case wire::Event::kSecretFound: return Write(object, event.secret_found());
    case wire::Event::kPolicyChange: return Write(object, event.policy_change());
    case wire::Event::kAdministration: return Write(object, event.administration());
    case wire::Event::kEnrolment: return Write(object, event.enrolment());
    case wire::Event::kAlarm: return Write(object, event.alarm());
    case wire::Event::kCollectorStart: return Write(object, event.collector_start());
    case wire::Event::BODY_NOT_SET: return;
  }
}

}  // namespace

void WriteJson(const wire::Event& event, json::Writer& out) {
  const Object object(out);
  object.Number("sequence", event.sequence());
  object.Incarnation("incarnation", event.incarnation());
  object.Time("time", event.wall_time());
  object.Text("kind", wire::KindName(event));
  object.Number("cut_strings", event.cut_strings());
  object.Number("dropped_items", event.dropped_items());
  WriteBody(object, event);
}

}  // namespace postern::event_view
