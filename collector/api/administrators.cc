#include <algorithm>

#include "collector/api/answers.h"
#include "collector/api/view.h"
#include "shared/crypto/random.h"

namespace postern::api {
namespace {

directory::Administrators& AdministratorsOf(const Context& context) {
  return context.parts.directory.administrators();
}

constexpr auto kWriting = [](const wire::AdministratorRecord& administrator, json::Writer& out) {
  Write(administrator, out);
};

Answer Issued(int status, Result<directory::IssuedAdministrator> issued) {
  Answer answer = Changed(status, issued, [](const directory::IssuedAdministrator& made, json::Writer& out) {
    out.BeginObject().Name("administrator");
    Write(made.record, out);
    out.Text("text", made.text).EndObject();
  });
  if (issued) crypto::Cleanse(issued->text);
  return answer;
}

Result<wire::Role> ReadRole(const json::Object& body) {
  ASSIGN_OR_RETURN(const std::string name, body.Text("role"));
  for (const wire::Role role : {wire::ROLE_ADMIN, wire::ROLE_VIEWER, wire::ROLE_DEVELOPER}) {
    if (name == directory::RoleName(role)) return role;
  }
  return Error{ErrorCode::kInvalid, "\"role\" must be admin, viewer or developer"};
}

}  // namespace

Answer ListAdministrators(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const audit::ListQuery query, audit::ParseListQuery(call.request.query, {}));
  return Listed(AdministratorsOf(context).List(PageOf(query)), kWriting);
}

Answer CreateAdministrator(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const json::Object body,
                   ReadBody(call, Body::kRequired, {"name", "role", "user", "expires"}));
  directory::NewAdministrator administrator;
  ASSIGN_OR_RETURN(administrator.name, body.Text("name"));
  ASSIGN_OR_RETURN(administrator.role, ReadRole(body));
  ASSIGN_OR_RETURN(auto user, body.OptionalText("user"));
  ASSIGN_OR_RETURN(const auto expires, ReadTime(body, "expires"));
  administrator.user = std::move(user).value_or("");
  administrator.expires = expires.value_or(0);
  return Issued(201, AdministratorsOf(context).Create(call.actor, administrator));
}

Answer ShowAdministrator(const Context& context, const Call& call) {
  ASSIGN_OR_RETURN(const wire::AdministratorRecord found, AdministratorsOf(context).Find(call.id));
  return Json(200, [&](json::Writer& out) { Write(found, out); });
}

Answer RotateAdministrator(const Context& context, const Call& call) {
  RETURN_IF_ERROR(ReadBody(call, Body::kMayBeMissing, {}));
  return Issued(200, AdministratorsOf(context).Rotate(call.actor, call.id));
}

Answer RemoveAdministrator(const Context& context, const Call& call) {
  return Removed(AdministratorsOf(context).Remove(call.actor, call.id));
}

}  // namespace postern::api
