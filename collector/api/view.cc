#include "collector/api/view.h"

#include <algorithm>

#include "collector/directory/actor.h"
#include "shared/base/clock.h"
#include "shared/base/hex.h"

namespace postern::api {
namespace {

std::string HexOf(uint64_t number) {
  std::string bytes(8, '\0');
  for (size_t i = 8; i-- > 0; number >>= 8) bytes[i] = static_cast<char>(number & 255);
  return ToHex(bytes);
}

const char* StateOf(const wire::KeyRecord& key, int64_t now) {
  if (key.revoked()) return "revoked";
  if (key.expires() != 0 && key.expires() <= now) return "expired";
  return key.disabled() ? "disabled" : "active";
}

const char* StateOf(wire::AgentState state) {
  switch (state) {
    case wire::AGENT_QUARANTINED: return "quarantined";
    case wire::AGENT_REVOKED: return "revoked";
    default: return "active";
  }
}

void TextOrNull(std::string_view name, const std::string& text, json::Writer& out) {
  if (text.empty()) out.Null(name);
  else out.Text(name, text);
}

void Write(const intake::AgentPresence& presence, json::Writer& out) {
  out.BeginObject("presence");
  out.Boolean("connected", presence.connected);
  out.Text("address", presence.address);
  out.Text("since", FormatRfc3339(presence.since));
  if (presence.heartbeat) out.Text("heartbeat", FormatRfc3339(*presence.heartbeat));
  else out.Null("heartbeat");
  out.Text("host", presence.host);
  out.Text("version", presence.version);
  out.Integer("stored", presence.stored.sequence);
  out.Integer("claimed", presence.claimed.sequence);
  out.Integer("tail", presence.tail());
  out.Integer("unsent", presence.unsent);
  out.Integer("revision", presence.revision);
  out.Integer("policy", presence.policy).Text("policy_refused", presence.refused);
  out.EndObject();
}

}  // namespace

void WriteTime(std::string_view name, int64_t seconds, json::Writer& out) {
  if (seconds == 0) out.Null(name);
  else out.Text(name, FormatRfc3339(WallTime(std::chrono::seconds(seconds))));
}

void Write(const wire::KeyRecord& key, int64_t now, json::Writer& out) {
  out.BeginObject();
  out.Text("id", key.id()).Text("user", key.user()).Text("team", key.team());
  out.Text("organisation", key.organisation()).Text("label", key.label());
  out.Text("state", StateOf(key, now)).Text("sentence", key.sentence());
  WriteTime("created", key.created(), out);
  WriteTime("expires", key.expires(), out);
  out.Texts("hosts", key.hosts()).Texts("os_users", key.os_users()).Texts("credentials", key.credentials());
  out.Integer("revision", key.revision());
  out.EndObject();
}

void Write(const wire::UserRecord& user, json::Writer& out) {
  out.BeginObject();
  out.Text("id", user.id()).Text("team", user.team()).Text("name", user.name());
  out.Texts("os_names", user.os_names()).Boolean("disabled", user.disabled());
  WriteTime("created", user.created(), out);
  out.Integer("revision", user.revision());
  out.EndObject();
}

void Write(const wire::TeamRecord& team, json::Writer& out) {
  out.BeginObject();
  out.Text("id", team.id()).Text("organisation", team.organisation());
  out.Texts("credentials", team.credentials()).Texts("os_groups", team.os_groups());
  WriteTime("created", team.created(), out);
  out.Integer("revision", team.revision());
  out.EndObject();
}

void Write(const wire::CredentialRecord& credential, json::Writer& out) {
  out.BeginObject();
  out.Text("id", credential.id()).Text("provider", credential.provider()).Text("header", credential.header());
  out.Integer("generation", credential.generation());
  WriteTime("created", credential.created(), out);
  WriteTime("rotated", credential.rotated(), out);
  out.Integer("revision", credential.revision());
  out.EndObject();
}

void Write(const wire::AgentRecord& agent, const std::optional<intake::AgentPresence>& presence,
           json::Writer& out) {
  out.BeginObject();
  out.Text("id", agent.id()).Text("host", agent.host()).Text("machine", ToHex(agent.machine()));
  out.Text("state", StateOf(agent.state())).Text("why", agent.why());
  if (agent.incarnation() == 0) out.Null("incarnation");
  else out.Text("incarnation", HexOf(agent.incarnation()));
  out.Integer("incarnations", agent.incarnations()).Text("version", agent.version());
  WriteTime("enrolled", agent.enrolled(), out);
  out.Text("enrolled_by", agent.enrolled_by()).Texts("credentials", agent.credentials());
  out.Text("curve_key", ToHex(agent.curve_key())).Text("seal_key", ToHex(agent.seal_key()));
  out.Text("sealing_key", ToHex(agent.sealing_key())).Integer("revision", agent.revision());
  if (presence) Write(*presence, out);
  else out.Null("presence");
  out.EndObject();
}

void Write(const wire::EnrolmentTokenRecord& token, int64_t now, json::Writer& out) {
  out.BeginObject();
  out.Text("id", token.id());
  out.Text("state", !token.spent_by().empty() ? "spent" : token.expires() <= now ? "expired" : "open");
  out.Text("made_by", token.made_by());
  WriteTime("created", token.created(), out);
  WriteTime("expires", token.expires(), out);
  TextOrNull("spent_by", token.spent_by(), out);
  out.EndObject();
}

void Write(const wire::AdministratorRecord& administrator, json::Writer& out) {
  out.BeginObject();
  out.Text("id", administrator.id()).Text("name", administrator.name());
  out.Text("role", directory::RoleName(administrator.role()));
  TextOrNull("user", administrator.user(), out);
  WriteTime("created", administrator.created(), out);
  WriteTime("expires", administrator.expires(), out);
  out.Integer("revision", administrator.revision());
  out.EndObject();
}

}  // namespace postern::api
