#include "collector/api/answers.h"
#include "collector/api/reach.h"
#include "collector/api/view.h"
#include "shared/base/hex.h"
#include "shared/crypto/random.h"

namespace postern::api {
namespace {

directory::Agents& AgentsOf(const Context& context) { return context.parts.directory.agents(); }

auto Writing(const Context& context) {
  return [&presence = context.parts.presence](const wire::AgentRecord& agent, json::Writer& out) {
    Write(agent, presence.Find(agent.id()), out);
  };
}

Result<std::string> ReadKey(const json::Object& body, std::string_view name) {
  ASSIGN_OR_RETURN(const std::string text, body.Text(name));
  const auto bytes = FromHex(text);
  if (!bytes || bytes->size() != 32)
    return Error{ErrorCode::kInvalid, "\"" + std::string(name) + "\" must have 64 hexadecimal digits"};
  return *bytes;
}

Result<directory::NewAgent> ReadNewAgent(const json::Object& body) {
  directory::NewAgent agent;
  ASSIGN_OR_RETURN(agent.host, body.Text("host"));
  ASSIGN_OR_RETURN(agent.machine, ReadKey(body, "machine"));
  ASSIGN_OR_RETURN(agent.curve_key, ReadKey(body, "curve_key"));
  ASSIGN_OR_RETURN(agent.seal_key, ReadKey(body, "seal_key"));
  ASSIGN_OR_RETURN(agent.sealing_key, ReadKey(body, "sealing_key"));
  ASSIGN_OR_RETURN(agent.version, body.Text("version"));
  return agent;
}

}  // namespace

Answer Enrol(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body,
                   ReadBody(call, Body::kRequired,
                            {"token", "host", "machine", "curve_key", "seal_key", "sealing_key", "version"}));
  ASSIGN_OR_RETURN(std::string token, body.Text("token"));
  ASSIGN_OR_RETURN(const directory::NewAgent agent, ReadNewAgent(body));
  // Asked for first: a token must not be spent on an answer that can't be given.
  ASSIGN_OR_RETURN(const uint64_t epoch, context.parts.directory.settings().Epoch());
  const auto enrolled = AgentsOf(context).Enrol(token, agent, call.request.source);
  crypto::Cleanse(token);
  if (!enrolled) return rest::Refusal(enrolled.error());
  return Json(200, [&](json::Writer& out) {
    out.BeginObject().Text("agent", enrolled->id()).Text("collector", context.options.collector);
    out.Text("curve_key", ToHex(context.options.curve_key));
    out.Text("log_key", ToHex(context.parts.log_key.raw()));
    out.Text("bus", context.options.agents_address).Integer("epoch", epoch).EndObject();
  });
}

Answer ListAgents(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const audit::ListQuery query, audit::ParseListQuery(call.request.query, {}));
  return Listed(AgentsOf(context).List(PageOf(query)), Writing(context));
}

Answer ShowAgent(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const wire::AgentRecord agent, AgentsOf(context).Find(call.id));
  return Json(200, [&](json::Writer& out) { Writing(context)(agent, out); });
}

Answer RevokeAgent(const Context& context, const Call& call) {
  RETURN_IF_ERROR(ReadBody(call, Body::kMayBeMissing, {}));
  ASSIGN_OR_RETURN(const auto wait, ReadWait(call));
  auto answer = Changed(200, AgentsOf(context).Revoke(call.actor, call.id),
                        [&](const directory::RevokedAgent& revoked, json::Writer& out) {
                          out.BeginObject().Name("agent");
                          Writing(context)(revoked.record, out);
                          out.Texts("rotate", revoked.rotate).EndObject();
                        });
  return WithReach(context, wait, {intake::Concern::Kind::kAgent, call.id}, std::move(answer));
}

Answer ForfeitAgent(const Context& context, const Call& call) {
  RETURN_IF_ERROR(ReadBody(call, Body::kMayBeMissing, {}));
  const auto forfeited = AgentsOf(context).Forfeit(call.actor, call.id);
  // Its chains are closed by now: it comes back with nothing. Killed between the two, it may be repeated.
  if (forfeited && context.parts.treasury != nullptr)
    RETURN_IF_ERROR(context.parts.treasury->Forfeit(call.id));
  return Changed(200, forfeited, Writing(context));
}

Answer ListEnrolmentTokens(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const audit::ListQuery query, audit::ParseListQuery(call.request.query, {}));
  const int64_t now = context.parts.directory.registrar().now();
  return Listed(AgentsOf(context).ListTokens(PageOf(query)),
                [&](const wire::EnrolmentTokenRecord& token, json::Writer& out) { Write(token, now, out); });
}

Answer CreateEnrolmentToken(const Context& context, const Call& call) {
  constexpr int64_t kHour = 3600;
  ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, Body::kMayBeMissing, {"expires"}));
  ASSIGN_OR_RETURN(const auto asked, ReadTime(body, "expires"));
  const int64_t now = context.parts.directory.registrar().now();
  const int64_t expires = asked.value_or(0) == 0 ? now + kHour : *asked;
  auto issued = AgentsOf(context).CreateToken(call.actor, expires);
  Answer answer = Changed(201, issued, [&](const directory::IssuedEnrolmentToken& token, json::Writer& out) {
    out.BeginObject().Name("token");
    Write(token.record, now, out);
    out.Text("text", token.text + "@" + context.fingerprint()).EndObject();
  });
  if (issued) crypto::Cleanse(issued->text);
  return answer;
}

Answer RemoveEnrolmentToken(const Context& context, const Call& call) {
  return Removed(AgentsOf(context).RemoveToken(call.actor, call.id));
}

}  // namespace postern::api
