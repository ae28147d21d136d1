#include "collector/api/answers.h"
#include "collector/api/reach.h"
#include "collector/api/view.h"

namespace postern::api {
namespace {

directory::People& PeopleOf(const Context& context) { return context.parts.directory.people(); }

constexpr auto kWritingUser = [](const wire::UserRecord& user, json::Writer& out) { Write(user, out); };
constexpr auto kWritingTeam = [](const wire::TeamRecord& team, json::Writer& out) { Write(team, out); };

}  // namespace

Answer ListUsers(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const audit::ListQuery query, audit::ParseListQuery(call.request.query, {"team"}));
  const auto team = query.values.find("team");
  const auto of = team == query.values.end() ? std::nullopt : std::optional(team->second);
  return Listed(PeopleOf(context).ListUsers(of, PageOf(query)), kWritingUser);
}

Answer CreateUser(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body,
                   ReadBody(call, Body::kRequired, {"id", "team", "name", "os_names"}));
  directory::NewUser user;
  ASSIGN_OR_RETURN(user.id, body.Text("id"));
  ASSIGN_OR_RETURN(auto team, body.OptionalText("team"));
  ASSIGN_OR_RETURN(auto name, body.OptionalText("name"));
  ASSIGN_OR_RETURN(auto os_names, body.OptionalTexts("os_names"));
  user.team = std::move(team).value_or("");
  user.name = std::move(name).value_or("");
  user.os_names = std::move(os_names).value_or(std::vector<std::string>());
  return Changed(201, PeopleOf(context).CreateUser(call.actor, user), kWritingUser);
}

Answer ShowUser(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const wire::UserRecord user, PeopleOf(context).FindUser(call.id));
  return Json(200, [&](json::Writer& out) { Write(user, out); });
}

Answer UpdateUser(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body,
                   ReadBody(call, Body::kRequired, {"team", "name", "os_names", "disabled"}));
  directory::UserUpdate update;
  ASSIGN_OR_RETURN(update.team, body.OptionalText("team"));
  ASSIGN_OR_RETURN(update.name, body.OptionalText("name"));
  ASSIGN_OR_RETURN(update.os_names, body.OptionalTexts("os_names"));
  ASSIGN_OR_RETURN(update.disabled, body.OptionalBoolean("disabled"));
  ASSIGN_OR_RETURN(const auto wait, ReadWait(call));
  return WithReach(context, wait, {intake::Concern::Kind::kUser, call.id},
                   Changed(200, PeopleOf(context).UpdateUser(call.actor, call.id, update), kWritingUser));
}

Answer RemoveUser(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const auto wait, ReadWait(call));
  return WithReach(context, wait, {intake::Concern::Kind::kUser, call.id},
                   Removed(PeopleOf(context).RemoveUser(call.actor, call.id)));
}

Answer ListTeams(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const audit::ListQuery query, audit::ParseListQuery(call.request.query, {}));
  return Listed(PeopleOf(context).ListTeams(PageOf(query)), kWritingTeam);
}

Answer CreateTeam(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body,
                   ReadBody(call, Body::kRequired, {"id", "organisation", "credentials", "os_groups"}));
  directory::NewTeam team;
  ASSIGN_OR_RETURN(team.id, body.Text("id"));
  ASSIGN_OR_RETURN(auto organisation, body.OptionalText("organisation"));
  ASSIGN_OR_RETURN(auto credentials, body.OptionalTexts("credentials"));
  ASSIGN_OR_RETURN(auto os_groups, body.OptionalTexts("os_groups"));
  team.organisation = std::move(organisation).value_or("");
  team.credentials = std::move(credentials).value_or(std::vector<std::string>());
  team.os_groups = std::move(os_groups).value_or(std::vector<std::string>());
  return Changed(201, PeopleOf(context).CreateTeam(call.actor, team), kWritingTeam);
}

Answer ShowTeam(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const wire::TeamRecord team, PeopleOf(context).FindTeam(call.id));
  return Json(200, [&](json::Writer& out) { Write(team, out); });
}

Answer UpdateTeam(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body, ReadBody(call, Body::kRequired, {"credentials", "os_groups"}));
  directory::TeamUpdate update;
  ASSIGN_OR_RETURN(update.credentials, body.OptionalTexts("credentials"));
  ASSIGN_OR_RETURN(update.os_groups, body.OptionalTexts("os_groups"));
  ASSIGN_OR_RETURN(const auto wait, ReadWait(call));
  return WithReach(context, wait, {intake::Concern::Kind::kTeam, call.id},
                   Changed(200, PeopleOf(context).UpdateTeam(call.actor, call.id, update), kWritingTeam));
}

Answer RemoveTeam(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const auto wait, ReadWait(call));
  return WithReach(context, wait, {intake::Concern::Kind::kTeam, call.id},
                   Removed(PeopleOf(context).RemoveTeam(call.actor, call.id)));
}

}  // namespace postern::api
